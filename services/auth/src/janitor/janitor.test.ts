import { type Database, sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { test } from 'tap'
import { authSchema } from '../schema.ts'
import { CHORES } from './chores.ts'
import { cleanUp } from './janitor.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const profile = { refreshTokenSeconds: (30 * DAY) / 1_000 }
const now = Date.now()
const clock = { now: () => now }
const ago = (ms: number) => new Date(now - ms)
const ahead = (ms: number) => new Date(now + ms)
let rows = 0
const hash = () => Buffer.from(String(++rows).padStart(32, '.'))

interface GrantFacts {
  readonly createdAt: Date
  readonly usedAt?: Date
  readonly endedAt?: Date
  readonly consentEndedAt?: Date
  readonly codeUntil?: Date
  /** Ends of its refresh tokens, by generation. */
  readonly refresh?: readonly Date[]
}

async function addGrant(db: Database, id: string, of: GrantFacts): Promise<void> {
  await db.asPlatform('test', async (tx) => {
    await tx.run(sql`
      insert into auth.consents (id, tenant_id, person_id, client_id, resource, scopes, granted_at, ended_at)
      values (${`consent-${id}`}, 't', 'p', 'c', ${id}, '{}', ${of.createdAt}, ${of.consentEndedAt ?? null})`)
    await tx.run(sql`
      insert into auth.grants
      select (jsonb_populate_record(null::auth.grants, to_jsonb(new))).* from (
        select ${id}::text as id, ${`consent-${id}`}::text as consent_id, 't' as tenant_id, 'p' as person_id,
          'c' as client_id, 'r' as resource, array['r'] as resources, array['s'] as scopes,
          ${of.createdAt}::timestamptz as auth_time, ${of.createdAt}::timestamptz as created_at,
          ${of.usedAt ?? null}::timestamptz as used_at, ${of.endedAt ?? null}::timestamptz as ended_at) as new`)
    await tx.run(sql`
      insert into auth.codes (hash, grant_id, redirect_uri, challenge, expires_at, consumed_at)
      values (${hash()}, ${id}, 'https://a', 'x', ${of.codeUntil ?? of.createdAt}, ${of.usedAt ?? null})`)
    for (const [generation, expiresAt] of (of.refresh ?? []).entries()) {
      const used = generation < (of.refresh ?? []).length - 1
      await tx.run(sql`
        insert into auth.refresh_tokens (hash, grant_id, generation, expires_at, key_id, used_at)
        values (${hash()}, ${id}, ${generation}, ${expiresAt}, ${used ? 'k' : null}, ${used ? of.createdAt : null})`)
    }
  })
}

const idsOf = async (db: Database, table: 'grants' | 'consents' | 'requests' | 'ring_keys') =>
  (
    await db.asPlatform('test', (tx) => tx.rows<{ id: string }>(sql`select id from ${sqlTable(table)} order by id`))
  ).map(({ id }) => id)
const sqlTable = (table: string) =>
  ({
    grants: sql`auth.grants`,
    consents: sql`auth.consents`,
    requests: sql`auth.requests`,
    ring_keys: sql`auth.ring_keys`,
  })[table]
const countOf = async (db: Database, of: 'refresh_tokens' | 'codes', grant: string) => {
  const from = of === 'codes' ? sql`auth.codes` : sql`auth.refresh_tokens`
  const { n } = await db.asPlatform('test', (tx) =>
    tx.one<{ n: number }>(sql`select count(*)::int as n from ${from} where grant_id = ${grant}`),
  )
  return n
}

test('what nobody needs leaves, and what recognises a repetition stays', async (t) => {
  const host = await testDatabase(t, [authSchema])
  const db = host.as(authSchema.role)
  const metrics = createMetrics({ process: false })
  await db.asPlatform('test', async (tx) => {
    await tx.run(sql`insert into auth.tenants (id, slug, name, plan) values ('t', 't', 'T', 'free')`)
    await tx.run(sql`insert into auth.people (id, email, name) values ('p', 'p@a.test', 'P')`)
    await tx.run(sql`
      insert into auth.clients (id, kind, name, redirect_uris, auth_method, created_at)
      values ('c', 'dynamic', 'C', '{}', 'none', ${ago(100 * DAY)})`)
    for (const [expires, seen] of [
      [ahead(DAY), ago(HOUR)],
      [ahead(DAY), ago(25 * HOUR)],
      [ago(1), ago(HOUR)],
    ] as const) {
      await tx.run(sql`
        insert into auth.sessions (id_hash, person_id, auth_time, seen_at, expires_at)
        values (${hash()}, 'p', ${ago(2 * DAY)}, ${seen}, ${expires})`)
    }
    for (const [id, active, retiring] of [
      ['in use', ago(DAY), null],
      ['kept', ago(9 * DAY), ahead(DAY)],
      ['just retired', ago(90 * DAY), ago(DAY)],
      ['long retired', ago(190 * DAY), ago(31 * DAY)],
    ] as const) {
      await tx.run(sql`
        insert into auth.ring_keys (ring, id, sealed, created_at, active_at, retiring_at)
        values ('access', ${id}, '', ${active}, ${active}, ${retiring})`)
    }
  })
  const facts: Readonly<Record<string, GrantFacts>> = {
    'code-open': { createdAt: ago(1_000), codeUntil: ahead(59_000) },
    'code-late': { createdAt: ago(2 * DAY), codeUntil: ago(1_000) },
    'code-never-used': { createdAt: ago(2 * DAY), codeUntil: ago(2 * DAY) },
    // A used code of last month: a replay must still end the family.
    living: {
      createdAt: ago(40 * DAY),
      usedAt: ago(HOUR),
      refresh: [ago(10 * DAY), ago(DAY), ahead(5 * DAY), ahead(30 * DAY)],
    },
    'used once': { createdAt: ago(HOUR), usedAt: ago(HOUR) },
    over: { createdAt: ago(70 * DAY), usedAt: ago(32 * DAY), refresh: [ago(40 * DAY), ago(2 * DAY)] },
    'just over': { createdAt: ago(70 * DAY), usedAt: ago(30 * DAY), refresh: [ago(40 * DAY), ago(HOUR / 2)] },
    // Refresh tokens lived longer when this one was made.
    'longer lived': { createdAt: ago(70 * DAY), usedAt: ago(40 * DAY), refresh: [ahead(DAY)] },
    'ended lately': { createdAt: ago(70 * DAY), usedAt: ago(60 * DAY), endedAt: ago(29 * DAY), refresh: [ahead(DAY)] },
    'ended long ago': {
      createdAt: ago(70 * DAY),
      usedAt: ago(60 * DAY),
      endedAt: ago(31 * DAY),
      refresh: [ahead(DAY), ahead(DAY)],
      consentEndedAt: ago(31 * DAY),
    },
    'consent ended': {
      createdAt: ago(70 * DAY),
      usedAt: ago(HOUR),
      consentEndedAt: ago(31 * DAY),
      refresh: [ahead(DAY)],
    },
  }
  for (const [id, of] of Object.entries(facts)) await addGrant(db, id, of)
  await db.asPlatform('test', async (tx) => {
    for (const [id, kind, created, used, ended] of [
      ['new', 'dynamic', ago(HOUR), null, null],
      ['unused', 'dynamic', ago(31 * DAY), null, null],
      ['document', 'metadata', ago(31 * DAY), null, null],
      ['by an operator', 'registered', ago(900 * DAY), null, null],
      ['in use', 'dynamic', ago(900 * DAY), ago(DAY), null],
      ['idle', 'dynamic', ago(900 * DAY), ago(400 * DAY), null],
      ['ended lately', 'dynamic', ago(90 * DAY), null, ago(DAY)],
      ['ended long ago', 'dynamic', ago(90 * DAY), null, ago(31 * DAY)],
      ['document, deleted long ago', 'metadata', ago(90 * DAY), null, ago(31 * DAY)],
    ] as const) {
      await tx.run(sql`
        insert into auth.clients (id, kind, name, redirect_uris, auth_method, created_at, used_at, ended_at, end_reason)
        values (${id}, ${kind}, 'C', '{}', 'none', ${created}, ${used}, ${ended}, ${ended === null ? null : 'deleted'})`)
    }
  })
  await cleanUp(CHORES, { db, clock, log: silentLogger, profile, metrics })

  t.same(await idsOf(db, 'grants'), [
    'code-late',
    'code-open',
    'consent ended',
    'ended lately',
    'just over',
    'living',
    'longer lived',
    'used once',
  ])
  t.same(await idsOf(db, 'ring_keys'), ['in use', 'just retired', 'kept'])
  t.equal(await countOf(db, 'codes', 'living'), 1, 'a replay of the used code is recognised while the family lives')
  t.equal(await countOf(db, 'refresh_tokens', 'living'), 2, 'used tokens that would still be good are recognised')
  t.equal(await countOf(db, 'refresh_tokens', 'just over'), 1)
  const consents = await idsOf(db, 'consents')
  t.notOk(consents.includes('consent-ended long ago'))
  t.ok(consents.includes('consent-over'), 'what a person allowed stays until they take it back')
  t.ok(consents.includes('consent-consent ended'), 'a grant rests on it')
  const { n } = await db.asPlatform('test', (tx) =>
    tx.one<{ n: number }>(sql`select count(*)::int as n from auth.sessions`),
  )
  t.equal(n, 1)
  const clients = await db.asPlatform('test', (tx) =>
    tx.rows<{ id: string; why: string | null }>(sql`select id, end_reason as why from auth.clients order by id`),
  )
  t.same(Object.fromEntries(clients.map(({ id, why }) => [id, why])), {
    'by an operator': null,
    c: null,
    document: 'unused',
    'document, deleted long ago': 'deleted',
    'ended lately': 'deleted',
    idle: 'idle',
    'in use': null,
    new: null,
    unused: 'unused',
  })
  const told = await db.asPlatform('test', (tx) =>
    tx.rows<{ reason: string }>(sql`
      select event -> 'data' ->> 'reason' as reason from auth.outbox where subject like 'auth.delta.%' order by 1`),
  )
  t.same(
    told,
    [{ reason: 'client.idle' }, { reason: 'client.unused' }, { reason: 'client.unused' }],
    'every node is told',
  )
  const { body } = await metrics.expose()
  t.match(body, /janitor_removed_total\{chore="sessions"\} 2\n/)
  t.match(body, /janitor_removed_total\{chore="grants\.unused"\} 1\n/)
  t.notMatch(body, /janitor_failures_total\{/)
})

test('a chore that fails is counted and left; the others go on, in batches', async (t) => {
  const host = await testDatabase(t, [authSchema])
  const metrics = createMetrics({ process: false })
  const sizes: number[] = []
  let rest = 25
  const chores = [
    {
      name: 'broken',
      run: async () => {
        throw new Error('no such table')
      },
    },
    {
      name: 'good',
      run: async (_tx: unknown, _at: unknown, limit: number) => {
        const gone = Math.min(limit, rest)
        rest -= gone
        sizes.push(gone)
        return gone
      },
    },
  ]
  const deps = { db: host.as(authSchema.role), clock, log: silentLogger, profile, metrics }
  const left = await cleanUp(chores, deps, undefined, 10)
  t.same([...left], [['good', 25]])
  t.same(sizes, [10, 10, 5])
  t.match((await metrics.expose()).body, /janitor_failures_total\{chore="broken"\} 1\n/)
  rest = 1_000_000
  sizes.length = 0
  await cleanUp(chores, deps, undefined, 10)
  t.equal(sizes.length, 40, 'a round ends')
  const stop = new AbortController()
  stop.abort()
  sizes.length = 0
  await cleanUp(chores, deps, stop.signal, 10)
  t.equal(sizes.length, 0)
})
