import { randomUUID } from 'node:crypto'
import { type Clock, systemClock } from '@gatehouse/contracts'
import { importJWK, type JWK, SignJWT } from 'jose'
import { z } from 'zod'

/** What the catalog proves itself with at the company's own API. Never the token of a client: that one is for the MCP endpoint alone. */
export interface ServiceCredential {
  /** A token that is good for a while yet. @throws CredentialUnavailable; Error when auth refuses to give one */
  token(): Promise<string>
  /** The API refused it: the next one is a new one. */
  forget(token: string): void
}

/** Nobody who gives tokens answers. */
export class CredentialUnavailable extends Error {
  constructor(cause: unknown) {
    super('the service credential cannot be had now', { cause })
    this.name = 'CredentialUnavailable'
  }
}

export interface ServiceCredentialOptions {
  /** The issuer of the deployment. */
  readonly issuer: string
  /** Where auth is reached from here; default: at the issuer. */
  readonly authUrl?: string
  /** A client that an operator registered, with the grant `client_credentials` and `private_key_jwt`. */
  readonly clientId: string
  /** Its private JWK, ES256. */
  readonly key: JWK
  /** Identifier of the API, as it is registered: the audience of the tokens. */
  readonly resource: string
  /** Space-separated; default: all that the operator allowed. */
  readonly scope?: string
  readonly clock?: Clock
  readonly fetch?: typeof globalThis.fetch
}

const ASSERTION_SECONDS = 60
const TIMEOUT_MS = 5_000
/** A token is not used in its last seconds: it may be on its way for as long as a request may take. */
const MARGIN_MS = 30_000

const answer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() })

/** Tokens by `client_credentials` (OAuth 2.1, section 4.2), for one resource (RFC 8707), kept until shortly before their end. */
export function createServiceCredential(options: ServiceCredentialOptions): ServiceCredential {
  const { clock = systemClock } = options
  let held: { readonly token: string; readonly until: number } | undefined
  let coming: Promise<string> | undefined
  const renew = async (): Promise<string> => {
    const { access_token: token, expires_in } = await askToken(options, clock)
    held = { token, until: clock.now() + Math.max(expires_in * 1_000 - MARGIN_MS, (expires_in * 1_000) / 2) }
    return token
  }
  return {
    async token() {
      if (held !== undefined && clock.now() < held.until) return held.token
      // Many calls at once ask for one token.
      coming ??= renew().finally(() => {
        coming = undefined
      })
      return coming
    },
    forget(token) {
      if (held?.token === token) held = undefined
    },
  }
}

async function askToken(options: ServiceCredentialOptions, clock: Clock): Promise<z.output<typeof answer>> {
  const { issuer, authUrl = issuer, resource, scope, fetch = globalThis.fetch } = options
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    resource,
    ...(scope === undefined ? {} : { scope }),
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await assertion(options, clock),
  })
  let response: Response
  let body: unknown
  try {
    response = await fetch(new URL('/oauth/token', authUrl), {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: form,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    body = await response.json()
  } catch (error) {
    throw new CredentialUnavailable(error)
  }
  if (response.status >= 500 || response.status === 429) throw new CredentialUnavailable(response.status)
  const parsed = answer.safeParse(body)
  if (response.ok && parsed.success) return parsed.data
  const { error } = z
    .object({ error: z.string().max(100) })
    .catch({ error: 'no token' })
    .parse(body)
  throw new Error(`auth gives ${options.clientId} no token for ${resource}: ${response.status} ${error}`)
}

/** `private_key_jwt` (RFC 7523), new for each request. */
async function assertion({ issuer, clientId, key }: ServiceCredentialOptions, clock: Clock): Promise<string> {
  const now = Math.floor(clock.now() / 1_000)
  return new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256', ...(key.kid === undefined ? {} : { kid: key.kid }) })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(issuer)
    .setIssuedAt(now)
    .setExpirationTime(now + ASSERTION_SECONDS)
    .sign(await importJWK(key, 'ES256'))
}
