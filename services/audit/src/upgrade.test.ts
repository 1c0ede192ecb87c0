import { copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Database, json, type Schema, type Sql, sql } from '@gatehouse/database'
import { everyStep, testDatabase } from '@gatehouse/database/testing'
import { temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { HASH, toolCalled } from './sample-events.ts'
import { auditSchema } from './schema.ts'

/** Highest number of the migrations with which the first installations ran. */
const FIRST = 2

/** The schema as those installations have it. @param folder an empty one, that the test removes */
async function firstSchema(folder: string): Promise<Schema> {
  const source = fileURLToPath(auditSchema.migrations)
  for (const name of await readdir(source)) {
    if (Number(name.slice(0, 4)) <= FIRST) await copyFile(join(source, name), join(folder, name))
  }
  return { ...auditSchema, migrations: pathToFileURL(`${folder}/`) }
}

test('the log of the first version is kept by the upgrade: each event once, its person apart from it, what else it says in its place', async (t) => {
  const host = await testDatabase(t, [await firstSchema(temporaryFolder(t))])
  const db = host.as(auditSchema.role)
  const events = [
    toolCalled({}, { tenant: 't1', time: '2026-01-31T23:59:59.999Z' }),
    toolCalled({ actor: { kind: 'key', id: 'k1' } }, { tenant: 't2', time: '2026-02-01T00:00:00.000Z' }),
    toolCalled({}, { tenant: 't2', time: '2024-02-29T12:00:00.000Z' }),
  ]
  await db.asPlatform('test', async (tx) => {
    for (const event of events) {
      const { tool, outcome, durationMs, actor, requestId, node } = event.data
      await tx.run(sql`
        insert into audit.events (id, tenant, time, type, source, node, actor_kind, actor_id, tool, outcome, duration_ms,
          arguments_sha256, request_id, envelope)
        values (${event.id}, ${event.tenantid}, ${event.time}, ${event.type}, ${event.source}, ${node}, ${actor.kind},
          ${actor.id}, ${tool}, ${outcome}, ${durationMs}, ${HASH}, ${requestId}, ${json(event)}::jsonb)`)
    }
  })
  await host.migrate([auditSchema])

  const kept = await db.asPlatform('test', (tx) =>
    tx.rows(sql`
      select e.id, e.tenant, e.time, e.class, e.actor_kind as kind, coalesce(e.actor_id, i.person) as actor,
        e.actor_id is null as apart, e.tool, e.arguments_sha256 as hash, e.rest, e.seq
      from audit.events e left join audit.identities i on i.tenant = e.tenant and i.identity = e.actor_identity
      order by e.time desc`),
  )
  const rest = { protocolVersion: '2026-07-28' }
  const same = { class: 'standard', tool: 'entry.create', hash: HASH, rest, seq: null }
  t.match(kept, [
    { ...same, id: events[1]?.id, tenant: 't2', kind: 'key', actor: 'k1', apart: false },
    { ...same, id: events[0]?.id, tenant: 't1', kind: 'person', actor: 'p1', apart: true },
    { ...same, id: events[2]?.id, tenant: 't2', kind: 'person', actor: 'p1', apart: true },
  ])
  t.equal(kept.length, 3)
  const own = await db.asTenant('t1', (tx) => tx.rows<{ id: string }>(sql`select id from audit.events`))
  t.same(own, [{ id: events[0]?.id }], 'a tenant still sees its own and no others')
  const twice = db.asPlatform('test', (tx) =>
    tx.run(sql`
      insert into audit.events (id, tenant, class, time, type, source)
      values (${events[0]?.id ?? ''}, 't1', 'standard', ${events[0]?.time ?? ''}, 'x', 'y')`),
  )
  await t.rejects(twice, { code: '23505' }, 'a second delivery is still known')
})

test('a row of every table, whichever version brought it, goes through every later migration as it is', async (t) => {
  const writing =
    (...statements: readonly Sql[]) =>
    (db: Database) =>
      db.asPlatform('a later version', async (tx) => {
        for (const statement of statements) await tx.run(statement)
      })
  const fill = {
    1: writing(sql`
      insert into audit.events (id, tenant, time, type, source, actor_kind, actor_id, tool, outcome, arguments_sha256, envelope)
      values (gen_random_uuid(), 't1', now(), 'gatehouse.mcp.tool-called.v1', '/mcp', 'person', 'p1', 'x', 'failed', ${HASH}, '{}')`),
    2: writing(
      sql`insert into audit.dead_letters values ('audit.n1', 7, now(), 0, now(), 'not.json', ${Buffer.from('x')})`,
    ),
    4: writing(sql`
      insert into audit.ring_keys (ring, id, sealed, created_at, active_at) values ('heads', 'k1', ${Buffer.alloc(60)}, now(), now())`),
    5: writing(
      sql`insert into audit.segments values ('t1', 'standard', '2026-01', 1, ${HASH}, 0, ${HASH})`,
      sql`insert into audit.heads values ('tenant/t1', 1, ${HASH}, 'a.b.c', now(), false)`,
      sql`insert into audit.chains values ('t1', 1, ${HASH}, 1, ${HASH})`,
    ),
    10: writing(sql`insert into audit.begun values (gen_random_uuid(), 't1', now(), '{}')`),
  }
  // Persons went apart from what they did.
  const rewritten = { 3: ['events.actor_id'] }
  t.same(await everyStep({ schema: auditSchema, folder: temporaryFolder(t), fill, rewritten }), [])
})
