import { test } from 'tap'
import type { Grant } from '../grants/grants.store.ts'
import type { Resource } from '../resources/resources.store.ts'
import { sha256Base64url } from '../secrets.ts'
import type { Code } from './codes.store.ts'
import { type CodeForm, isVerifier, judgeCode } from './judge-code.ts'

const VERIFIER = 'v'.repeat(43)
const NOW = new Date(1_000_000)
const RESOURCE = { identifier: 'https://a.example/mcp' } as Resource
const GOOD: CodeForm = {
  clientId: 'cli_a',
  redirectUri: 'https://a.example/cb',
  verifier: VERIFIER,
  resource: RESOURCE,
}
const CODE: Code = {
  grantId: 'gra_a',
  redirectUri: 'https://a.example/cb',
  challenge: sha256Base64url(VERIFIER),
  nonce: null,
  expiresAt: new Date(1_000_001),
  consumedAt: null,
}
const GRANT: Grant = {
  id: 'gra_a',
  consentId: 'con_a',
  tenantId: 'ten_a',
  personId: 'per_a',
  clientId: 'cli_a',
  resources: ['https://a.example/mcp'],
  scopes: ['read'],
  authTime: NOW,
  createdAt: NOW,
  endedAt: null,
}
const USED = { consumedAt: new Date(1) }

const CASES: readonly (readonly [string, Partial<CodeForm>, Partial<Code>, Partial<Grant>, string])[] = [
  ['all is right', {}, {}, {}, 'exchange'],
  ['redirect_uri is left out', { redirectUri: undefined }, {}, {}, 'exchange'],
  ['another client', { clientId: 'cli_b' }, {}, {}, 'code.unknown'],
  ['another redirect_uri', { redirectUri: 'https://a.example/cb/' }, {}, {}, 'redirect.differs'],
  ['another verifier', { verifier: 'w'.repeat(43) }, {}, {}, 'pkce.mismatch'],
  ['another resource', { resource: 'resource.unknown' }, {}, {}, 'resource.unknown'],
  ['too late', {}, { expiresAt: NOW }, {}, 'code.expired'],
  ['the grant has ended', {}, {}, { endedAt: NOW }, 'grant.ended'],
  ['used', {}, USED, {}, 'replay'],
  ['used and expired', {}, { ...USED, expiresAt: NOW }, {}, 'replay'],
  ['used, another client', { clientId: 'cli_b' }, USED, {}, 'code.unknown'],
  ['used, another verifier', { verifier: 'w'.repeat(43) }, USED, {}, 'pkce.mismatch'],
  ['used, another resource', { resource: 'resource.unknown' }, USED, {}, 'resource.unknown'],
  ['used, another redirect_uri', { redirectUri: 'https://b.example' }, USED, {}, 'redirect.differs'],
]

test('only a request that is right in everything else is a replay [A-AC-03, A-AC-04, A-AC-05, A-PK-04]', async (t) => {
  for (const [name, form, code, grant, expected] of CASES) {
    const verdict = judgeCode({ ...GOOD, ...form }, { ...CODE, ...code }, { ...GRANT, ...grant }, NOW)
    t.equal(verdict.kind === 'refuse' ? verdict.reason : verdict.kind, expected, name)
  }
})

test('a verifier has 43 to 128 unreserved characters [A-PK-03]', async (t) => {
  for (const good of ['a'.repeat(43), 'a'.repeat(128), `${'A9-._~'.repeat(8)}`]) t.ok(isVerifier(good))
  for (const bad of [undefined, '', 'a'.repeat(42), 'a'.repeat(129), `${'a'.repeat(43)}+`]) t.notOk(isVerifier(bad))
})
