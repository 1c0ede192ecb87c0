import { InsideTransactionError, insideTransaction } from '@gatehouse/contracts'
import { test } from 'tap'
import type { Keyring } from './keyring.ts'
import { createSealer } from './sealer.ts'
import { fixedKeyring } from './testing/fixed-keyring.ts'

const clock = { now: () => Date.now() }

/** A ring whose readings are counted, as another node sees it: what it has read, it keeps until it looks again. */
function nodeOf(ring: Keyring) {
  let known: ReturnType<Keyring['keys']> | undefined
  const node = {
    looks: 0,
    ring: {
      ...ring,
      keys: () => {
        known ??= ring.keys()
        return known
      },
      refresh: () => {
        node.looks += 1
        known = ring.keys()
        return known
      },
    } satisfies Keyring,
  }
  return node
}

test('what was sealed opens about the same thing only, and is never the same twice', async (t) => {
  const ring = fixedKeyring()
  const sealer = await createSealer(ring, { clock })
  const other = await createSealer(ring, { clock })
  t.teardown(() => [sealer, other].map((one) => one.close()))
  const sealed = sealer.seal('session:a', 'plain ✓')
  t.equal(sealer.open('session:a', sealed)?.toString(), 'plain ✓')
  t.equal(other.open('session:a', sealed)?.toString(), 'plain ✓', 'on any node')
  t.equal(sealer.open('session:b', sealed), undefined)
  t.equal(sealer.open('', sealed), undefined)
  t.not(sealer.seal('session:a', 'plain ✓'), sealed)
  t.equal(sealer.open('x', sealer.seal('x', ''))?.length, 0)
  t.same(sealer.open('x', sealer.seal('x', Buffer.of(0, 255))), Buffer.of(0, 255))
  t.match(sealed, /^[A-Za-z0-9_-]+$/)
  t.ok(sealed.length <= 7 * 1.4 + 72, 'short enough for a header')
})

test('no key of the ring itself seals: a code made with it says nothing about the cipher', async (t) => {
  const [a, b] = [fixedKeyring(), fixedKeyring()]
  const keys = await a.keys()
  const same = fixedKeyring({ keys: keys.map((key) => ({ ...key, secret: Buffer.from(key.secret) })) })
  const [one, two, three] = await Promise.all([a, same, b].map((ring) => createSealer(ring, { clock })))
  t.teardown(() => [one, two, three].map((sealer) => sealer?.close()))
  const sealed = one?.seal('x', 'plain') ?? ''
  t.equal(two?.open('x', sealed)?.toString(), 'plain')
  t.equal(three?.open('x', sealed), undefined, 'another ring')
})

test('hostile text opens to nothing, without an error', async (t) => {
  const sealer = await createSealer(fixedKeyring(), { clock })
  t.teardown(() => sealer.close())
  const sealed = sealer.seal('x', 'plain')
  const bytes = Buffer.from(sealed, 'base64url')
  const changed = [...bytes.keys()].map((at) => {
    const copy = Buffer.from(bytes)
    copy[at] = (copy[at] ?? 0) ^ 1
    return copy.toString('base64url')
  })
  const cut = [...bytes.keys()].map((length) => bytes.subarray(0, length).toString('base64url'))
  const odd = ['', 'a', '=', `${sealed}=`, `${sealed}A`, ` ${sealed}`, `${sealed}\n`, '\0', 'é', 'A'.repeat(2_000_000)]
  const typed = [undefined, null, 7, {}, [], { length: 5 }, Symbol.iterator] as unknown as string[]
  for (const hostile of [...changed, ...cut, ...odd, ...typed]) t.equal(sealer.open('x', hostile), undefined)
  for (const hostile of [...odd, ...typed]) t.equal(await sealer.openFresh('x', hostile), undefined)
  t.equal(sealer.open('x', sealed)?.toString(), 'plain')
})

test('a key that another node just made is found at once; a flood of unknown ones costs a look a second', async (t) => {
  const ring = fixedKeyring()
  const [near, far] = [nodeOf(ring), nodeOf(ring)]
  const [maker, reader] = await Promise.all([near, far].map((node) => createSealer(node.ring, { clock })))
  if (maker === undefined || reader === undefined) throw new Error('no sealer')
  t.teardown(() => [maker, reader].map((one) => one.close()))
  const before = maker.seal('x', 'before')
  await ring.rotate({ when: 'now' })
  await near.ring.refresh()
  t.equal((await maker.openFresh('x', (await createSealer(ring, { clock })).seal('x', 'new')))?.toString(), 'new')
  const sealed = maker.seal('x', 'after')
  t.equal(reader.open('x', sealed), undefined, 'not known yet, and it does not wait')
  t.equal((await reader.openFresh('x', sealed))?.toString(), 'after')
  t.equal(far.looks, 1, 'the look that the first one asked for')
  t.equal(reader.open('x', sealed)?.toString(), 'after')
  t.equal(reader.open('x', before)?.toString(), 'before', 'the old key is still known')

  const stranger = await createSealer(fixedKeyring(), { clock })
  t.teardown(() => stranger.close())
  const started = performance.now()
  const answers = await Promise.all(
    Array.from({ length: 500 }, () => reader.openFresh('x', stranger.seal('x', 'forged'))),
  )
  t.same(new Set(answers), new Set([undefined]))
  t.equal(far.looks, 2, 'one look for all of them')
  t.ok(performance.now() - started < 3_000)
})

test('keys that cannot be read: what is known goes on, and an unknown key is not called forged', async (t) => {
  const ring = fixedKeyring()
  const sealer = await createSealer(
    {
      ...ring,
      refresh: async () => {
        throw new Error('away')
      },
    },
    { clock },
  )
  t.teardown(() => sealer.close())
  t.equal(sealer.open('x', sealer.seal('x', 'plain'))?.toString(), 'plain')
  const stranger = await createSealer(fixedKeyring(), { clock })
  t.teardown(() => stranger.close())
  t.equal(sealer.open('x', stranger.seal('x', 'y')), undefined)
  await t.rejects(sealer.openFresh('x', stranger.seal('x', 'y')), { message: 'away' })
})

test('inside a transaction it opens; a key is looked for outside of it', async (t) => {
  const ring = fixedKeyring()
  const node = nodeOf(ring)
  const sealer = await createSealer(node.ring, { clock })
  t.teardown(() => sealer.close())
  const sealed = sealer.seal('x', 'plain')
  const stranger = await createSealer(fixedKeyring(), { clock })
  t.teardown(() => stranger.close())
  await insideTransaction('test', async () => {
    t.equal((await sealer.openFresh('x', sealed))?.toString(), 'plain')
    await t.rejects(sealer.openFresh('x', stranger.seal('x', 'y')), InsideTransactionError)
  })
})

test('a retired key opens nothing, also while this node still remembers it', async (t) => {
  let now = Date.now()
  const ring = fixedKeyring({
    clock: { now: () => now },
    keys: [
      {
        id: 'old',
        secret: Buffer.alloc(32, 1),
        publicJwk: null,
        createdAt: new Date(0),
        activeAt: new Date(0),
        retiringAt: new Date(now + 1_000),
      },
      {
        id: 'new',
        secret: Buffer.alloc(32, 2),
        publicJwk: null,
        createdAt: new Date(0),
        activeAt: new Date(now + 500),
        retiringAt: null,
      },
    ],
  })
  const sealer = await createSealer(ring, { clock: { now: () => now } })
  t.teardown(() => sealer.close())
  const old = sealer.seal('x', 'old')
  now += 600
  const later = sealer.seal('x', 'later')
  t.equal(sealer.open('x', old)?.toString(), 'old')
  now += 600
  t.equal(sealer.open('x', old), undefined)
  t.equal(sealer.open('x', later)?.toString(), 'later')
})
