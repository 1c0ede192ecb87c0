import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { KeyValue } from '@gatehouse/kv'
import { createOutbound, type Outbound } from '@gatehouse/outbound'
import type { Profile } from '@gatehouse/profiles'
import type { Logger } from '@gatehouse/telemetry'
import type { Limiter } from '../http/limiter.ts'
import { offeredGrants } from '../token/grant-types.ts'
import { TOKEN_PATH } from '../token/routes.ts'
import { type AuthenticateClient, createClientAuthentication } from './authenticate.ts'
import { createClientFinder, type FindClient } from './find.ts'
import type { MetadataRules } from './judge-metadata.ts'
import { createAssertionVerifier } from './keys/assertion.ts'
import { createClientKeys } from './keys/client-keys.ts'
import { forStrangers } from './may-use.ts'
import { createMetadataDocuments } from './metadata-documents/documents.ts'
import type { Home } from './of-issuer.ts'
import { ownClients } from './own-clients.ts'

/** What the endpoints know of clients. */
export interface Clients {
  readonly findClient: FindClient
  readonly authenticateClient: AuthenticateClient
  /** What clients may say of themselves. */
  readonly metadataRules: MetadataRules
}

export function createClients(deps: {
  readonly profile: Profile
  readonly issuer: string
  readonly publicUrl: string
  readonly home: Home | undefined
  readonly db: Database
  readonly kv: KeyValue
  readonly clock: Clock
  readonly log: Logger
  readonly limiter: Limiter
  readonly outbound?: Outbound
}): Clients {
  const { profile, issuer, publicUrl, home } = deps
  const laptop = isOnLoopback(publicUrl)
  const outbound = deps.outbound ?? createOutbound({ loopback: laptop })
  const metadataRules: MetadataRules = {
    grants: forStrangers(offeredGrants(profile).keys()),
    redirects: { domains: profile.redirectDomains, schemes: profile.redirectSchemes },
  }
  const documentPolicy = profile.clientDocuments
  const documents = createMetadataDocuments({ ...deps, outbound, metadataRules, documentPolicy, laptop })
  const keys = createClientKeys({ ...deps, outbound })
  const verifyAssertion = createAssertionVerifier({ ...deps, keys, audiences: audiencesOf(profile, issuer, publicUrl) })
  return {
    metadataRules,
    findClient: createClientFinder({
      ...deps,
      documents,
      own: home?.tenantId === undefined ? ownClients(profile, publicUrl) : [],
    }),
    authenticateClient: createClientAuthentication({ ...deps, verifyAssertion }),
  }
}

/** The issuer, with the slash that some libraries put behind a bare origin (RFC 7523 section 3, rfc7523bis). */
const audiencesOf = (profile: Profile, issuer: string, publicUrl: string): readonly string[] => [
  issuer,
  `${issuer}/`,
  ...(profile.clientAssertionAudience === 'issuer' ? [] : [`${publicUrl}${TOKEN_PATH}`]),
]

/** A service on this machine may talk to this machine (client ID metadata document draft, section "SSRF Attacks"). */
function isOnLoopback(publicUrl: string): boolean {
  const { hostname } = new URL(publicUrl)
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname) || hostname.endsWith('.localhost')
}
