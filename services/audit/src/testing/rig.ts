import type { Bus } from '@gatehouse/bus'
import { Secret } from '@gatehouse/config'
import { type Clock, systemClock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { createLocalSigner, makeSigningKey } from '@gatehouse/keyring'
import { fixedKeyring } from '@gatehouse/keyring/testing'
import type { Principal } from '@gatehouse/policy'
import { loadProfile } from '@gatehouse/profiles'
import { createServer } from '@gatehouse/service'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { createTokenVerifier, localJwks } from '@gatehouse/token'
import { createAuditApp, RESOURCE_PATH } from '../app.ts'

export const ADMIN_TOKEN = 'operator-token'
export const PUBLIC_URL = 'http://gatehouse.test'
/** From which the keys of its keyrings are derived. */
export const SECRET = 'a secret of sixteen characters'

const signer = createLocalSigner(fixedKeyring({ make: makeSigningKey('ES256') }))

/** For tests: an access token as auth signs it. */
export function accessToken(over: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1_000)
  const claims = { iss: PUBLIC_URL, sub: 'p1', aud: `${PUBLIC_URL}${RESOURCE_PATH}`, client_id: 'c1', jti: 'j1' }
  return signer.sign('at+jwt', {
    ...{ ...claims, iat, exp: iat + 600, scope: 'audit:read', tenant_id: 't1', roles: ['admin'] },
    ...over,
  })
}

/** For tests: the service over given parts, with a server in front that does not listen. */
export async function auditRig(parts: {
  readonly database: Database
  readonly bus: Bus
  readonly clock?: Clock
  readonly freshness?: 'fresh' | 'stale' | 'expired'
  readonly fetch?: typeof globalThis.fetch
  readonly profile?: string
  /** Whether auth's keys can be had. */
  readonly keys?: 'there' | 'away'
  /** Whose credential was taken back. */
  readonly revoked?: (principal: Principal) => boolean
}) {
  const { clock = systemClock, freshness = 'fresh', fetch = globalThis.fetch } = parts
  const metrics = createMetrics({ process: false })
  const jwks = localJwks(async () => {
    if (parts.keys === 'away') throw new Error('down')
    return { keys: await signer.publicKeys() }
  })
  const audit = createAuditApp({
    profile: loadProfile(parts.profile ?? 'align'),
    publicUrl: PUBLIC_URL,
    issuer: PUBLIC_URL,
    authUrl: PUBLIC_URL,
    fetch,
    verifierFor: (audience, tenant) =>
      createTokenVerifier({
        ...{ jwks, issuers: [PUBLIC_URL], audiences: [audience], clock },
        ...(tenant === null && { tenant }),
        ...(parts.revoked && { feed: { revoked: parts.revoked, current: (principal) => principal } }),
      }),
    feed: { freshness: () => freshness },
    database: parts.database,
    bus: parts.bus,
    secret: new Secret(SECRET),
    adminToken: new Secret(ADMIN_TOKEN),
    clock,
    log: silentLogger,
    metrics,
  })
  const server = createServer({ log: silentLogger, metrics, ready: audit.ready })
  await server.register(audit.app)
  const get = (url: string, headers: Record<string, string> = { authorization: `Bearer ${ADMIN_TOKEN}` }) =>
    server.inject({ method: 'GET', url, headers })
  return { audit, server, metrics, get }
}
