import { randomUUID } from 'node:crypto'
import { ConfigError, type Secret } from '@gatehouse/config'
import type { Clock } from '@gatehouse/contracts'
import type { Profile } from '@gatehouse/profiles'
import { importJWK, type JWK, SignJWT } from 'jose'
import { z } from 'zod'
import type { PrincipalFacts } from '../deps.ts'

const facts = z.object({
  tenant: z.string().min(1),
  keyId: z.string().min(1),
  scopes: z.array(z.string()),
  issuedAt: z.number().int(),
  expiresAt: z.number().int().optional(),
})

/** What auth says of a key that is no good. Any other 404 is a wrong address, and no word about the key. */
const inactive = z.object({ error: z.literal('inactive') })

const ASSERTION_SECONDS = 60
const TIMEOUT_MS = 5_000

/** auth did not answer as agreed: nothing can be said about the key. */
export class ExchangeUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'ExchangeUnavailable'
  }
}

export interface KeyExchangeOptions {
  /** Where auth is reached from here. */
  readonly authUrl: string
  readonly issuer: string
  readonly clientId: string
  /** Private JWK as JSON text, ES256. */
  readonly key: Secret | undefined
  readonly clock: Clock
  readonly fetch: typeof globalThis.fetch
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

/**
 * Asks auth what an API key proves: `POST <authUrl>/internal/v1/credentials` with `{ "credential": "<key>" }`, as the client
 * `clientId` that proves itself with `private_key_jwt` (RFC 7523) in the Authorization header. 200 brings the facts, 404 with
 * `inactive` says that the key is no good; anything else is an outage.
 */
export async function createKeyExchange(
  options: Omit<KeyExchangeOptions, 'key'> & { readonly key: JWK },
): Promise<Exchange> {
  const { issuer, clientId, clock, fetch } = options
  const signer = await importJWK(options.key, 'ES256')
  const url = new URL('/internal/v1/credentials', options.authUrl)
  const assertion = (): Promise<string> => {
    const now = Math.floor(clock.now() / 1_000)
    return new SignJWT({
      iss: clientId,
      sub: clientId,
      aud: issuer,
      iat: now,
      exp: now + ASSERTION_SECONDS,
      jti: randomUUID(),
    })
      .setProtectedHeader({ alg: 'ES256', ...(options.key.kid === undefined ? {} : { kid: options.key.kid }) })
      .sign(signer)
  }
  return async (key) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${await assertion()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ credential: key }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (answer.status === 404 && inactive.safeParse(await answer.json().catch(() => undefined)).success)
      return undefined
    if (!answer.ok) throw new ExchangeUnavailable(`auth answered ${answer.status} to the exchange of an API key`)
    const parsed = facts.safeParse(await answer.json())
    if (!parsed.success) throw new ExchangeUnavailable('auth answered an exchange with unknown facts', parsed.error)
    return parsed.data
  }
}
