import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { test } from 'tap'
import { createTokenReader } from './own-tokens.ts'

test('what our key signed is an access token by its typ, issuer, time and members only', async (t) => {
  const issuer = 'https://a.example'
  const [ours, other] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')]
  const publicKeys = async () => [{ ...(await exportJWK(ours.publicKey)), alg: 'ES256', use: 'sig', kid: 'one' }]
  const sign = async (typ: string, claims: object, { privateKey } = ours) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', typ, kid: 'one' }).sign(privateKey)
  const signer = { publicKeys, sign: (typ: string, claims: object) => sign(typ, claims) }
  const read = createTokenReader({ isIssuer: (one) => one === issuer, signer: signer as never, now: () => 1_000_000 })
  const good = {
    iss: issuer,
    sub: 'per_1',
    aud: 'https://r.example',
    client_id: 'cli_1',
    jti: 'x',
    iat: 900,
    exp: 1_001,
  }
  t.match(await read(await sign('at+jwt', good)), { subject: 'per_1', audience: 'https://r.example' })
  for (const [what, token] of [
    ['an ID token', await sign('JWT', good)],
    ['another kind', await sign('logout+jwt', good)],
    ['of another issuer', await sign('at+jwt', { ...good, iss: `${issuer}/` })],
    ['expired', await sign('at+jwt', { ...good, exp: 1_000 })],
    ['for two audiences', await sign('at+jwt', { ...good, aud: ['https://r.example', 'https://s.example'] })],
    ['for nobody', await sign('at+jwt', { ...good, aud: undefined })],
    ['of no client', await sign('at+jwt', { ...good, client_id: undefined })],
    ['by another key', await sign('at+jwt', good, other)],
    ['too long', await sign('at+jwt', { ...good, scope: 'x'.repeat(8_192) })],
    ['no token', 'a.b.c'],
  ] as const)
    t.equal(await read(token), undefined, what)
})
