import { createHmac } from 'node:crypto'
import { importJWK } from 'jose'
import * as openid from 'openid-client'
import { z } from 'zod'
import { PageFault } from '../http/pages.ts'
import { sha256Base64url } from '../secrets.ts'
import { isLoopback, type Proof, type Provider } from './provider.ts'

/** What a provider says of the person who comes back from it. */
export interface Identity {
  readonly issuer: string
  readonly subject: string
  readonly email: string | undefined
  readonly emailVerified: boolean
  readonly name: string | undefined
  /** When they proved it there, as far as the provider says so. */
  readonly authTime: Date | undefined
}

export interface Departing {
  readonly state: string
  readonly redirectUri: string
  readonly loginHint: string | undefined
  /** Seconds that the sign-in there may be old. */
  readonly maxAge: number | undefined
  /** Whether it has to be a new one. */
  readonly fresh: boolean
}

/** Our part as an OpenID client of other providers. */
export interface RelyingParty {
  /** Where the browser is sent. @throws PageFault when the provider cannot be reached */
  depart(provider: Provider, departing: Departing): Promise<URL>
  /**
   * What the answer at the callback proves. State, `iss`, nonce, PKCE, the ID token's signature, audience and age are judged here.
   * @throws PageFault
   */
  arrive(provider: Provider, callback: URL, of: Pick<Departing, 'state' | 'maxAge'>): Promise<Identity>
}

/** How long what a provider says of itself is believed. Its keys are read anew when one is not known. */
const CONFIGURATION_MS = 10 * 60_000
const TIMEOUT_SECONDS = 5

const claims = z.object({
  sub: z.string().min(1).max(255),
  email: z.string().max(320).optional().catch(undefined),
  email_verified: z.boolean().optional().catch(undefined),
  name: z.string().max(200).optional().catch(undefined),
  auth_time: z.number().optional().catch(undefined),
})

/** Nonce and verifier are computed from the state, so that nothing secret has to be kept while the person is away. */
const derived = (key: Uint8Array, purpose: string, state: string): string =>
  createHmac('sha256', key).update(`${purpose}:${state}`).digest('base64url')

export function createRelyingParty(options: {
  readonly key: Uint8Array
  readonly now: () => number
  /** Default: the one of the runtime. Redirects are not followed. */
  readonly fetch?: openid.CustomFetch | undefined
}): RelyingParty {
  const { key, now } = options
  const known = new Map<
    string,
    { readonly provider: Provider; readonly configuration: Promise<openid.Configuration>; readonly until: number }
  >()

  const configurationOf = (provider: Provider): Promise<openid.Configuration> => {
    const found = known.get(provider.id)
    if (found !== undefined && found.until > now() && sameProvider(found.provider, provider)) return found.configuration
    const entry = { provider, configuration: discover(provider, options.fetch), until: now() + CONFIGURATION_MS }
    known.set(provider.id, entry)
    entry.configuration.catch(() => {
      if (known.get(provider.id) === entry) known.delete(provider.id)
    })
    return entry.configuration
  }

  return {
    async depart(provider, { state, redirectUri, loginHint, maxAge, fresh }) {
      const configuration = await inWords(() => configurationOf(provider))
      return openid.buildAuthorizationUrl(configuration, {
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: provider.scopes.join(' '),
        state,
        nonce: derived(key, 'nonce', state),
        code_challenge: sha256Base64url(derived(key, 'verifier', state)),
        code_challenge_method: 'S256',
        ...(loginHint === undefined ? {} : { login_hint: loginHint }),
        ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
        ...(fresh ? { prompt: 'login' } : {}),
      })
    },
    arrive: (provider, callback, { state, maxAge }) =>
      inWords(async () => {
        const configuration = await configurationOf(provider)
        const tokens = await openid.authorizationCodeGrant(configuration, callback, {
          expectedState: state,
          expectedNonce: derived(key, 'nonce', state),
          pkceCodeVerifier: derived(key, 'verifier', state),
          idTokenExpected: true,
          ...(maxAge === undefined ? {} : { maxAge }),
        })
        const told = claims.parse(tokens.claims())
        const more =
          told.email === undefined && configuration.serverMetadata().userinfo_endpoint !== undefined
            ? claims.parse(await openid.fetchUserInfo(configuration, tokens.access_token, told.sub))
            : undefined
        return {
          issuer: provider.issuer,
          subject: told.sub,
          email: told.email ?? more?.email,
          // Of the same answer as the address.
          emailVerified: (more ?? told).email_verified === true,
          name: told.name ?? more?.name,
          authTime: told.auth_time === undefined ? undefined : new Date(told.auth_time * 1_000),
        }
      }),
  }
}

const sameProvider = (one: Provider, other: Provider): boolean => JSON.stringify(one) === JSON.stringify(other)

async function discover(provider: Provider, fetch: openid.CustomFetch | undefined): Promise<openid.Configuration> {
  const insecure = provider.issuer.startsWith('http:') && isLoopback(provider.issuer)
  const configuration = await openid.discovery(
    new URL(provider.issuer),
    provider.clientId,
    undefined,
    await clientAuthentication(provider.proof),
    {
      timeout: TIMEOUT_SECONDS,
      // The ID token's signature is checked too, although it comes over TLS from the provider itself.
      execute: [openid.enableNonRepudiationChecks, ...(insecure ? [openid.allowInsecureRequests] : [])],
      ...(fetch === undefined ? {} : { [openid.customFetch]: fetch }),
    },
  )
  configuration.timeout = TIMEOUT_SECONDS
  return configuration
}

async function clientAuthentication(proof: Proof): Promise<openid.ClientAuth> {
  switch (proof.method) {
    case 'client_secret_basic':
      return openid.ClientSecretBasic(proof.secret)
    case 'client_secret_post':
      return openid.ClientSecretPost(proof.secret)
    case 'private_key_jwt': {
      const key = await importJWK(proof.key)
      if (key instanceof Uint8Array) throw new TypeError('a private key is asymmetric')
      return openid.PrivateKeyJwt(proof.key.kid === undefined ? key : { key, kid: proof.key.kid })
    }
  }
}

/** A provider that is away, one that said no, and an answer that proves nothing are three things for a person. */
async function inWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof openid.AuthorizationResponseError) throw new PageFault('upstream.denied', { cause: error })
    throw new PageFault(isAway(error) ? 'upstream.unavailable' : 'upstream.unproven', { cause: error })
  }
}

/** Network faults, time running out, and answers of a server that has a fault of its own. */
function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, cause, status } = error as { code?: unknown; cause?: unknown; status?: unknown }
  if (typeof status === 'number') return status >= 500
  if (code === 'OAUTH_TIMEOUT' || error.name === 'TimeoutError' || error.name === 'AbortError') return true
  if (cause instanceof Response) return cause.status >= 500 || cause.status === 404
  return error instanceof TypeError || (cause instanceof Error && isAway(cause))
}
