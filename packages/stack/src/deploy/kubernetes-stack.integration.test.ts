import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { t as file, test } from 'tap'
import { wholePath } from '../scenarios/whole-path.ts'
import { ask } from '../scenarios/wire.ts'
import { evaluated, whyNot } from './manifests.ts'
import { runAll } from './testing/run-all.ts'
import { profileOf, workloadsOf } from './workloads.ts'

file.setTimeout(170_000)

test('Kubernetes: its pods do all that the product does, as logins that own nothing, and nothing of theirs for the platform is routed', {
  skip: whyNot() ?? false,
}, async (t) => {
  const manifests = [...evaluated('k8s/overlays/local'), ...evaluated('k8s/overlays/local/migrate')]
  const { publicUrl, made, running, secrets, database } = await runAll(t, workloadsOf(manifests), profileOf(manifests))
  await wholePath(t, { publicUrl, password: made.demoPassword, adminToken: made.adminToken })

  for (const { process } of running) {
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      t.equal((await ask(`${process.url}${path}`)).status, 404, `${process.name}${path}`)
    }
  }
  for (const [login, foreign] of [
    ['auth', 'mcp.tasks'],
    ['mcp', 'auth.people'],
    ['audit', 'auth.people'],
  ] as const) {
    const client = new pg.Client({ connectionString: readFileSync(join(secrets, login, 'database-url'), 'utf8') })
    await client.connect()
    t.equal(client.host, database.split(':')[0])
    await t.rejects(client.query(`select from ${foreign}`), { code: '42501' }, `${login} does not see ${foreign}`)
    await t.rejects(client.query(`set role gatehouse_${login === 'auth' ? 'mcp' : 'auth'}`), { code: '42501' })
    await client.query(`set role gatehouse_${login}`)
    await t.rejects(client.query(`create table ${login}.x ()`), { code: '42501' }, `${login} owns nothing`)
    await client.end()
  }
  for (const { process } of running) t.equal(await process.stop(40_000), '0', `${process.name} ends in order`)
})
