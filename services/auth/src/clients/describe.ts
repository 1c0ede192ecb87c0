import type { NewClient } from './clients.store.ts'

/** What a client can be told of itself only while it is made or holds it. */
export interface Held {
  readonly secret?: string | undefined
  readonly registrationToken: string
  /** Where it manages itself. */
  readonly registrationUri: string
}

/**
 * RFC 7591 section 3.2.1 and RFC 7592 section 3: everything that is registered, defaults and changes included. Of secrets only hashes are
 * kept, so one that was issued before is not told again.
 */
export function describeClient(client: NewClient, { secret, registrationToken, registrationUri }: Held) {
  return {
    client_id: client.id,
    ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    client_id_issued_at: client.createdAt.getTime() / 1_000,
    registration_access_token: registrationToken,
    registration_client_uri: registrationUri,
    client_name: client.name,
    redirect_uris: client.redirectUris,
    grant_types: client.grantTypes ?? ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: client.authMethod,
    ...(client.jwks === null ? {} : { jwks: client.jwks }),
    ...(client.jwksUri === null ? {} : { jwks_uri: client.jwksUri }),
    ...client.metadata,
  }
}
