import type { Profile } from '@gatehouse/profiles'
import { CLIENT_ALGORITHMS } from '../clients/keys/judge-jwks.ts'
import { REVOKE_PATH } from '../grants/revocation.ts'
import { AUTHORIZE_PATH } from '../interaction/authorize.ts'
import type { Offered } from '../scopes/offered.ts'
import { LOGOUT_PATH } from '../sessions/logout.ts'
import { offeredGrants } from '../token/grant-types.ts'
import { TOKEN_PATH } from '../token/routes.ts'
import { USERINFO_PATH } from '../token/userinfo.ts'

export const JWKS_PATH = '/.well-known/jwks.json'
const CLIENT_AUTHENTICATION = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']

/** RFC 8414 section 2, from what is really there. */
export function serverMetadata(profile: Profile, issuer: string, offered: Offered): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}${AUTHORIZE_PATH}`,
    token_endpoint: `${issuer}${TOKEN_PATH}`,
    jwks_uri: `${issuer}${JWKS_PATH}`,
    registration_endpoint: `${issuer}${profile.paths.register}`,
    revocation_endpoint: `${issuer}${REVOKE_PATH}`,
    scopes_supported: [...offered.names],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: [...offeredGrants(profile).keys()],
    token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    token_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    revocation_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
    ...(profile.clientDocuments.enabled ? { client_id_metadata_document_supported: true } : {}),
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    protected_resources: [`${issuer}${profile.paths.mcp}`],
    ...(profile.openid ? OPENID(issuer) : {}),
  }
}

/** OpenID Connect Discovery section 3. */
const OPENID = (issuer: string) => ({
  userinfo_endpoint: `${issuer}${USERINFO_PATH}`,
  // OpenID Connect RP-Initiated Logout 1.0 section 2.1.
  end_session_endpoint: `${issuer}${LOGOUT_PATH}`,
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'name', 'email'],
  prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
  claims_parameter_supported: false,
  request_parameter_supported: false,
  request_uri_parameter_supported: false,
})
