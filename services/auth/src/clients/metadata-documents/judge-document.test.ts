import fc from 'fast-check'
import { test } from 'tap'
import { judgeDocument } from './judge-document.ts'

const ID = 'https://a.example/client.json'
const RULES = { grants: ['authorization_code', 'refresh_token'] }
const GOOD = { client_id: ID, client_name: 'A', redirect_uris: ['https://a.example/cb'] }
const KEY = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: '1' }
const judge = (body: unknown, id = ID) => judgeDocument(body, id, RULES)
const registration = (body: unknown, id = ID) => {
  const verdict = judge(body, id)
  return verdict.ok ? verdict.registration : undefined
}

/** What is no description of a client, and the refusal. */
const REFUSED: readonly (readonly [what: string, body: unknown, reason: string])[] = [
  ['a list', [], 'metadata.malformed'],
  ['a text', 'x', 'metadata.malformed'],
  ['null', null, 'metadata.malformed'],
  ['nothing', {}, 'metadata.redirect'],
  ['no client_id', { ...GOOD, client_id: undefined }, 'metadata.refused'],
  ['another client_id', { ...GOOD, client_id: 'https://b.example/client.json' }, 'metadata.refused'],
  ['a client_id with a slash more', { ...GOOD, client_id: `${ID}/` }, 'metadata.refused'],
  ['a client_id in other case', { ...GOOD, client_id: ID.toUpperCase() }, 'metadata.refused'],
  ['a client_id with a port', { ...GOOD, client_id: 'https://a.example:443/client.json' }, 'metadata.refused'],
  ['a client_id in a list', { ...GOOD, client_id: [ID] }, 'metadata.refused'],
  ['no name', { ...GOOD, client_name: undefined }, 'metadata.refused'],
  ['a blank name', { ...GOOD, client_name: '  ' }, 'metadata.refused'],
  ['an endless name', { ...GOOD, client_name: 'x'.repeat(201) }, 'metadata.refused'],
  ['a name with a NUL', { ...GOOD, client_name: 'a\0b' }, 'metadata.refused'],
  ['half a character', { ...GOOD, client_name: '\ud800' }, 'metadata.refused'],
  ['no redirect', { ...GOOD, redirect_uris: [] }, 'metadata.redirect'],
  ['redirects as a text', { ...GOOD, redirect_uris: 'https://a.example/cb' }, 'metadata.redirect'],
  ['a redirect that is none', { ...GOOD, redirect_uris: [{ uri: 'https://a.example/cb' }] }, 'metadata.redirect'],
  ['bad redirects only', { ...GOOD, redirect_uris: ['http://a.example/cb', 'javascript:x'] }, 'metadata.redirect'],
  ['a secret', { ...GOOD, client_secret: 'x' }, 'metadata.refused'],
  ['a secret that is empty', { ...GOOD, client_secret: null }, 'metadata.refused'],
  ['the end of a secret', { ...GOOD, client_secret_expires_at: 0 }, 'metadata.refused'],
  ['client_secret_basic', { ...GOOD, token_endpoint_auth_method: 'client_secret_basic' }, 'metadata.refused'],
  ['client_secret_post', { ...GOOD, token_endpoint_auth_method: 'client_secret_post' }, 'metadata.refused'],
  ['client_secret_jwt', { ...GOOD, token_endpoint_auth_method: 'client_secret_jwt' }, 'metadata.refused'],
  ['secrets only', { ...GOOD, token_endpoint_auth_methods_supported: ['client_secret_post'] }, 'metadata.refused'],
  ['keys that are not there', { ...GOOD, token_endpoint_auth_method: 'private_key_jwt' }, 'metadata.refused'],
  ['keys twice', { ...GOOD, jwks: { keys: [KEY] }, jwks_uri: 'https://a.example/jwks' }, 'metadata.refused'],
  ['a private key', { ...GOOD, jwks: { keys: [{ ...KEY, d: 'd' }] } }, 'metadata.refused'],
  ['a shared key', { ...GOOD, jwks: { keys: [{ kty: 'oct', k: 'k' }] } }, 'metadata.refused'],
  ['an empty set', { ...GOOD, jwks: { keys: [] } }, 'metadata.refused'],
  ['keys over http', { ...GOOD, jwks_uri: 'http://a.example/jwks' }, 'metadata.refused'],
  ['keys with a user name', { ...GOOD, jwks_uri: 'https://user@a.example/jwks' }, 'metadata.refused'],
  ['alg none', { ...GOOD, token_endpoint_auth_signing_alg: 'none' }, 'metadata.refused'],
  ['alg HS256', { ...GOOD, token_endpoint_auth_signing_alg: 'HS256' }, 'metadata.refused'],
  ['a script for a logo', { ...GOOD, logo_uri: 'javascript:alert(1)' }, 'metadata.refused'],
]

test('what is no description of this client is refused [A-CI-05, A-CI-06, A-CI-07, A-CI-08]', async (t) => {
  for (const [what, body, reason] of REFUSED) t.match(judge(body), { ok: false, reason }, what)
})

test('the least that a document holds makes a public client [A-CI-07]', async (t) => {
  t.same(registration(GOOD), {
    name: 'A',
    redirectUris: GOOD.redirect_uris,
    authMethod: 'none',
    jwks: null,
    jwksUri: null,
    grantTypes: null,
    metadata: {},
  })
})

test('what is meant for other servers is left out: fields, grants, redirects, ways to authenticate [A-CI-24, CF-16]', async (t) => {
  const found = registration({
    ...GOOD,
    redirect_uris: ['http://a.example/cb', 'https://a.example/cb', 'javascript:x', 'http://localhost/cb'],
    grant_types: [
      'authorization_code',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'implicit',
      'client_credentials',
    ],
    token_endpoint_auth_methods_supported: ['tls_client_auth', 'private_key_jwt', 'none'],
    unknown: { deep: [1] },
  })
  t.same(found?.redirectUris, ['https://a.example/cb', 'http://localhost/cb'])
  t.same(found?.grantTypes, ['authorization_code'])
  t.equal(found?.authMethod, 'none', 'it has no keys')
  t.same(found?.metadata, {})
})

/** As the makers publish them, by the facts that matter here. */
const REAL = {
  claudeCode: {
    client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
    client_name: 'Claude Code',
    client_uri: 'https://claude.ai',
    redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  claudeAi: {
    client_id: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
    client_name: 'Claude',
    redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  codex: {
    client_id: 'https://chatgpt.com/oauth/codex/client.json',
    client_name: 'Codex',
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  chatGpt: {
    client_id: 'https://chatgpt.com/oauth/abcdef/client.json',
    client_name: 'ChatGPT',
    client_uri: 'https://chatgpt.com/',
    redirect_uris: ['https://chatgpt.com/connector/oauth/abcdef'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
    token_endpoint_auth_signing_alg: 'RS256',
    jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
  },
} as const

test('the documents of the real clients are accepted as what they are [CF-4, CF-14, CF-15, CF-16]', async (t) => {
  const { claudeCode, claudeAi, codex, chatGpt } = REAL
  for (const [document, authMethod] of [
    [claudeCode, 'none'],
    [claudeAi, 'none'],
    [codex, 'none'],
    [chatGpt, 'private_key_jwt'],
  ] as const) {
    const found = registration(document, document.client_id)
    t.match(found, { name: document.client_name, authMethod, grantTypes: ['authorization_code', 'refresh_token'] })
    t.same(found?.redirectUris, document.redirect_uris)
  }
  t.equal(registration(chatGpt, chatGpt.client_id)?.jwksUri, chatGpt.jwks_uri)
  const { jwks_uri: _, ...without } = chatGpt
  t.equal(registration(without, without.client_id)?.authMethod, 'none', 'without keys it can only be public')
})

test('property: whatever a document holds, it is judged', async (t) => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(ID, ['https://a.example/cb'], { keys: [KEY] }, 'none', '__proto__'),
  )
  const names = Object.keys({ ...GOOD, ...REAL.chatGpt, jwks: 1, scope: 1, contacts: 1, __proto__: 1, x: 1 })
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), value), (some) => {
      const verdict = judge({ ...GOOD, ...some })
      return verdict.ok ? verdict.registration.redirectUris.length > 0 : verdict.text !== ''
    }),
    { numRuns: 1_000 },
  )
  t.pass('held')
})
