import type { Profile } from '@gatehouse/profiles'
import { PAR_PATH } from '../authorize/par.ts'
import { CLIENT_ALGORITHMS } from '../clients/keys/judge-jwks.ts'
import { REVOKE_PATH } from '../grants/revocation.ts'
import { AUTHORIZE_PATH } from '../interaction/authorize.ts'
import { INTROSPECT_PATH } from '../introspection/routes.ts'
import { RESOURCE_ALGORITHMS, RESOURCE_AUTHENTICATION } from '../resources/authenticate.ts'
import { closedToOAuth, resourcesOf } from '../resources/of-profile.ts'
import type { Offered } from '../scopes/offered.ts'
import { LOGOUT_PATH } from '../sessions/logout.ts'
import { offeredGrants } from '../token/grant-types.ts'
import { TOKEN_PATH } from '../token/routes.ts'
import { USERINFO_PATH } from '../token/userinfo.ts'

export const JWKS_PATH = '/.well-known/jwks.json'

/** What decides which features there are. */
export interface Facts {
  readonly profile: Profile
  readonly issuer: string
  /** Origin of its endpoints. */
  readonly publicUrl: string
  /** Absent: those of the profile. */
  readonly protectedResources?: readonly string[] | undefined
  readonly offered: Offered
}

/** One thing that clients can find here, and what it adds to the discovery document while it is on. */
export interface Feature {
  readonly name: string
  /** Default: always. */
  readonly on?: (facts: Facts) => boolean
  readonly fields: (facts: Facts) => Readonly<Record<string, unknown>>
}

/** Ways in which a client can prove itself, in the order of preference of clients that take the first they know. */
const CLIENT_AUTHENTICATION = ['none', 'private_key_jwt', 'client_secret_basic', 'client_secret_post']

/** The table of contents of the document: a feature that is off has no field in it. */
export const FEATURES: readonly Feature[] = [
  {
    // RFC 8414 section 2.
    name: 'authorization server',
    fields: ({ profile, issuer, publicUrl, offered }) => ({
      issuer,
      authorization_endpoint: `${publicUrl}${AUTHORIZE_PATH}`,
      token_endpoint: `${publicUrl}${TOKEN_PATH}`,
      jwks_uri: `${publicUrl}${JWKS_PATH}`,
      scopes_supported: [...offered.names],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: [...offeredGrants(profile).keys()],
      token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
      token_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
    }),
  },
  { name: 'PKCE (RFC 7636)', fields: () => ({ code_challenge_methods_supported: ['S256'] }) },
  { name: 'issuer in answers (RFC 9207)', fields: () => ({ authorization_response_iss_parameter_supported: true }) },
  {
    name: 'protected resources (RFC 9728 section 4)',
    fields: ({ profile, publicUrl, protectedResources }) => ({
      protected_resources: protectedResources ?? openAt(profile, publicUrl),
    }),
  },
  {
    name: 'registration (RFC 7591)',
    fields: ({ profile, publicUrl }) => ({ registration_endpoint: `${publicUrl}${profile.paths.register}` }),
  },
  {
    name: 'client ID metadata documents',
    on: ({ profile }) => profile.clientDocuments.enabled,
    fields: () => ({ client_id_metadata_document_supported: true }),
  },
  {
    name: 'revocation (RFC 7009)',
    fields: ({ publicUrl }) => ({
      revocation_endpoint: `${publicUrl}${REVOKE_PATH}`,
      revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
      revocation_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
    }),
  },
  {
    name: 'introspection (RFC 7662)',
    fields: ({ publicUrl }) => ({
      introspection_endpoint: `${publicUrl}${INTROSPECT_PATH}`,
      introspection_endpoint_auth_methods_supported: RESOURCE_AUTHENTICATION,
      introspection_endpoint_auth_signing_alg_values_supported: RESOURCE_ALGORITHMS,
    }),
  },
  {
    name: 'pushed authorization requests (RFC 9126)',
    fields: ({ profile, publicUrl }) => ({
      pushed_authorization_request_endpoint: `${publicUrl}${PAR_PATH}`,
      require_pushed_authorization_requests: profile.requirePushedRequests,
    }),
  },
  {
    // OpenID Connect Discovery section 3. Signed requests are not offered, and the defaults would say that they are.
    name: 'OpenID Connect',
    on: ({ profile }) => profile.openid,
    fields: ({ publicUrl }) => ({
      userinfo_endpoint: `${publicUrl}${USERINFO_PATH}`,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'name', 'email'],
      prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
      claims_parameter_supported: false,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
    }),
  },
  {
    name: 'OpenID Connect RP-Initiated Logout',
    on: ({ profile }) => profile.openid,
    fields: ({ publicUrl }) => ({ end_session_endpoint: `${publicUrl}${LOGOUT_PATH}` }),
  },
]

/** Resources of the profile that tokens can be asked for. */
function openAt(profile: Profile, publicUrl: string): readonly string[] {
  const closed = closedToOAuth(profile, publicUrl)
  return resourcesOf(profile, publicUrl).flatMap(({ identifier }) => (closed.has(identifier) ? [] : [identifier]))
}
