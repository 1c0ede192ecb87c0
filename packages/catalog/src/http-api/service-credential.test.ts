import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { type Test, test } from 'tap'
import { CredentialUnavailable, createServiceCredential } from './service-credential.ts'

const ISSUER = 'https://auth.example'
const RESOURCE = 'https://api.example/v1'

async function scene(t: Test, answer: RequestListener) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const forms: URLSearchParams[] = []
  const server = createServer(async (request, response) => {
    forms.push(new URLSearchParams(await text(request)))
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  let now = Date.now()
  const credential = createServiceCredential({
    issuer: ISSUER,
    authUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clientId: 'client_helpdesk',
    key: { ...(await exportJWK(privateKey)), kid: 'k1' },
    resource: RESOURCE,
    clock: { now: () => now },
  })
  const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] })
  return {
    credential,
    forms,
    keys,
    server,
    pass: (ms: number) => {
      now += ms
    },
  }
}

/** Tokens by number. */
function tokens(): RequestListener {
  let made = 0
  return (_, response) => {
    made += 1
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ access_token: `t${made}`, token_type: 'Bearer', expires_in: 600 }))
  }
}

test('it proves itself by its key, to the issuer, for one resource; many that ask at once get one token', async (t) => {
  const { credential, forms, keys } = await scene(t, tokens())
  t.same(await Promise.all([1, 2, 3].map(() => credential.token())), ['t1', 't1', 't1'])
  const [form] = forms
  t.equal(forms.length, 1)
  t.match(Object.fromEntries(form ?? []), { grant_type: 'client_credentials', resource: RESOURCE })
  const { payload } = await jwtVerify(form?.get('client_assertion') ?? '', keys, { audience: ISSUER })
  t.match(payload, { iss: 'client_helpdesk', sub: 'client_helpdesk', jti: /./ })
  t.ok(Number(payload.exp) - Number(payload.iat) <= 60)
})

test('a token is kept until shortly before its end, and given up when it was refused', async (t) => {
  const { credential, pass } = await scene(t, tokens())
  t.equal(await credential.token(), 't1')
  pass(569_000)
  t.equal(await credential.token(), 't1')
  pass(1_000)
  t.equal(await credential.token(), 't2')
  credential.forget('t1')
  t.equal(await credential.token(), 't2', 'another one that was refused long ago changes nothing')
  credential.forget('t2')
  t.equal(await credential.token(), 't3')
})

test('auth that is away is told apart from auth that refuses; both say nothing of the key, and the next call asks again', async (t) => {
  let status = 503
  const { credential, server } = await scene(t, (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}')
  })
  await t.rejects(credential.token(), CredentialUnavailable)
  status = 401
  await t.rejects(credential.token(), {
    name: 'Error',
    message: 'auth gives client_helpdesk no token for https://api.example/v1: 401 invalid_client',
  })
  server.close()
  server.closeAllConnections()
  await t.rejects(credential.token(), CredentialUnavailable)
})
