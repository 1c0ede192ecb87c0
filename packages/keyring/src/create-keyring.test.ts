import { Secret } from '@gatehouse/config'
import { sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import { test } from 'tap'
import { createKeyring, type KeyringOptions } from './create-keyring.ts'
import { decrypt, encrypt, WrongMasterSecret } from './encrypt.ts'
import { makeSigningKey } from './local-signer.ts'
import { makeSecretKey } from './secret-key.ts'

const MINUTE = 60_000
const SCHEMA = { name: 'auth', role: 'gatehouse_auth', migrations: new URL('../fixtures/auth/', import.meta.url) }

test('an encrypted key opens with its secret and in its place only', async (t) => {
  const [key, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const sealed = encrypt(key, 'ring:1', Buffer.from('plain'))
  t.equal(Buffer.from(decrypt(key, 'ring:1', sealed)).toString(), 'plain')
  t.notSame(encrypt(key, 'ring:1', Buffer.from('plain')), sealed, 'never the same twice')
  t.throws(() => decrypt(other, 'ring:1', sealed), WrongMasterSecret)
  t.throws(() => decrypt(key, 'ring:2', sealed), WrongMasterSecret)
  t.throws(() => decrypt(key, 'ring:1', sealed.subarray(0, 8)), WrongMasterSecret)
})

test('rings in a database', async (t) => {
  const host = await testDatabase(t, [SCHEMA])
  const db = host.as(SCHEMA.role)
  let now = Date.now()
  const clock = { now: () => now }
  const times = { publishMs: 5 * MINUTE, keepMs: 60 * MINUTE, everyMs: 24 * 60 * MINUTE }
  let rings = 0
  const newRing = () => `ring-${++rings}`
  const open = (ring: string, over: Partial<KeyringOptions> = {}) =>
    createKeyring({
      ring,
      schema: 'auth',
      make: makeSecretKey,
      db,
      clock,
      secret: new Secret('the first secret'),
      times,
      ...over,
    })
  const idsOf = async (ring: ReturnType<typeof open>) => (await ring.keys()).map(({ id }) => id)

  await t.test('the first key is made once, however many nodes ask first', async (t) => {
    const ring = newRing()
    const keys = await Promise.all([open(ring), open(ring), open(ring)].map((node) => node.active()))
    t.equal(new Set(keys.map(({ id }) => id)).size, 1)
    t.equal(new Set(keys.map(({ secret }) => Buffer.from(secret).toString('hex'))).size, 1)
  })

  await t.test('what lies in the database is encrypted, and opens with the same secret only [A-JK-05]', async (t) => {
    const ring = newRing()
    const { secret } = await open(ring).active()
    const [row] = await db.asPlatform('test', (tx) =>
      tx.rows<{ sealed: Uint8Array }>(sql`select sealed from auth.ring_keys where ring = ${ring}`),
    )
    t.notOk(Buffer.from(row?.sealed ?? []).includes(Buffer.from(secret)))
    await t.rejects(open(ring, { secret: new Secret('another secret') }).keys(), WrongMasterSecret)
  })

  await t.test('a key moved to another ring does not open there', async (t) => {
    const [ring, other] = [newRing(), newRing()]
    await open(ring).active()
    await db.asPlatform('test', (tx) => tx.run(sql`update auth.ring_keys set ring = ${other} where ring = ${ring}`))
    await t.rejects(open(other).keys(), WrongMasterSecret)
  })

  await t.test(
    'a new key is known to every node before any uses it; the old one is kept after, and then gone [A-JK-03]',
    async (t) => {
      const name = newRing()
      const [one, two] = [open(name), open(name)]
      const first = await one.active()
      t.equal((await two.active()).id, first.id)
      const next = await one.rotate()
      t.not(next.id, first.id)
      t.equal((await one.active()).id, first.id, 'published, not in use')
      now += 31_000
      t.same(await idsOf(two), [first.id, next.id], 'the other node has read it')
      t.equal((await two.active()).id, first.id)
      now += 5 * MINUTE
      t.equal((await one.active()).id, next.id)
      t.equal((await two.active()).id, next.id)
      t.same(await idsOf(two), [first.id, next.id], 'what the old one signed is still good')
      now += 60 * MINUTE
      t.same(await idsOf(one), [next.id])
      t.same(await idsOf(two), [next.id])
    },
  )

  await t.test('many nodes that rotate at once rotate once; so does a command given twice', async (t) => {
    const name = newRing()
    const nodes = Array.from({ length: 6 }, () => open(name, { make: makeSigningKey('ES256') }))
    await Promise.all(nodes.map((node) => node.active()))
    const made = await Promise.all(nodes.map((node) => node.rotate()))
    t.equal(new Set(made.map(({ id }) => id)).size, 1)
    t.equal((await nodes[0]?.rotate())?.id, made[0]?.id)
    t.equal((await open(name).keys()).length, 2)
  })

  await t.test('the schedule rotates when it is time, and only then', async (t) => {
    const name = newRing()
    const told: string[] = []
    const node = () => open(name, { rotated: async (_tx, { id }, { when }) => void told.push(`${when} ${id}`) })
    const [one, two] = [node(), node()]
    const first = await one.active()
    now += 23 * 60 * MINUTE
    t.equal((await one.rotate({ when: 'due' })).id, first.id)
    now += 56 * MINUTE
    const [a, b] = await Promise.all([one.rotate({ when: 'due' }), two.rotate({ when: 'due' })])
    t.not(a?.id, first.id)
    t.equal(a?.id, b?.id)
    t.equal(a?.activeAt.getTime(), now + 5 * MINUTE)
    t.same(told, [`due ${a?.id}`], 'told once, in the transaction')
    now += 10 * MINUTE
    t.equal((await two.rotate({ when: 'due' })).id, a?.id)
    const never = open(newRing(), { times: { ...times, everyMs: null } })
    const only = await never.active()
    now += 1_000 * 24 * 60 * MINUTE
    t.equal((await never.rotate({ when: 'due' })).id, only.id)
  })

  await t.test('in an emergency a key is used at once, and the others may end at once [A-JK-03]', async (t) => {
    const name = newRing()
    const [one, two] = [open(name), open(name)]
    const first = await one.active()
    const coming = await one.rotate()
    now += 1
    const used = await one.rotate({ when: 'now' })
    t.equal(used.id, coming.id, 'a key that is on its way is taken')
    t.equal((await one.active()).id, coming.id)
    t.same(await idsOf(one), [first.id, coming.id])
    await one.rotate()
    const clean = await one.rotate({ when: 'now', retireOthers: true })
    t.same(await idsOf(one), [clean.id], 'not even the one that was on its way is believed')
    t.equal((await one.active()).id, clean.id)
    t.same(
      (await two.refresh()).map(({ id }) => id),
      [clean.id],
    )
    t.equal((await two.active()).id, clean.id)
  })

  await t.test('while the database is away, what is known is used for an hour', async (t) => {
    const name = newRing()
    let away = false
    const shaky = {
      ...db,
      asPlatform: <T>(purpose: string, body: Parameters<typeof db.asPlatform<T>>[1]) =>
        away ? Promise.reject(new Error('away')) : db.asPlatform(purpose, body),
    }
    const ring = open(name, { db: shaky })
    const first = await ring.active()
    away = true
    now += 59 * MINUTE
    t.equal((await ring.active()).id, first.id)
    await t.rejects(ring.refresh(), { message: 'away' })
    now += 2 * MINUTE
    await t.rejects(ring.active(), { message: 'away' })
    away = false
    t.equal((await ring.active()).id, first.id)
  })

  await t.test('a ring whose keys were published too briefly is not opened', async (t) => {
    t.throws(() => open('hasty', { times: { ...times, publishMs: 60_000 } }), TypeError)
  })
})
