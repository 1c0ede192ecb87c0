import { createHeadReader, genesisOf } from '@gatehouse/audit-proof'
import { Secret } from '@gatehouse/config'
import { systemClock } from '@gatehouse/contracts'
import { sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import { silentLogger } from '@gatehouse/telemetry'
import { test, t as wholeFile } from 'tap'
import { storeBatch } from '../ingest/store-batch.ts'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { sealAll } from '../testing/seal-all.ts'
import { openRings } from './rings.ts'
import { events_seal, head_insert } from './seal.store.ts'
import { SEAL_EVERY_MS } from './sealer.ts'

const host = await testDatabase(wholeFile, [auditSchema])
const database = host.as(auditSchema.role)
const owner = host.as('postgres')
const about = {
  db: database,
  secret: new Secret('a secret of sixteen characters'),
  clock: systemClock,
  log: silentLogger,
}
const { heads: signer } = openRings(about)
const deps = { database, signer, clock: systemClock }

async function store(tenant: string, count: number): Promise<void> {
  const data = new TextEncoder().encode(
    messageOf(...Array.from({ length: count }, () => toolCalled({}, { tenant }))).data,
  )
  await storeBatch(database, [{ subject: 'audit.n1', sequence: 1, time: new Date(), data, headers: {}, delivery: 1 }])
}

test('a row has its place within five seconds: sealing begins again so soon that it has the other half to end in', async (t) => {
  t.ok(SEAL_EVERY_MS <= 2_500)
})

test('more rows of a tenant than are sealed in one step are all sealed in one round', async (t) => {
  await owner.asPlatform('test', (tx) =>
    tx.run(sql`
      insert into audit.events (id, tenant, class, time, type, source)
      select gen_random_uuid(), 'many', 'standard', now(), 'x', '/x' from generate_series(1, 5001)`),
  )
  t.equal(await sealAll(deps), 5_001)
  t.equal(await sealAll(deps), 0)
})

test('a row that has its place gets no other: whoever comes late gives none of theirs', async (t) => {
  await store('late', 2)
  const rows = await database.asPlatform('test', (tx) =>
    tx.rows<{ id: string; class: string; time: Date }>(
      sql`select id, class, time from audit.events where tenant = 'late'`,
    ),
  )
  const hash = genesisOf({ tenant: 'late', class: 'standard', month: '2026-03' })
  const places = rows.map((row, n) => ({ ...row, seq: 70 + n, hash }))
  await sealAll(deps)
  await store('late', 1)
  const fresh = await database.asPlatform('test', (tx) =>
    tx.one<{ id: string; class: string; time: Date }>(
      sql`select id, class, time from audit.events where tenant = 'late' and seq is null`,
    ),
  )
  const mixed = [...places, { ...fresh, seq: 72, hash }]
  await t.rejects(
    database.asPlatform('test', (tx) => events_seal(tx, mixed)),
    /2 rows were sealed by somebody else/,
  )
  const { count } = await database.asPlatform('test', (tx) =>
    tx.one<{ count: bigint }>(sql`select count(*) from audit.events where tenant = 'late' and seq >= 70`),
  )
  t.equal(count, 0n)
})

test('of a chain the last thousand heads are kept, and each that the bus does not have', async (t) => {
  const put = (n: number, published: boolean) =>
    database.asPlatform('test', async (tx) => {
      await head_insert(tx, { chain: 'tenant/pruned', n, hash: `h${n}`, jws: 'j', at: new Date() })
      if (published)
        await tx.run(sql`update audit.heads set published = true where chain = 'tenant/pruned' and n = ${n}`)
    })
  for (const [n, published] of [
    [1, true],
    [2, false],
    [3, true],
    [4, true],
  ] as const)
    await put(n, published)
  await database.asPlatform('test', (tx) =>
    head_insert(tx, { chain: 'tenant/other', n: 1, hash: 'h', jws: 'j', at: new Date() }),
  )
  await database.asPlatform('test', (tx) =>
    tx.run(sql`update audit.heads set published = true where chain = 'tenant/other'`),
  )
  await put(1_003, false)
  const left = await database.asPlatform('test', (tx) =>
    tx.rows<{ chain: string; n: bigint }>(
      sql`select chain, n from audit.heads where chain in ('tenant/pruned', 'tenant/other') order by chain, n`,
    ),
  )
  t.same(
    left.map(({ chain, n }) => `${chain} ${n}`),
    ['tenant/other 1', 'tenant/pruned 2', 'tenant/pruned 4', 'tenant/pruned 1003'],
  )
})

test('a head says what it is, and the key set has no key that somebody wrote into the table', async (t) => {
  const before = await signer.publicKeys()
  const { jws } = await database.asPlatform('test', (tx) =>
    tx.one<{ jws: string }>(sql`select jws from audit.heads where chain = 'tenant/many' order by n desc limit 1`),
  )
  const header = JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString())
  t.match(header, { alg: 'ES256', typ: 'audit-head+json', kid: before.keys[0]?.kid })
  t.match(await createHeadReader(before)(jws), { head: { of: 'tenant', tenant: 'many' } })
  await owner.asPlatform('test', (tx) =>
    tx.run(sql`update audit.ring_keys set public_jwk = '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}'`),
  )
  t.same(await openRings(about).heads.publicKeys(), before, 'the public half follows from the private one')
  await owner.asPlatform('test', (tx) =>
    tx.run(sql`
      insert into audit.ring_keys (ring, id, public_jwk, sealed, created_at, active_at)
      select ring, 'mine', public_jwk, sealed, created_at, active_at from audit.ring_keys where ring = 'heads'`),
  )
  await t.rejects(openRings(about).heads.publicKeys(), 'a key that is sealed for another place is no key')
})
