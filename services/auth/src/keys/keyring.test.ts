import { Secret } from '@gatehouse/config'
import { sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import { test } from 'tap'
import { authSchema } from '../schema.ts'
import { createKeyring } from './keyring.ts'
import { makeMacKey, openRefreshRing } from './refresh-ring.ts'
import { seal, unseal, WrongMasterSecret } from './seal.ts'

test('a sealed key opens with its secret and in its place only', async (t) => {
  const [key, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const sealed = seal(key, 'ring:1', Buffer.from('plain'))
  t.equal(Buffer.from(unseal(key, 'ring:1', sealed)).toString(), 'plain')
  t.notSame(seal(key, 'ring:1', Buffer.from('plain')), sealed, 'never the same twice')
  t.throws(() => unseal(other, 'ring:1', sealed), WrongMasterSecret)
  t.throws(() => unseal(key, 'ring:2', sealed), WrongMasterSecret)
  t.throws(() => unseal(key, 'ring:1', sealed.subarray(0, 8)), WrongMasterSecret)
})

test('a ring', async (t) => {
  const host = await testDatabase(t, [authSchema])
  const db = host.as(authSchema.role)
  let now = Date.now()
  const clock = { now: () => now }
  const open = (secret = 'the first secret') =>
    createKeyring({ ring: 'refresh', make: makeMacKey, db, clock, secret: new Secret(secret) })

  await t.test('is made once, however many nodes ask first', async (t) => {
    const keys = await Promise.all([open(), open(), open()].map((ring) => ring.active()))
    t.equal(new Set(keys.map(({ id }) => id)).size, 1)
    t.equal(new Set(keys.map(({ secret }) => Buffer.from(secret).toString('hex'))).size, 1)
  })

  await t.test('does not open with another secret', (t) => t.rejects(open('another secret').keys(), WrongMasterSecret))

  await t.test(
    'uses a new key from its time on, knows the old one until it retires, and computes successors with either',
    async (t) => {
      const ring = open()
      const first = await ring.active()
      const before = (await openRefreshRing(ring)).successor('token', first.id)
      // A second key that comes into use in a minute; its sealed part is bound to its id, so it is made like the first.
      const other = createKeyring({
        ring: 'other',
        make: makeMacKey,
        db,
        clock,
        secret: new Secret('the first secret'),
      })
      const { id } = await other.active()
      await db.asPlatform('test', (tx) =>
        tx.run(sql`update auth.ring_keys set active_at = ${new Date(now + 60_000)} where id = ${id}`),
      )
      now += 31_000
      t.equal((await other.active()).id, id, 'a ring with only a future key uses it')
      t.equal((await openRefreshRing(ring)).successor('token', first.id), before)
      t.equal((await openRefreshRing(ring)).successor('token', 'unknown'), undefined)
      await db.asPlatform('test', (tx) =>
        tx.run(sql`update auth.ring_keys set retiring_at = ${new Date(now)} where id = ${first.id}`),
      )
      now += 31_000
      t.not((await ring.active()).id, first.id, 'a retired key is replaced')
    },
  )
})
