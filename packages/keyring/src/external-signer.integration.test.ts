import { fileURLToPath } from 'node:url'
import { spawnNode } from '@gatehouse/testkit'
import { createLocalJWKSet, decodeProtectedHeader, type JWK, jwtVerify } from 'jose'
import { type Test, test } from 'tap'
import { createExternalSigner, type ExternalKeys, ExternalSignatureInvalid } from './external-signer.ts'
import type { Algorithm } from './signer.ts'

const SERVICE = fileURLToPath(new URL('./testing/key-service.ts', import.meta.url))

/** The adapter that an operator writes for a service: a list and a signature. */
async function serviceOf(t: Test, ...args: string[]) {
  const child = spawnNode(t, SERVICE, {}, args)
  const port = /on (\d+)/.exec(await child.ready(/^key service on/))?.[1]
  const ask = async (path: string, body?: Uint8Array) => {
    const answer = await fetch(
      `http://127.0.0.1:${port}/${path}`,
      body === undefined ? {} : { method: 'POST', body: Buffer.from(body) },
    )
    if (!answer.ok) throw new Error(`the key service answers ${answer.status}`)
    return Buffer.from(await answer.arrayBuffer())
  }
  const seen: string[] = []
  const keys: ExternalKeys = {
    async list() {
      const list: { id: string; publicJwk: JWK; activeAt: number; retiringAt: number | null }[] = JSON.parse(
        (await ask('keys')).toString(),
      )
      seen.push('list')
      return list.map((key) => ({
        ...key,
        activeAt: new Date(key.activeAt),
        retiringAt: key.retiringAt === null ? null : new Date(key.retiringAt),
      }))
    },
    sign: (id, bytes) => ask(`sign/${id}`, bytes),
  }
  return { keys, seen, child }
}

for (const [algorithm, form] of [
  ['ES256', 'der'],
  ['ES256', 'raw'],
  ['RS256', 'der'],
] as const satisfies readonly (readonly [Algorithm, string])[]) {
  test(`a key service in another process signs ${algorithm} (${form}), and its next key is published before it is used [A-JK-03, A-JK-05]`, async (t) => {
    const { keys, seen } = await serviceOf(t, algorithm, form)
    let now = Date.now()
    const signer = createExternalSigner(algorithm, keys, { now: () => now })
    const verify = async (token: string) =>
      jwtVerify(token, createLocalJWKSet({ keys: [...(await signer.publicKeys())] }), {
        algorithms: [algorithm],
        typ: 'at+jwt',
      })
    const first = await signer.sign('at+jwt', { sub: 'p1', scope: 'ünïcode' })
    t.same(decodeProtectedHeader(first), { alg: algorithm, typ: 'at+jwt', kid: 'first' })
    t.match((await verify(first)).payload, { sub: 'p1', scope: 'ünïcode' })
    // DER integers differ in length: enough signatures to meet short ones.
    for (const token of await Promise.all(
      Array.from({ length: algorithm === 'ES256' ? 300 : 5 }, (_, n) => signer.sign('at+jwt', { n })),
    )) {
      await verify(token)
    }
    t.equal(seen.length, 1, 'the list is read once in a while, not for each token')
    const published = await signer.publicKeys()
    t.match(published, [
      { kid: 'first', alg: algorithm, use: 'sig' },
      { kid: 'second', alg: algorithm, use: 'sig' },
    ])
    for (const jwk of published) for (const secret of ['d', 'p', 'q', 'k']) t.notOk(secret in jwk)
    now += 61_000
    const second = await signer.sign('at+jwt', { sub: 'p1' })
    t.equal(decodeProtectedHeader(second).kid, 'second')
    await verify(second)
    await verify(first)
    now += 61_000
    t.same(
      (await signer.publicKeys()).map(({ kid }) => kid),
      ['second'],
    )
    await t.rejects(verify(first), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  })
}

test('a key service that is away takes nothing from the published keys; a wrong signature never leaves', async (t) => {
  const { keys, child } = await serviceOf(t, 'ES256')
  let now = Date.now()
  const clock = { now: () => now }
  const confused: ExternalKeys = { ...keys, sign: (_id, bytes) => keys.sign('swapped', bytes) }
  await t.rejects(createExternalSigner('ES256', confused, clock).sign('JWT', {}), ExternalSignatureInvalid)
  for (const bytes of [
    [],
    [0x30],
    [0x30, 0],
    [0x30, 2, 2, 1],
    [0x30, 3, 2, 1, 1],
    [0x30, 4, 2, 0, 2, 0],
    Array(64).fill(0),
  ]) {
    const broken: ExternalKeys = { ...keys, sign: async () => Uint8Array.from(bytes) }
    await t.rejects(createExternalSigner('ES256', broken, clock).sign('JWT', {}), ExternalSignatureInvalid)
  }
  const signer = createExternalSigner('ES256', keys, clock)
  t.equal((await signer.publicKeys()).length, 2)
  await child.stop()
  now += 31_000
  t.equal((await signer.publicKeys()).length, 2)
  await t.rejects(signer.sign('JWT', {}))
  await t.rejects(createExternalSigner('ES256', keys, clock).publicKeys())
})
