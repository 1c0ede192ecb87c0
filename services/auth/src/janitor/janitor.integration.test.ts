import { AsyncLocalStorage } from 'node:async_hooks'
import { openDatabase, sql } from '@gatehouse/database'
import { silentLogger } from '@gatehouse/telemetry'
import { postgres } from '@gatehouse/testkit'
import { test } from 'tap'
import {
  authorize,
  connect,
  exchangeForm,
  newVerifier,
  openHouse,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'
import { CHORES } from './chores.ts'
import { cleanUp } from './janitor.ts'

/** As if it were called by somebody else. */
const outside = AsyncLocalStorage.snapshot()

const DAY = 24 * 3_600_000
const GARBAGE = 3_000

test('a row that somebody holds is left for the next round, and nobody waits for the janitor', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  const { db, clock } = await openHouse(t, { host })
  const old = new Date(clock.now() - 100 * DAY)
  await db.asPlatform('test', (tx) =>
    tx.run(sql`
      insert into auth.sessions (id_hash, person_id, auth_time, seen_at, expires_at)
      select sha256(n::text::bytea), p.id, ${old}, ${old}, ${old} from generate_series(1, 3) n,
        (select id from auth.people limit 1) p`),
  )
  const clean = async () => {
    const left = await cleanUp(CHORES, { db, clock, log: silentLogger, profile: { refreshTokenSeconds: 2_592_000 } })
    return left.get('sessions')
  }
  await db.asPlatform('holder', async (tx) => {
    await tx.run(sql`select from auth.sessions where id_hash = sha256('1'::bytea) for update`)
    // Another transaction than this one: the janitor of another node.
    t.equal(await outside(clean), 2)
  })
  t.equal(await clean(), 1)
})

test('two janitors remove each row once, in bounded statements, while sign-ins, codes and refreshes go on [A-OP-04]', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url, { poolSize: 12 })
  t.teardown(() => host.close())
  const house = await openHouse(t, { host, profile: { refreshRetrySeconds: 120 } })
  const { db, clock } = house
  // What is replayed and reused afterwards.
  const victim = await connect(house)
  const { client_id: client } = await registerClient(house)
  const verifier = newVerifier()
  const code = (await authorize(house, client, verifier)).get('code') ?? ''
  const fromCode = (await token(house, exchangeForm(client, code, verifier))).json()
  const next = (await token(house, refreshForm(victim.client, victim.refresh_token))).json()

  const long = new Date(clock.now() - 100 * DAY)
  await db.asPlatform('test', async (tx) => {
    const { consent, person } = await tx.one<{ consent: string; person: string }>(
      sql`select consent_id as consent, person_id as person from auth.grants limit 1`,
    )
    // As an old grant is, whatever columns a grant has by now.
    await tx.run(sql`
      insert into auth.grants select (jsonb_populate_record(null::auth.grants, to_jsonb(g) || jsonb_build_object('id', 'old-' || n, 'created_at', ${long}::timestamptz,
        'used_at', ${long}::timestamptz, 'ended_at', case when n % 2 = 0 then ${long}::timestamptz end))).*
      from (select * from auth.grants where consent_id = ${consent} limit 1) g, generate_series(1, ${GARBAGE}) n`)
    await tx.run(sql`
      insert into auth.refresh_tokens (hash, grant_id, generation, expires_at)
      select sha256(('r' || n || g)::bytea), 'old-' || n, g, ${long} from generate_series(1, ${GARBAGE}) n, generate_series(0, 1) g`)
    await tx.run(sql`
      insert into auth.codes (hash, grant_id, redirect_uri, challenge, expires_at, consumed_at)
      select sha256(('c' || n)::bytea), 'old-' || n, 'https://a', 'x', ${long}, ${long} from generate_series(1, ${GARBAGE}) n`)
    await tx.run(sql`
      insert into auth.sessions (id_hash, person_id, auth_time, seen_at, expires_at)
      select sha256(('s' || n)::bytea), ${person}, ${long}, ${long}, ${long} from generate_series(1, ${GARBAGE}) n`)
  })

  const failures: string[] = []
  let flows = 0
  let cleaning = true
  const good = (what: string, answer: { statusCode: number; body: string }) => {
    if (answer.statusCode !== 200) failures.push(`${what}: ${answer.statusCode} ${answer.body}`)
  }
  const busy = async (visitor: Visitor) => {
    const mine = await registerClient(house)
    let family: string | undefined
    while (cleaning || flows < 12) {
      const proof = newVerifier()
      const sent = await authorize(house, mine.client_id, proof, {}, visitor)
      const answer = await token(house, exchangeForm(mine.client_id, sent.get('code') ?? '', proof))
      good('code', answer)
      family = answer.json().refresh_token
      for (let turn = 0; turn < 3; turn += 1) {
        const refreshed = await token(house, refreshForm(mine.client_id, family ?? ''))
        good('refresh', refreshed)
        family = refreshed.json().refresh_token
      }
      flows += 1
    }
  }
  const largest = { rows: 0 }
  const counted = CHORES.map((chore) => ({
    ...chore,
    run: async (...of: Parameters<typeof chore.run>) => {
      const rows = await chore.run(...of)
      largest.rows = Math.max(largest.rows, rows)
      return rows
    },
  }))
  const janitor = () =>
    cleanUp(counted, { db, clock, log: silentLogger, profile: { refreshTokenSeconds: 2_592_000 } }, undefined, 100)
  const work = Promise.all([busy(new Visitor(house)), busy(new Visitor(house))])
  const removed = new Map<string, number>()
  try {
    for (let round = 0; round < 3; round += 1) {
      for (const left of await Promise.all([janitor(), janitor()])) {
        for (const [name, count] of left) removed.set(name, (removed.get(name) ?? 0) + count)
      }
    }
  } finally {
    cleaning = false
  }
  await work
  t.same(failures, [])
  t.ok(flows >= 12)
  t.equal(removed.get('sessions'), GARBAGE)
  t.equal((removed.get('refresh_tokens') ?? 0) + (removed.get('refresh_tokens.ended') ?? 0), 2 * GARBAGE)
  t.equal((removed.get('grants.ended') ?? 0) + (removed.get('grants.over') ?? 0), GARBAGE)
  t.ok(largest.rows <= 100)
  const { left } = await db.asPlatform('test', (tx) =>
    tx.one<{ left: number }>(sql`
      select ((select count(*) from auth.grants where id like 'old-%') + (select count(*) from auth.codes where expires_at = ${long})
        + (select count(*) from auth.sessions where expires_at = ${long}))::int as left`),
  )
  t.equal(left, 0)

  t.match((await token(house, exchangeForm(client, code, verifier))).json(), { error: 'invalid_grant' })
  t.match(
    (await token(house, refreshForm(client, fromCode.refresh_token))).json(),
    { error: 'invalid_grant' },
    'the replay of a used code took back what it gave',
  )
  clock.forward(10 * 60_000)
  t.match((await token(house, refreshForm(victim.client, victim.refresh_token))).json(), { error: 'invalid_grant' })
  t.match(
    (await token(house, refreshForm(victim.client, next.refresh_token))).json(),
    { error: 'invalid_grant' },
    'the reuse of a used token ended its family',
  )
})
