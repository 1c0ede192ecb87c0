import { copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Secret } from '@gatehouse/config'
import { systemClock as clock } from '@gatehouse/contracts'
import { type Database, type Schema, type Sql, sql } from '@gatehouse/database'
import { everyStep, testDatabase } from '@gatehouse/database/testing'
import { silentLogger as log } from '@gatehouse/telemetry'
import { temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { mcpSchema } from './schema.ts'
import { openSealers } from './sealers.ts'

/** Highest number of the migrations with which the first installations ran. */
const FIRST = 2

/** The schema as those installations have it. @param folder an empty one, that the test removes */
async function firstSchema(folder: string): Promise<Schema> {
  const source = fileURLToPath(mcpSchema.migrations)
  for (const name of await readdir(source)) {
    if (Number(name.slice(0, 4)) <= FIRST) await copyFile(join(source, name), join(folder, name))
  }
  return { ...mcpSchema, migrations: pathToFileURL(`${folder}/`) }
}

test('what the first version gave out and was doing is known after the upgrade: sealed ids open, tasks are there, each for its tenant', async (t) => {
  const host = await testDatabase(t, [await firstSchema(temporaryFolder(t))])
  const db = host.as(mcpSchema.role)
  const open = () => openSealers({ db, secret: new Secret('a secret of the first version'), clock, log })
  const before = await open()
  const sealed = before.sealers.session.seal('a session', 'facts')
  await before.close()
  const [working, done] = ['a', 'b'].map((letter) => letter.repeat(24)) as [string, string]
  await db.asPlatform('test', async (tx) => {
    await tx.run(sql`
      insert into mcp.tasks (id, tenant, subject, tool, call, expires_at, node, lease_until)
      values (${working}, 't1', 'p1', 'entry.create', '{}', now() + interval '1 hour', 'n1', now() + interval '1 minute')`)
    await tx.run(sql`
      insert into mcp.tasks (id, tenant, subject, tool, status, outcome, expires_at)
      values (${done}, 't2', 'p2', 'entry.create', 'completed', '{}', now() + interval '1 hour')`)
  })

  await host.migrate([mcpSchema])

  const after = await open()
  t.teardown(() => after.close())
  t.equal(Buffer.from(after.sealers.session.open('a session', sealed) ?? []).toString(), 'facts')
  const seen = (tenant: string) => db.asTenant(tenant, (tx) => tx.rows(sql`select id, status from mcp.tasks`))
  t.match(await seen('t1'), [{ id: working, status: 'working' }])
  t.match(await seen('t2'), [{ id: done, status: 'completed' }])
})

test('a row of every table, whichever version brought it, goes through every later migration as it is', async (t) => {
  const writing =
    (...statements: readonly Sql[]) =>
    (db: Database) =>
      db.asPlatform('a later version', async (tx) => {
        for (const statement of statements) await tx.run(statement)
      })
  const task = 'a'.repeat(24)
  const fill = {
    1: writing(sql`
      insert into mcp.ring_keys (ring, id, sealed, created_at, active_at) values ('session', 'k1', ${Buffer.alloc(60)}, now(), now())`),
    2: writing(
      sql`
        insert into mcp.tasks (id, tenant, subject, tool, call, status, expires_at, node, lease_until)
        values (${task}, 't1', 'p1', 'entry.create', '{}', 'input_required', now() + interval '1 hour', 'n1', now())`,
      sql`insert into mcp.task_inputs values (${task}, 't1', 'k1', 'name', 1, '{}', null)`,
    ),
    3: writing(sql`insert into mcp.claims values ('t1', 'claim', now() + interval '1 hour')`),
    4: writing(
      sql`insert into mcp.outbox (id, subject, event, headers) values ('e1', 'audit.mcp', '{}', '{}')`,
      sql`insert into mcp.instances values ('i1', 'n1', now())`,
      sql`
        insert into mcp.connections (id, tenant, transport, actor, revision, instance, node, opened_at)
        values ('c1', 't1', 'listen', '{}', '2026-07-28', 'i1', 'n1', now())`,
    ),
  }
  t.same(await everyStep({ schema: mcpSchema, folder: temporaryFolder(t), fill, rewritten: {} }), [])
})
