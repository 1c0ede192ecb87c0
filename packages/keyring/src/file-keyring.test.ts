import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@gatehouse/testkit'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { test } from 'tap'
import { fileKeyring, KeyFileUnusable } from './file-keyring.ts'
import { RingIsFixed } from './keyring.ts'
import { createLocalSigner } from './local-signer.ts'
import { createSealer } from './sealer.ts'

const secretText = () => randomBytes(32).toString('base64url')
const pem = (curve = 'P-256') =>
  generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()

test('keys in a file', async (t) => {
  const path = join(await temporaryFolder(t), 'keys.json')
  const write = (keys: unknown) => writeFile(path, typeof keys === 'string' ? keys : JSON.stringify(keys))
  let now = Date.parse('2026-08-01T00:00:00Z')
  const clock = { now: () => now }
  const open = (kind: 'secret' | 'ES256' | 'RS256' = 'secret') => fileKeyring({ ring: 'sessions', path, kind, clock })

  await t.test('they are used by the times that the file gives them, and read again when it changes', async (t) => {
    const first = { id: '2026-08', secret: secretText(), activeAt: '2026-08-01T00:00:00Z' }
    await write([first])
    const ring = open()
    const sealer = await createSealer(ring, { clock })
    t.teardown(() => sealer.close())
    const sealed = sealer.seal('x', 'plain')
    t.equal((await ring.active()).id, '2026-08')
    await write([
      { id: '2026-09', secret: secretText(), activeAt: '2026-08-01T00:15:00Z' },
      { ...first, retiringAt: '2026-08-02T00:00:00Z' },
    ])
    now += 31_000
    t.same(
      (await ring.keys()).map(({ id }) => id),
      ['2026-08', '2026-09'],
    )
    t.equal((await ring.active()).id, '2026-08')
    now += 15 * 60_000
    t.equal((await ring.active()).id, '2026-09')
    t.equal((await sealer.openFresh('x', sealed))?.toString(), 'plain')
    now += 24 * 60 * 60_000
    t.same(
      (await ring.keys()).map(({ id }) => id),
      ['2026-09'],
    )
    await t.rejects(ring.rotate(), RingIsFixed)
  })

  await t.test('a private key signs, and its public half is published', async (t) => {
    await write([{ id: 'k1', secret: pem() }])
    const signer = createLocalSigner(open('ES256'))
    const keys = await signer.publicKeys()
    t.same(
      keys.map((jwk) => Object.keys(jwk).sort()),
      [['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']],
    )
    const { protectedHeader } = await jwtVerify(await signer.sign('at+jwt', {}), createLocalJWKSet({ keys: [...keys] }))
    t.equal(protectedHeader.kid, 'k1')
  })

  await t.test('a file that cannot be used is refused in words that hold no secret', async (t) => {
    const secret = secretText()
    const bad: readonly (readonly ['secret' | 'ES256' | 'RS256', unknown])[] = [
      ['secret', '{'],
      ['secret', []],
      ['secret', { id: 'a', secret }],
      ['secret', [{ id: 'a', secret: `${secret.slice(0, 20)}` }]],
      ['secret', [{ id: 'a', secret: `${secret}!` }]],
      ['secret', [{ id: 'a b', secret }]],
      ['secret', [{ id: 'a', secret, actveAt: '2026-08-01T00:00:00Z' }]],
      ['secret', [{ id: 'a', secret, activeAt: 'soon' }]],
      [
        'secret',
        [
          { id: 'a', secret },
          { id: 'a', secret: secretText() },
        ],
      ],
      ['ES256', [{ id: 'a', secret }]],
      ['ES256', [{ id: 'a', secret: pem('P-384') }]],
      ['RS256', [{ id: 'a', secret: pem() }]],
    ]
    for (const [kind, content] of bad) {
      await write(content as string)
      const error = await open(kind)
        .keys()
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
      t.type(error, KeyFileUnusable, JSON.stringify(content))
      t.notMatch(String(error), secret.slice(0, 20))
    }
    await t.rejects(fileKeyring({ ring: 'x', path: `${path}.absent`, kind: 'secret', clock }).keys(), KeyFileUnusable)
  })

  await t.test('a file that breaks while the service runs stops nothing', async (t) => {
    await write([{ id: 'a', secret: secretText() }])
    const ring = open()
    await ring.keys()
    await write('')
    now += 31_000
    t.equal((await ring.active()).id, 'a')
    await t.rejects(ring.refresh(), KeyFileUnusable)
  })
})
