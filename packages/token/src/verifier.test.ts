import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { exportJWK, SignJWT } from 'jose'
import { test } from 'tap'
import { localJwks } from './jwks/local.ts'
import { type JwksSource, JwksUnavailable } from './jwks/source.ts'
import { createTokenVerifier } from './verifier.ts'

const ISSUER = 'https://auth.example'
const AUDIENCE = 'https://mcp.example/mcp'
const NOW = 1_700_000_000
const clock = { now: () => NOW * 1_000 }

const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const keySet = {
  keys: [
    { ...(await exportJWK(ours.publicKey)), kid: 'k1', use: 'sig', alg: 'ES256' },
    { ...(await exportJWK(rsa.publicKey)), kid: 'r1' },
    { ...(await exportJWK(ours.privateKey)), kid: 'leaked' },
  ],
}
const jwks = localJwks(() => keySet)

const CLAIMS = {
  iss: ISSUER,
  sub: 'p1',
  aud: AUDIENCE,
  client_id: 'c1',
  iat: NOW,
  exp: NOW + 600,
  jti: 'j1',
  scope: 'entries:read entries:write',
  tenant_id: 't1',
  roles: ['member'],
  grant_id: 'g1',
}
const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }

const sign = (
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key: KeyObject = ours.privateKey,
): Promise<string> =>
  new SignJWT({ ...CLAIMS, ...claims }).setProtectedHeader({ ...HEADER, ...header } as { alg: string }).sign(key)

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const unsigned = (header: Record<string, unknown>, claims: Record<string, unknown> = CLAIMS): string =>
  `${encode(header)}.${encode(claims)}.`
const hmacWithPublicKey = (): string => {
  const body = `${encode({ ...HEADER, alg: 'HS256' })}.${encode(CLAIMS)}`
  const secret = ours.publicKey.export({ type: 'spki', format: 'pem' })
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
}
const verifier = (extra: Partial<Parameters<typeof createTokenVerifier>[0]> = {}) =>
  createTokenVerifier({ jwks, issuers: [ISSUER], audiences: [AUDIENCE], clock, ...extra })

test('a good token becomes the principal that it names', async (t) => {
  t.same(await verifier().verify(await sign()), {
    ok: true,
    principal: {
      tenant: 't1',
      kind: 'person',
      subject: 'p1',
      client: 'c1',
      scopes: new Set(['entries:read', 'entries:write']),
      roles: ['member'],
      grant: 'g1',
      credential: 'oauth',
      credentialId: 'j1',
      issuedAt: NOW,
      expiresAt: NOW + 600,
    },
  })
})

test('a token whose subject is its client stands for a service [S-AU-18]', async (t) => {
  const verified = await verifier().verify(await sign({ sub: 'c1', grant_id: undefined, roles: undefined }))
  t.match(verified, { ok: true, principal: { kind: 'service', subject: 'c1', roles: [] } })
})

const accepted: readonly (readonly [string, () => Promise<string>])[] = [
  ['RS256', () => sign({}, { alg: 'RS256', kid: 'r1' }, rsa.privateKey)],
  ['typ application/at+jwt', () => sign({}, { typ: 'application/at+jwt' })],
  ['an audience in a list of one', () => sign({ aud: [AUDIENCE] })],
  ['an audience with upper-case host and default port', () => sign({ aud: 'https://MCP.example:443/mcp' })],
  ['expired within the skew', () => sign({ exp: NOW - 29 })],
]
for (const [name, token] of accepted) {
  test(`accepted: ${name} [S-AU-15]`, async (t) => {
    t.match(await verifier().verify(await token()), { ok: true })
  })
}

const refused: readonly (readonly [string, string, () => string | Promise<string>])[] = [
  ['alg none', 'malformed', () => unsigned({ ...HEADER, alg: 'none' })],
  ['alg none in other case', 'malformed', () => unsigned({ ...HEADER, alg: 'nOnE' })],
  ['HS256 with the public key as secret', 'malformed', hmacWithPublicKey],
  ['no signature', 'malformed', () => unsigned(HEADER)],
  ['typ JWT', 'malformed', () => sign({}, { typ: 'JWT' })],
  ['no typ', 'malformed', () => sign({}, { typ: undefined })],
  ['no kid', 'malformed', () => sign({}, { kid: undefined })],
  [
    'its own key in the header',
    'malformed',
    async () => sign({}, { jwk: await exportJWK(theirs.publicKey) }, theirs.privateKey),
  ],
  ['a place to fetch keys from', 'malformed', () => sign({}, { jku: 'https://evil.example/jwks' }, theirs.privateKey)],
  ['x5u', 'malformed', () => sign({}, { x5u: 'https://evil.example/x5u' })],
  ['unknown kid', 'signature', () => sign({}, { kid: 'k9' })],
  ["the key's own id with another key", 'signature', () => sign({}, {}, theirs.privateKey)],
  ["another key's algorithm", 'signature', () => sign({}, { kid: 'r1' })],
  ['a key that was published with its private part', 'signature', () => sign({}, { kid: 'leaked' })],
  ['other issuer', 'issuer', () => sign({ iss: 'https://evil.example' })],
  ['issuer with a slash more', 'issuer', () => sign({ iss: `${ISSUER}/` })],
  ['other audience', 'audience', () => sign({ aud: 'https://mcp.example/sse' })],
  ['audience with a slash more', 'audience', () => sign({ aud: `${AUDIENCE}/` })],
  ['two audiences, ours among them', 'audience', () => sign({ aud: [AUDIENCE, 'https://other.example'] })],
  ['no audience in a list', 'audience', () => sign({ aud: [] })],
  ['expired', 'expired', () => sign({ exp: NOW - 30 })],
  ['issued in the future', 'expired', () => sign({ iat: NOW + 31 })],
  ['not yet valid', 'expired', () => sign({ nbf: NOW + 31 })],
  ['no tenant', 'malformed', () => sign({ tenant_id: undefined })],
  ['no jti', 'malformed', () => sign({ jti: undefined })],
  ['no exp', 'malformed', () => sign({ exp: undefined })],
  ['exp as text', 'malformed', () => sign({ exp: '9999999999' as unknown as number })],
  ['huge', 'malformed', () => sign({ scope: 'x'.repeat(9_000) })],
  ['empty', 'malformed', () => ''],
  ['no JWT', 'malformed', () => 'ghk_abcdef'],
]
for (const [name, reason, token] of refused) {
  test(`refused as ${reason}: ${name} [S-AU-15]`, async (t) => {
    t.same(await verifier().verify(await token()), { ok: false, reason })
  })
}

test('a changed byte of the payload breaks the signature', async (t) => {
  const [header, , signature] = (await sign()).split('.')
  const forged = `${header}.${encode({ ...CLAIMS, tenant_id: 't2' })}.${signature}`
  t.same(await verifier().verify(forged), { ok: false, reason: 'signature' })
})

test('another spelling of the same bytes is another token, and none of ours', async (t) => {
  const token = await sign()
  const [header, payload, signature] = token.split('.')
  const last = String(signature).at(-1) as string
  const twin = String.fromCharCode(last.charCodeAt(0) + 1)
  t.same(Buffer.from(`${signature?.slice(0, -1)}${twin}`, 'base64url'), Buffer.from(String(signature), 'base64url'))
  for (const spelt of [
    `${header}.${payload}.${signature?.slice(0, -1)}${twin}`,
    `${header}.${payload}.${signature}=`,
    `${header}.${payload}.${signature?.replace(/[-_]/, '+')}+`,
    `${header}.${payload}.${signature} `,
    `${header}.${payload}`,
    `${token}.x`,
  ]) {
    t.same(await verifier().verify(spelt), { ok: false, reason: 'malformed' }, spelt.slice(-6))
  }
})

test('a remembered token is still refused once it has expired', async (t) => {
  let now = NOW
  const { verify } = verifier({ clock: { now: () => now * 1_000 } })
  const token = await sign()
  t.match(await verify(token), { ok: true })
  now = NOW + 629
  t.match(await verify(token), { ok: true })
  now = NOW + 630
  t.same(await verify(token), { ok: false, reason: 'expired' })
})

test('a remembered token is refused as soon as the feed has its revocation', async (t) => {
  let revoked = false
  const { verify } = verifier({ feed: { revoked: () => revoked, current: (principal) => principal } })
  const token = await sign()
  t.match(await verify(token), { ok: true })
  revoked = true
  t.same(await verify(token), { ok: false, reason: 'revoked' })
  t.same(await verify(token), { ok: false, reason: 'revoked' }, 'a new check says the same')
})

test('a signature is checked once, and again only after the token was forgotten', async (t) => {
  let asked = 0
  const counted: JwksSource = {
    key(kid) {
      asked += 1
      return jwks.key(kid)
    },
  }
  const { verify } = verifier({ jwks: counted, cacheSize: 2 })
  const [one, two, three] = await Promise.all(['a', 'b', 'c'].map((jti) => sign({ jti })))
  for (const token of [one, two, one, two, one]) await verify(String(token))
  t.equal(asked, 2)
  await verify(String(three))
  await verify(String(one))
  t.equal(asked, 3, 'the one used last stayed')
  await verify(String(two))
  t.equal(asked, 4, 'the one unused longest went')
})

test('keys that cannot be had are not the fault of the token', async (t) => {
  const failing: JwksSource = { key: () => Promise.reject(new JwksUnavailable(new Error('down'))) }
  t.same(await verifier({ jwks: failing }).verify(await sign()), { ok: false, reason: 'unavailable' })
  const broken = localJwks(() => Promise.reject(new Error('down')))
  t.same(await verifier({ jwks: broken }).verify(await sign()), { ok: false, reason: 'unavailable' })
})

test('a verifier that would check nothing is not made', (t) => {
  t.throws(() => verifier({ issuers: [] }), TypeError)
  t.throws(() => verifier({ audiences: [] }), TypeError)
  t.end()
})

test('a verifier of one tenant takes tokens of that tenant alone [O3]', async (t) => {
  const { verify } = verifier({ tenant: 'tenant_acme' })
  t.match(await verify(await sign({ tenant_id: 'tenant_acme' })), { ok: true })
  t.same(await verify(await sign({ tenant_id: 'tenant_globex' })), { ok: false, reason: 'tenant' })
})

test('a verifier of no tenant takes tokens of clients that act for themselves alone, and no other verifier takes those', async (t) => {
  const ofNone = { sub: 'c1', grant_id: undefined, tenant_id: undefined, roles: undefined }
  const { verify } = verifier({ tenant: null })
  t.match(await verify(await sign(ofNone)), { ok: true, principal: { tenant: '*', kind: 'service', client: 'c1' } })
  t.same(await verify(await sign()), { ok: false, reason: 'tenant' })
  t.same(await verify(await sign({ ...ofNone, tenant_id: '*' })), { ok: false, reason: 'tenant' })
  for (const other of [verifier(), verifier({ tenant: 'tenant_acme' })])
    t.same(await other.verify(await sign(ofNone)), { ok: false, reason: 'malformed' })
})

test('a token that is remembered speaks for what its person has selected since [Z6]', async (t) => {
  let selected: string | undefined
  const { verify, known } = verifier({
    feed: {
      revoked: () => false,
      current: (principal) => (selected === undefined ? principal : { ...principal, tenant: selected }),
    },
  })
  const token = await sign({ tenant_id: 'tenant_acme' })
  t.match(await verify(token), { principal: { tenant: 'tenant_acme' } })
  selected = 'tenant_globex'
  t.match(await verify(token), { principal: { tenant: 'tenant_globex' } })
  t.match(known(token), { principal: { tenant: 'tenant_globex' } })
})
