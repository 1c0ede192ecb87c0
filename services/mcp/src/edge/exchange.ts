import { ConfigError, type Secret } from '@gatehouse/config'
import type { Profile } from '@gatehouse/profiles'
import type { JWK } from 'jose'
import { z } from 'zod'
import type { Introspect, PrincipalFacts } from '../deps.ts'
import { type AuthCallerOptions, createAuthCaller } from './auth-caller.ts'

const facts = z.object({
  tenant: z.string().min(1),
  keyId: z.string().min(1),
  scopes: z.array(z.string()),
  issuedAt: z.number().int(),
  version: z.number().int().optional(),
  kind: z.enum(['organisation', 'project']).optional(),
  maker: z.object({ person: z.string().min(1), roles: z.array(z.string()) }).optional(),
  expiresAt: z.number().int().optional(),
})

/** What auth says of a key that is no good. Any other 404 is a wrong address, and no word about the key. */
const inactive = z.object({ error: z.literal('inactive') })

const TIMEOUT_MS = 5_000

/** auth did not answer as agreed: nothing can be said about the key. */
export class ExchangeUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'ExchangeUnavailable'
  }
}

export interface KeyExchangeOptions extends Omit<AuthCallerOptions, 'key'> {
  /** Private JWK as JSON text, ES256. */
  readonly key: Secret | undefined
}

type Exchange = (key: string) => Promise<PrincipalFacts | undefined>

/** The exchange for a profile: one that takes no API keys needs no key of its own. @throws ConfigError */
export async function keyExchangeOf(profile: Profile, options: KeyExchangeOptions): Promise<Exchange> {
  if (!profile.credentials.includes('api-key')) return async () => undefined
  if (options.key === undefined) throw new ConfigError(['MCP_CLIENT_KEY: needed, since the profile takes API keys'])
  try {
    const key = JSON.parse(options.key.reveal()) as JWK
    return await createKeyExchange({ ...options, key })
  } catch {
    // The cause may quote the key.
    throw new ConfigError(['MCP_CLIENT_KEY: not a private JWK for ES256'])
  }
}

/** The introspection for a service that has a key of its own; without one it cannot be asked. @throws ConfigError */
export async function introspectionOf(options: KeyExchangeOptions): Promise<Introspect | undefined> {
  if (options.key === undefined) return undefined
  try {
    return await createIntrospection({ ...options, key: JSON.parse(options.key.reveal()) as JWK })
  } catch {
    // The cause may quote the key.
    throw new ConfigError(['MCP_CLIENT_KEY: not a private JWK for ES256'])
  }
}

/** Asks auth what an API key proves: 200 brings the facts, 404 with `inactive` says that the key is no good; anything else is an outage. */
export async function createKeyExchange(options: AuthCallerOptions): Promise<Exchange> {
  const ask = await createAuthCaller(options)
  return async (key) => {
    const answer = await ask('/internal/v1/credentials', { credential: key }, TIMEOUT_MS)
    if (answer.status === 404 && inactive.safeParse(await answer.json().catch(() => undefined)).success)
      return undefined
    if (!answer.ok) throw new ExchangeUnavailable(`auth answered ${answer.status} to the exchange of an API key`)
    const parsed = facts.safeParse(await answer.json())
    if (!parsed.success) throw new ExchangeUnavailable('auth answered an exchange with unknown facts', parsed.error)
    return parsed.data
  }
}

const introspected = z.object({ active: z.boolean(), tenant_status: z.enum(['active', 'suspended']).optional() })

/** Asked where a caller waits while nothing else is known: auth answers soon, or is taken to be away. */
const INTROSPECT_MS = 2_000

/** Asks auth what a credential is worth now (RFC 7662 section 2.2, and the state of its tenant). Rejects when auth does not say. */
export async function createIntrospection(options: AuthCallerOptions): Promise<Introspect> {
  const ask = await createAuthCaller(options)
  return async (credential) => {
    const answer = await ask('/internal/v1/introspect', { token: credential }, INTROSPECT_MS)
    if (!answer.ok) throw new ExchangeUnavailable(`auth answered ${answer.status} to an introspection`)
    const parsed = introspected.safeParse(await answer.json())
    if (!parsed.success)
      throw new ExchangeUnavailable('auth answered an introspection with something else', parsed.error)
    const { active, tenant_status } = parsed.data
    return { active, ...(tenant_status === undefined ? {} : { tenant_status }) }
  }
}
