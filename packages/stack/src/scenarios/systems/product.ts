import { openProduct, tracker } from '@gatehouse/catalog-tracker'
import { systemClock } from '@gatehouse/contracts'
import { decide, type Principal, refusalText } from '@gatehouse/policy'
import { rulesOf } from '@gatehouse/profiles'
import { createRateLimit } from '@gatehouse/rate-limit'
import { silentLogger } from '@gatehouse/telemetry'
import type { Scope } from '@gatehouse/testkit'
import { createProductApi } from '@gatehouse/testkit/product-api'
import { createTokenVerifier, followFeed, remoteJwks } from '@gatehouse/token'
import type { Parts } from '../../parts.ts'
import type { Running } from '../running.ts'
import { administer } from './admin.ts'

export interface HouseWithParts extends Running {
  readonly parts: Pick<Parts, 'host' | 'kv' | 'bus'>
}

const clock = systemClock
const log = silentLogger

/**
 * The company's product beside Gatehouse: a REST application over its own tables, which asks auth about API keys (RFC 7662), verifies
 * tokens by itself, follows what is taken back, and counts in the window of the MCP endpoint. @returns its origin
 */
export async function runningProduct(t: Scope, house: HouseWithParts): Promise<string> {
  const { profile, publicUrl, parts } = house
  const identifier = 'https://api.align.example/v1'
  const scopes = profile.scopes.map(({ name, text }) => ({ name, text }))
  const { id, secret } = await administer(house, 'POST', '/resources', { identifier, name: 'Align REST API', scopes })

  const feed = await followFeed({ bus: parts.bus, clock, log, graceSeconds: profile.staleGraceSeconds })
  t.teardown(() => feed.stop())
  await feed.ready()
  const verifier = createTokenVerifier({
    jwks: remoteJwks(`${publicUrl}/.well-known/jwks.json`, { fetch, clock, log }),
    issuers: [publicUrl],
    // One credential for both: what may speak to the MCP endpoint may speak to the product.
    audiences: [identifier, `${publicUrl}${profile.paths.mcp}`],
    clock,
    feed: feed.view,
  })
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
  const introspected = async (token: string): Promise<Principal | undefined> => {
    const body = new URLSearchParams({ token })
    const answer = await fetch(`${publicUrl}/oauth/introspect`, { method: 'POST', body, headers: { authorization } })
    if (!answer.ok) throw new Error(`auth answered ${answer.status} to an introspection`)
    const facts = (await answer.json()) as { active: boolean } & Record<'tenant_id' | 'sub' | 'jti' | 'scope', string>
    if (!facts.active) return undefined
    const key = { tenant: facts.tenant_id, subject: facts.sub, credentialId: facts.jti, roles: [] }
    const scopes = new Set(facts.scope.split(' '))
    return { ...key, scopes, kind: 'key', credential: 'api-key', issuedAt: 0, expiresAt: Number.MAX_SAFE_INTEGER }
  }

  const rules = rulesOf(profile)
  const limit = createRateLimit({
    kv: parts.kv,
    clock,
    perMinute: profile.limits.requestsPerMinute,
    perTenant: profile.limits.tenantRequestsPerMinute,
    away: (error) => log.warn({ err: error }, 'the key-value store is away'),
  })
  const db = parts.host.as(tracker.schema.role)
  const api = createProductApi<Principal>({
    async admit(credential) {
      if (credential.startsWith(profile.apiKeyPrefix)) return introspected(credential)
      const verified = await verifier.verify(credential)
      return verified.ok ? verified.principal : undefined
    },
    judge(principal) {
      const required = { scopes: ['mcp:write'], permissions: ['entries:write'] }
      const decision = decide(principal, feed.view.tenant(principal.tenant), required, rules)
      return decision.allow ? undefined : refusalText(decision, rules)
    },
    take: (principal) => limit.take(principal, 1),
    open: (principal) => openProduct({ db, now: () => new Date(clock.now()) }, principal),
  })
  t.teardown(() => api.close())
  return api.listen({ host: '127.0.0.1', port: 0 })
}
