import { type Database, DatabaseUnavailable, openDatabase, sql } from '@gatehouse/database'
import { eventually, postgres } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { authSchema } from '../schema.ts'
import { sha256 } from '../secrets.ts'
import { connect, type House, openHouse, refreshForm, token } from '../testing/house.ts'
import { type Family, type Rotation, refresh_read, refresh_rotate_at_once } from './refresh.store.ts'

const WITHIN_MS = 10_000

/** A house on PostgreSQL that notes what the token endpoint asks the database for. */
async function noted(t: Test, change: (db: Database) => Partial<Database> = () => ({})) {
  const { url } = await postgres(t)
  const host = await openDatabase(url, { poolSize: 8 })
  t.teardown(() => host.close())
  const db = host.as(authSchema.role)
  const done: string[] = []
  const noting: Database = {
    ...db,
    asPlatform: (purpose, body) => {
      done.push(`transaction ${purpose}`)
      return db.asPlatform(purpose, body)
    },
    readAsPlatform: (purpose, statement) => {
      done.push(`read ${purpose}`)
      return db.readAsPlatform(purpose, statement)
    },
    writeAsPlatform: (purpose, make) => {
      done.push(`write ${purpose}`)
      return db.writeAsPlatform(purpose, make)
    },
  }
  const house = await openHouse(t, { host, deps: { db: { ...noting, ...change(noting) } } })
  return { house, done }
}

/** Holds every grant. @returns what lets go of them */
async function hold({ db }: House): Promise<() => Promise<void>> {
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  return new Promise((resolve, reject) => {
    const holding = db.asPlatform('test', async (tx) => {
      await tx.run(sql`select from auth.grants for update`)
      resolve(async () => {
        release()
        await holding
      })
      await released
    })
    holding.catch(reject)
  })
}

/** Keys and resources are read once in a while. */
const ofTokens = (step: string): boolean => / (?:client|refresh)$/.test(step)

const generations = ({ db }: House): Promise<number> =>
  db.asPlatform('test', async (tx) => {
    const { n } = await tx.one<{ n: number }>(sql`select count(*)::integer as n from auth.refresh_tokens`)
    return n
  })

test('a refresh is two reads and one statement; a repetition is decided by whoever holds the grant [A-RF-04]', async (t) => {
  const { house, done } = await noted(t)
  const { client, refresh_token } = await connect(house)
  done.length = 0
  const answer = await token(house, refreshForm(client, refresh_token))
  t.equal(answer.statusCode, 200)
  t.same(done.filter(ofTokens), ['read client', 'read refresh', 'write refresh'])
  done.length = 0
  const again = await token(house, refreshForm(client, refresh_token))
  t.equal(again.json().refresh_token, answer.json().refresh_token)
  t.same(done.filter(ofTokens), ['read client', 'read refresh', 'transaction refresh'])
})

test('the statement that rotates does nothing for what has changed since it was read, nor while another holds the grant [A-RF-06]', async (t) => {
  const { house } = await noted(t)
  const { db } = house
  const { refresh_token } = await connect(house)
  const { refresh_token: another } = await connect(house)
  const hash = sha256(refresh_token)
  const [family] = await refresh_read(db, [hash], false)
  const [other] = await refresh_read(db, [sha256(another)], false)
  if (family === undefined || other === undefined) throw new Error('the families are missing')
  const rotation = (of: Family, made: string): Rotation => ({
    hash,
    keyId: 'key',
    now: new Date(),
    grantId: of.grant.id,
    successor: { hash: sha256(made), generation: of.presented.generation + 1, expiresAt: of.presented.expiresAt },
  })
  const rotate = (made: string) => refresh_rotate_at_once(db, () => rotation(family, made))
  const grant = family.grant.id
  const release = await hold(house)
  t.equal(await rotate('held'), 0, 'held by another')
  await release()
  const end = (at: Date | null) =>
    db.asPlatform('test', (tx) => tx.run(sql`update auth.grants set ended_at = ${at} where id = ${grant}`))
  await end(new Date())
  t.equal(await rotate('ended'), 0, 'ended')
  await end(null)
  t.equal(await refresh_rotate_at_once(db, () => ({ ...rotation(family, 'other'), grantId: other.grant.id })), 0)
  t.equal(await generations(house), 2, 'nothing was done')
  const counts = await Promise.all(Array.from({ length: 5 }, (_, n) => rotate(`at once ${n}`)))
  t.same(counts.sort(), [0, 0, 0, 0, 1], 'of five at once one')
  t.equal(await rotate('spent'), 0, 'spent')
  t.equal(await generations(house), 3)
})

test('a refresh waits for whoever holds the grant, and counts from when it has it [A-RF-02]', async (t) => {
  const { house, done } = await noted(t)
  const { client, refresh_token } = await connect(house)
  const release = await hold(house)
  const answer = token(house, refreshForm(client, refresh_token))
  await eventually(WITHIN_MS, 'the refresh to wait', () => done.includes('transaction refresh'))
  const before = Date.now()
  await release()
  t.equal((await answer).statusCode, 200)
  const { usedAt } = await house.db.asPlatform('test', (tx) =>
    tx.one<{ usedAt: Date }>(sql`select used_at as "usedAt" from auth.refresh_tokens where used_at is not null`),
  )
  t.ok(usedAt.getTime() >= before, 'the window of a repetition begins when it is done')
})

test('a rotation whose answer from the database was lost is answered all the same, and is one [A-RF-04]', async (t) => {
  const { house, done } = await noted(t, (db) => ({
    writeAsPlatform: async (purpose, make) => {
      await db.writeAsPlatform(purpose, make)
      throw new DatabaseUnavailable(new Error('the answer was lost'), true)
    },
  }))
  const { client, refresh_token } = await connect(house)
  const answer = await token(house, refreshForm(client, refresh_token))
  t.equal(answer.statusCode, 200)
  t.equal(done.at(-1), 'transaction refresh')
  t.equal(await generations(house), 2)
  t.equal((await token(house, refreshForm(client, answer.json().refresh_token))).statusCode, 200)
})
