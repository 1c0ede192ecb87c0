import { createOutbound } from '@gatehouse/outbound'
import { openWeb } from '@gatehouse/outbound/testing'
import { test } from 'tap'
import {
  authorizeUrl,
  CALLBACK,
  MCP,
  newVerifier,
  ORIGIN,
  openHouse,
  registerClient,
  Visitor,
} from '../testing/house.ts'

const OTHER = 'https://client.example/other'
const STATE = 'state 1+2%'

type Changes = Readonly<Record<string, string | undefined>>
/** What fails, what is changed of a good request, what is added to it as it stands. */
type Row = readonly [what: string, changes: Changes, raw?: string]

test('what fails at the authorization endpoint, line by line of RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6 and RFC 8707 section 2', async (t) => {
  const house = await openHouse(t, { deps: { outbound: createOutbound((await openWeb(t)).options) } })
  const { client_id: client } = await registerClient(house)
  const { client_id: two } = await registerClient(house, { redirect_uris: [CALLBACK, OTHER] })
  const { client_id: loopback } = await registerClient(house, { redirect_uris: ['http://127.0.0.1/callback'] })
  const verifier = newVerifier()
  const visitor = new Visitor(house)
  await visitor.signIn()
  const ask = (id: string, changes: Changes, raw = '') => visitor.get(`${authorizeUrl(id, verifier, changes)}${raw}`)

  await t.test(
    'a page and no way back, until client and redirect are proven [A-RU-07, A-RU-08, A-TP-05]',
    async (t) => {
      const rows: readonly (readonly [string, ...Row])[] = [
        ['', 'no client', {}],
        ['cli_unknown', 'an unknown client', {}],
        ['https://elsewhere.example/client.json', 'a document that nobody can fetch', {}],
        [client, 'a client twice', {}, `&client_id=${client}`],
        [client, 'another redirect', { redirect_uri: OTHER }],
        [client, 'a longer redirect', { redirect_uri: `${CALLBACK}?x=1` }],
        [client, 'another case', { redirect_uri: CALLBACK.toUpperCase() }],
        [client, 'a redirect twice', {}, `&redirect_uri=${encodeURIComponent(CALLBACK)}`],
        [two, 'no redirect of two', { redirect_uri: undefined }],
        [loopback, 'no redirect where only a host without a port is known', { redirect_uri: undefined }],
        [client, 'a pushed request that is none', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }],
      ]
      for (const [id, what, changes, raw] of rows) {
        const answer = await ask(id, changes, raw)
        t.equal(answer.statusCode, 400, what)
        t.match(answer.headers, { 'content-type': /^text\/html/, 'cache-control': 'no-store' }, what)
        for (const way of ['location', 'refresh']) t.notOk(way in answer.headers, `${what}: ${way}`)
        t.notMatch(answer.body, /client\.example/i, `${what}: no link to it either`)
      }
      t.match((await ask(client, { redirect_uri: undefined })).body, 'name="decision"', 'the only one may be left out')
    },
  )

  await t.test(
    'the way back with error, state and issuer, each once, and nothing else [A-AR-02, A-AR-05, A-AZ-05, A-AZ-10, A-RI-02]',
    async (t) => {
      const expected: Readonly<Record<string, readonly Row[]>> = {
        invalid_request: [
          ['no response_type', { response_type: undefined }],
          ['no challenge', { code_challenge: undefined }],
          ['no method: plain', { code_challenge_method: undefined }],
          ['plain', { code_challenge_method: 'plain' }],
          ['a scope twice', {}, '&scope=mcp:read&scope=mcp:read'],
          ['an unknown parameter twice', {}, '&x=1&x=2'],
          ['max_age in words', { max_age: 'soon' }],
          ['an unknown prompt', { prompt: 'create' }],
          ['none and more', { prompt: 'none consent' }],
          ['a nonce without end', { nonce: 'n'.repeat(5_000) }],
          ['fragment', { response_mode: 'fragment' }],
          ['form_post', { response_mode: 'form_post' }],
        ],
        unsupported_response_type: [
          ['token', { response_type: 'token' }],
          ['hybrid', { response_type: 'code id_token' }],
          ['another case', { response_type: 'CODE' }],
        ],
        invalid_scope: [
          ['an unknown scope', { scope: 'unknown' }],
          ['quotes', { scope: '"mcp:read"' }],
          ['two spaces', { scope: 'mcp:read  mcp:write' }],
          ['a backslash', { scope: 'mcp\\read' }],
        ],
        invalid_target: [
          ['no URI', { resource: 'mcp' }],
          ['a fragment', { resource: `${MCP}#x` }],
          ['unknown', { resource: 'https://elsewhere.example/mcp' }],
          ['one of two unknown', { resource: MCP }, '&resource=https://elsewhere.example/'],
          ['one of two no URI', { resource: MCP }, '&resource=x'],
        ],
        consent_required: [['no question where one is due', { prompt: 'none' }]],
        login_required: [['no question to somebody who has to sign in again', { prompt: 'none', max_age: '0' }]],
        request_not_supported: [['a request object', { request: 'e30.e30.' }]],
        request_uri_not_supported: [['a request object elsewhere', { request_uri: 'https://client.example/request' }]],
      }
      for (const [error, rows] of Object.entries(expected)) {
        for (const [what, changes, raw] of rows) {
          const { statusCode, headers, body } = await ask(client, changes, raw)
          t.equal(statusCode, 303, what)
          t.match(headers, { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }, what)
          t.equal(body, '', what)
          const back = new URL(String(headers.location))
          t.equal(`${back.origin}${back.pathname}`, CALLBACK, what)
          t.match(Object.fromEntries(back.searchParams), { error, state: STATE, iss: ORIGIN }, what)
          t.same([...back.searchParams.keys()].sort(), ['error', 'error_description', 'iss', 'state'], what)
          t.match(back.searchParams.get('error_description'), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, what)
        }
      }
      const stateless = new URL(String((await ask(client, { state: undefined, scope: 'unknown' })).headers.location))
      t.notOk(stateless.searchParams.has('state'))
    },
  )
})
