import { createOutbound } from '@gatehouse/outbound'
import { jsonHost, openWeb } from '@gatehouse/outbound/testing'
import fc from 'fast-check'
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { test } from 'tap'
import {
  authorize,
  CALLBACK,
  exchangeForm,
  newVerifier,
  ORIGIN,
  openHouse,
  registerClient,
  token,
} from '../../testing/house.ts'
import { ASSERTION_TYPE, judgeClaims } from './assertion.ts'

const seconds = () => Math.floor(Date.now() / 1_000)
const ID = 'https://client.example/client.json'
const KEYS = 'https://keys.example/jwks.json'

async function keyPair(alg: string, kid: string) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}
type Pair = Awaited<ReturnType<typeof keyPair>>

const sign = (client: string, pair: Pair, claims: JWTPayload = {}, header: Partial<JWTHeaderParameters> = {}) =>
  new SignJWT({
    iss: client,
    sub: client,
    aud: ORIGIN,
    iat: seconds(),
    exp: seconds() + 60,
    jti: crypto.randomUUID(),
    ...claims,
  })
    .setProtectedHeader({ alg: pair.alg, kid: pair.kid, ...header })
    .sign(pair.privateKey)

test('clients prove themselves by a key', async (t) => {
  const web = await openWeb(t)
  const house = await openHouse(t, { deps: { outbound: createOutbound(web.options) } })
  const pair = await keyPair('ES256', 'one')
  const other = await keyPair('ES256', 'one')
  const { client_id: id } = await registerClient(house, {
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [pair.jwk] },
  })
  let calls = 0
  /** What the token endpoint says of a proof; a proof that is good fails for want of a code. */
  const prove = async (client_assertion: string, more: Record<string, string> = {}, headers = {}, from?: string) => {
    const proof = { client_assertion_type: ASSERTION_TYPE, client_assertion }
    const form = { grant_type: 'authorization_code', code: 'x', code_verifier: newVerifier(), ...proof, ...more }
    calls += 1
    const answer = await house.server.inject({
      method: 'POST',
      url: '/oauth/token',
      payload: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      // Failures are counted for an address.
      remoteAddress: from ?? `10.0.${calls >> 8}.${calls & 255}`,
    })
    return `${answer.statusCode} ${answer.json().error}`
  }
  const GOOD = '400 invalid_grant'
  const BAD = '401 invalid_client'

  await t.test(
    'a good assertion is a proof, with client_id or without; once [A-TE-07, A-TE-08, A-CC-03]',
    async (t) => {
      t.equal(await prove(await sign(id, pair)), GOOD)
      t.equal(await prove(await sign(id, pair), { client_id: id }), GOOD)
      t.equal(await prove(await sign(id, pair, { aud: [ORIGIN] })), GOOD)
      t.equal(await prove(await sign(id, pair, { aud: `${ORIGIN}/` })), GOOD)
      t.equal(await prove(await sign(id, pair, {}, { typ: 'client-authentication+jwt' })), GOOD)
      t.equal(await prove(await sign(id, pair, {}, { typ: 'JWT' })), GOOD)
      const one = await sign(id, pair)
      t.equal(await prove(one), GOOD)
      t.equal(await prove(one), BAD, 'again')
    },
  )

  await t.test('of many presentations at once one counts', async (t) => {
    const one = await sign(id, pair)
    const answers = await Promise.all(Array.from({ length: 10 }, () => prove(one)))
    t.equal(answers.filter((answer) => answer === GOOD).length, 1)
  })

  await t.test('what is not signed by the client for us and for now proves nothing [A-TE-07, A-JK-07]', async (t) => {
    const own = pair
    const forged = await sign(id, own)
    const [head, , signature] = forged.split('.')
    const body = Buffer.from(
      JSON.stringify({ iss: id, sub: id, aud: ORIGIN, iat: seconds(), exp: seconds() + 60, jti: 'f' }),
    )
    const hmac = await new SignJWT({ iss: id, sub: id, aud: ORIGIN, iat: seconds(), exp: seconds() + 60, jti: 'h' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(JSON.stringify(own.jwk)))
    const attacks: Record<string, string> = {
      'another key': await sign(id, other),
      'a key that comes along': await sign(id, other, {}, { jwk: other.jwk }),
      'no signature': new UnsecuredJWT({ iss: id, sub: id, aud: ORIGIN, jti: 'u' }).setExpirationTime('1m').encode(),
      'the public key as a secret': hmac,
      'another body': `${head}.${body.toString('base64url')}.${signature}`,
      'another issuer': await sign(id, own, { iss: 'cli_other' }),
      'another subject': await sign(id, own, { sub: 'cli_other' }),
      'another audience': await sign(id, own, { aud: 'https://other.example' }),
      'the token endpoint, unless allowed': await sign(id, own, { aud: `${ORIGIN}/oauth/token` }),
      'two audiences': await sign(id, own, { aud: [ORIGIN, 'https://other.example'] }),
      'no audience': await sign(id, own, { aud: undefined } as never),
      'no end': await sign(id, own, { exp: undefined } as never),
      'too late': await sign(id, own, { exp: seconds() - 61 }),
      'too long': await sign(id, own, { exp: seconds() + 700 }),
      'no beginning': await sign(id, own, { iat: undefined } as never),
      'from the future': await sign(id, own, { iat: seconds() + 120 }),
      'not yet': await sign(id, own, { nbf: seconds() + 120 }),
      'no name': await sign(id, own, { jti: undefined } as never),
      'an endless name': await sign(id, own, { jti: 'x'.repeat(300) }),
      'an access token': await sign(id, own, {}, { typ: 'at+jwt' }),
      'something critical': await sign(id, own, {}, { crit: ['exp'], exp: 1 } as never).catch(() => 'x.y.z'),
      'no JWT': 'x',
      'three empty parts': '..',
      'a NUL for a client': `${head}.${Buffer.from('{"sub":"\\u0000"}').toString('base64url')}.x`,
      'a number for a client': `${head}.${Buffer.from('{"sub":1}').toString('base64url')}.x`,
      'too much': 'x'.repeat(9_000),
    }
    for (const [what, assertion] of Object.entries(attacks))
      t.equal(await prove(assertion, { client_id: id }), BAD, what)
    for (const [what, assertion] of Object.entries(attacks)) t.match(await prove(assertion), /^401/, `${what}, alone`)
    t.equal(await prove(await sign(id, own), { client_assertion_type: 'x' }), BAD, 'another type')
    t.equal(await prove('', {}), BAD, 'nothing')
  })

  await t.test(
    'two methods are one too many, and no weaker one is accepted [A-TE-03, A-TE-06, A-TE-09, A-CR-04]',
    async (t) => {
      const basic = { authorization: `Basic ${Buffer.from(`${id}:secret`).toString('base64')}` }
      t.equal(await prove(await sign(id, pair), { client_secret: 'x' }), '400 invalid_request')
      t.equal(await prove(await sign(id, pair), {}, basic), '400 invalid_request')
      const form = { grant_type: 'authorization_code', code: 'x', code_verifier: newVerifier(), client_id: id }
      t.match((await token(house, form)).json(), { error: 'invalid_client' }, 'none')
      t.match((await token(house, { ...form, client_secret: 'x' })).json(), { error: 'invalid_client' }, 'a secret')
      const open = await registerClient(house)
      t.equal(await prove(await sign(open.client_id, pair)), BAD, 'a public client has no keys')
      const secret = await registerClient(house, { token_endpoint_auth_method: 'client_secret_basic' })
      t.equal(await prove(await sign(secret.client_id, pair)), BAD, 'nor one with a secret')
      t.equal(await prove(await sign('cli_unknown', pair)), BAD, 'an unknown one')
    },
  )

  await t.test('who goes on failing has to wait; who proves itself does not [A-OP-01]', async (t) => {
    const last = async (pair: Pair) => {
      let answer = ''
      for (let count = 0; count < 31; count += 1) answer = await prove(await sign(id, pair), {}, {}, '10.9.9.9')
      return answer
    }
    t.equal(await last(other), '429 temporarily_unavailable')
    t.equal(await last(pair), GOOD)
  })

  await t.test(
    'every algorithm that is promised is verified; one that was registered alone counts alone [A-TE-07]',
    async (t) => {
      for (const alg of ['ES256', 'RS256', 'PS256', 'EdDSA']) {
        const key = await keyPair(alg, 'k')
        const { alg: _, ...jwk } = key.jwk
        const held = await registerClient(house, {
          token_endpoint_auth_method: 'private_key_jwt',
          jwks: { keys: [jwk] },
        })
        t.equal(await prove(await sign(held.client_id, key)), GOOD, alg)
      }
      const key = await keyPair('PS256', 'k')
      const strict = await registerClient(house, {
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'RS256',
        jwks: { keys: [{ ...key.jwk, alg: undefined }] },
      })
      t.equal(await prove(await sign(strict.client_id, key)), BAD)
      const twins = await Promise.all([keyPair('ES256', 'x'), keyPair('ES256', 'x')])
      const nameless = await registerClient(house, {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: twins.map(({ jwk: { kid: _, ...jwk } }) => jwk) },
      })
      for (const twin of twins)
        t.equal(await prove(await sign(nameless.client_id, twin, {}, { kid: undefined } as never)), GOOD)
    },
  )

  await t.test(
    'keys elsewhere: one fetch, again for an unknown kid at most twice a minute, a copy for bad hours [A-JK-06, A-CI-08]',
    async (t) => {
      const [first, second] = [await keyPair('ES256', 'first'), await keyPair('RS256', 'second')]
      const served = () => web.requests.filter((request) => request === 'keys.example/jwks.json').length
      web.hosts.set('keys.example', jsonHost({ keys: [first.jwk] }))
      web.hosts.set(
        'client.example',
        jsonHost({
          client_id: ID,
          client_name: 'Hosted',
          redirect_uris: [CALLBACK],
          token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
          jwks_uri: KEYS,
        }),
      )
      const verifier = newVerifier()
      const code = (await authorize(house, ID, verifier)).get('code') ?? ''
      const proof = { client_assertion_type: ASSERTION_TYPE, client_assertion: await sign(ID, first) }
      t.match(
        (await token(house, exchangeForm(ID, code, verifier))).json(),
        { error: 'invalid_client' },
        'no downgrade',
      )
      t.equal(served(), 0)
      t.equal((await token(house, { ...exchangeForm(ID, code, verifier), ...proof })).statusCode, 200)
      t.equal(served(), 1)
      t.equal(await prove(await sign(ID, first)), GOOD)
      t.equal(served(), 1, 'a fresh copy is enough')
      web.hosts.set('keys.example', jsonHost({ keys: [first.jwk, second.jwk] }))
      for (let count = 0; count < 5; count += 1) t.equal(await prove(await sign(ID, second)), BAD)
      t.equal(served(), 1, 'just asked')
      house.clock.forward(31_000)
      const soon = { iat: seconds() + 31, exp: seconds() + 91 }
      const many = await Promise.all(Array.from({ length: 20 }, async () => prove(await sign(ID, second, soon))))
      t.same(new Set(many), new Set([GOOD]))
      t.equal(served(), 2, 'the new key is found')
      web.hosts.set('keys.example', (_request, response) => void response.destroy())
      house.clock.forward(2 * 3_600_000)
      const later = { iat: seconds() + 7_231, exp: seconds() + 7_291 }
      t.equal(await prove(await sign(ID, first, later)), GOOD, 'the copy')
      house.clock.forward(24 * 3_600_000)
      const day = { iat: seconds() + 93_631, exp: seconds() + 93_691 }
      t.equal(await prove(await sign(ID, first, day)), BAD, 'too old a copy')
      web.hosts.set('keys.example', jsonHost({ keys: [first.jwk] }))
      t.equal(await prove(await sign(ID, first, day)), GOOD, 'no failure is remembered')
    },
  )
})

test('an operator may let older clients name the token endpoint [A-TE-07]', async (t) => {
  const house = await openHouse(t, { profile: { clientAssertionAudience: 'issuer-or-token-endpoint' } })
  const pair = await keyPair('ES256', 'one')
  const { client_id } = await registerClient(house, {
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [pair.jwk] },
  })
  const answer = await token(house, {
    grant_type: 'authorization_code',
    code: 'x',
    code_verifier: newVerifier(),
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: await sign(client_id, pair, { aud: `${ORIGIN}/oauth/token` }),
  })
  t.match(answer.json(), { error: 'invalid_grant' })
})

test('property: whatever claims say, they are judged, and only one audience and a near end pass', async (t) => {
  const claim = fc.oneof(fc.jsonValue(), fc.constantFrom('c', ORIGIN, 1_000, 1_060, 1_500), fc.double())
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti'), claim), (some) => {
      const claims = { iss: 'c', sub: 'c', aud: ORIGIN, exp: 1_060, iat: 1_000, jti: 'x', ...some } as JWTPayload
      if (judgeClaims(claims, 'c', [ORIGIN], 1_000) !== undefined) return true
      return (
        [claims.aud].flat().join() === ORIGIN && (claims.exp ?? 0) <= 1_660 && claims.iss === 'c' && claims.sub === 'c'
      )
    }),
    { numRuns: 2_000 },
  )
  t.pass('held')
})
