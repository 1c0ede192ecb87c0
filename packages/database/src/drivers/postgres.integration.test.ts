import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { postgres, temporaryFolder } from '@gatehouse/testkit'
import pg from 'pg'
import { type Test, test } from 'tap'
import { databaseContract } from '../contract.ts'
import { openDatabase } from '../open.ts'

databaseContract('PostgreSQL', async (t) => openDatabase((await postgres(t)).url), { overlaps: true })

databaseContract(
  'PostgreSQL, where the owner is no superuser and services log in as somebody else',
  async (t) => {
    const { owner, login } = await ordinaryPeople(t, (await postgres(t)).url)
    return openDatabase(login, { ownerUrl: owner })
  },
  { overlaps: true },
)

/** Hands the database over to a new role that may create roles, and makes a second that may only log in. */
async function ordinaryPeople(t: Test, url: string): Promise<{ owner: string; login: string }> {
  const admin = new pg.Client(url)
  await admin.connect()
  const suffix = randomBytes(4).toString('hex')
  const [owner, login] = [`contract_owner_${suffix}`, `contract_login_${suffix}`]
  await admin.query(`create role ${owner} login createrole password 'x'; create role ${login} login password 'x'`)
  await admin.query(`alter database "${new URL(url).pathname.slice(1)}" owner to ${owner}`)
  // Services find values the same whatever the server is set to.
  const settings = [
    "datestyle to 'SQL, DMY'",
    "bytea_output to 'escape'",
    "timezone to 'Asia/Kolkata'",
    "intervalstyle to 'iso_8601'",
  ]
  for (const setting of settings) await admin.query(`alter role ${login} set ${setting}`)
  await admin.query(`grant gatehouse_contract_rooms, gatehouse_contract_cellar to ${owner} with admin option`)
  t.teardown(() => admin.end())
  const as = (name: string) => {
    const other = new URL(url)
    other.username = name
    other.password = 'x'
    return other.href
  }
  return { owner: as(owner), login: as(login) }
}

test('a role that could pass row-level security is refused before anything is made for it', async (t) => {
  const { url } = await postgres(t)
  const admin = new pg.Client(url)
  await admin.connect()
  const role = `contract_loose_${randomBytes(4).toString('hex')}`
  await admin.query(`create role ${role}`)
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, '0001-first.sql'), 'create table loose.things (id int);')
  const schema = { name: 'loose', role, migrations: pathToFileURL(`${folder}/`) }
  const host = await openDatabase(url)
  t.teardown(async () => {
    await host.close()
    await admin.query(`drop owned by ${role}; drop role ${role}`)
    await admin.end()
  })
  for (const power of ['bypassrls', 'superuser']) {
    await admin.query(`alter role ${role} ${power}`)
    await t.rejects(host.migrate([schema]), { message: /can pass row-level security/ }, power)
    await admin.query(`alter role ${role} no${power}`)
  }
  t.strictSame((await admin.query(`select to_regnamespace('loose') as made`)).rows, [{ made: null }])
  await t.resolves(host.migrate([schema]), 'the same role without either')
})
