import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Secret } from '@gatehouse/config'
import { systemClock } from '@gatehouse/contracts'
import { decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { test } from 'tap'
import { PROFILE } from '../testing/rig.ts'
import {
  createIntrospection,
  createKeyExchange,
  ExchangeUnavailable,
  introspectionOf,
  keyExchangeOf,
} from './exchange.ts'

const ISSUER = 'https://auth.example'
const FACTS = { tenant: 'acme', keyId: 'k1', scopes: ['a'], issuedAt: 1 }

test('the exchange of API keys at auth', async (suite) => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const key = { ...(await exportJWK(pair.privateKey)), kid: 'mcp-1' }
  const seen: { url: string | undefined; authorization: string; body: string }[] = []
  let answer: { readonly status: number; readonly body: string } = { status: 200, body: JSON.stringify(FACTS) }
  const auth = createServer(async (request: IncomingMessage, reply) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    seen.push({ url: request.url, authorization: request.headers.authorization ?? '', body })
    reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  }).listen(0, '127.0.0.1')
  await once(auth, 'listening')
  suite.teardown(() => auth.close())
  const authUrl = `http://127.0.0.1:${(auth.address() as AddressInfo).port}`
  const options = { authUrl, issuer: ISSUER, clientId: 'gatehouse-mcp', key, clock: systemClock, fetch }
  const exchange = await createKeyExchange(options)

  await suite.test(
    'this service proves itself with a short signed assertion, new for each request, and with nothing of its callers [S-AU-19]',
    async (t) => {
      t.same(await exchange('notes_x'), FACTS)
      await exchange('notes_x')
      const tokens = seen.map(({ authorization }) => authorization.replace('Bearer ', ''))
      for (const token of tokens) {
        const { payload } = await jwtVerify(token, pair.publicKey, {
          issuer: 'gatehouse-mcp',
          subject: 'gatehouse-mcp',
          audience: ISSUER,
        })
        t.ok(Number(payload.exp) - Number(payload.iat) <= 60)
        t.equal(decodeProtectedHeader(token).kid, 'mcp-1')
      }
      t.equal(new Set(tokens).size, 2)
      t.match(seen[0], { url: '/internal/v1/credentials', body: '{"credential":"notes_x"}' })
    },
  )

  await suite.test('only the word of auth makes a key no good; anything else is an outage', async (t) => {
    answer = { status: 404, body: '{"error":"inactive"}' }
    t.equal(await exchange('notes_x'), undefined)
    for (const broken of [
      { status: 404, body: '{"error":"not_found"}' },
      { status: 404, body: 'nothing here' },
      { status: 401, body: '{}' },
      { status: 500, body: 'x' },
      { status: 200, body: '{"tenant":"acme"}' },
    ]) {
      answer = broken
      await t.rejects(exchange('notes_x'), ExchangeUnavailable)
    }
  })

  await suite.test(
    'an introspection says what the credential is worth; anything else is an outage [S-AU-16]',
    async (t) => {
      const introspect = await createIntrospection(options)
      answer = { status: 200, body: '{"active":true,"tenant_status":"suspended","sub":"p1"}' }
      t.same(await introspect('token-1'), { active: true, tenant_status: 'suspended' })
      t.match(seen.at(-1), { url: '/internal/v1/introspect', body: '{"token":"token-1"}', authorization: /^Bearer ey/ })
      answer = { status: 200, body: '{"active":false}' }
      t.same(await introspect('token-1'), { active: false })
      for (const broken of [
        { status: 401, body: '{}' },
        { status: 200, body: '{}' },
      ]) {
        answer = broken
        await t.rejects(introspect('token-1'), ExchangeUnavailable)
      }
      t.equal(await introspectionOf({ ...options, key: undefined }), undefined)
    },
  )

  await suite.test(
    'a profile with API keys needs the key of this service, and the fault does not quote it',
    async (t) => {
      const without = { ...options, key: undefined }
      await t.rejects(keyExchangeOf(PROFILE, without), /MCP_CLIENT_KEY: needed/)
      await t.rejects(
        keyExchangeOf(PROFILE, { ...options, key: new Secret('{"d":"hunter2"') }),
        /^(?!.*hunter2).*not a private JWK/s,
      )
      const oauthOnly = await keyExchangeOf({ ...PROFILE, credentials: ['oauth'] }, without)
      t.equal(await oauthOnly('notes_x'), undefined)
      answer = { status: 200, body: JSON.stringify(FACTS) }
      const whole = await keyExchangeOf(PROFILE, { ...options, key: new Secret(JSON.stringify(key)) })
      t.same(await whole('notes_x'), FACTS)
    },
  )
})
