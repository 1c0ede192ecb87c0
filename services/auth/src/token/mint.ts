import type { Signer } from '@gatehouse/keyring'
import type { Profile } from '@gatehouse/profiles'
import type { Grant } from '../grants/grants.store.ts'
import type { Person } from '../people/people.store.ts'
import { OFFLINE } from '../scopes/offered.ts'
import { newSecret } from '../secrets.ts'

/** Everything that a token answer is made of; collected inside the transaction, signed after its commit. */
export interface Issue {
  readonly grant: Grant
  readonly person: Person
  readonly role: string
  /** All or some of the grant's. */
  readonly scopes: readonly string[]
  readonly tokenSeconds: number
  readonly refreshToken?: string | undefined
  readonly nonce?: string | undefined
}

/** RFC 6749 section 5.1. */
export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly scope: string
  readonly refresh_token?: string
  readonly id_token?: string
}

export interface Minter {
  mint(issue: Issue, nowMs: number): Promise<TokenAnswer>
}

export function createMinter(deps: {
  readonly issuer: string
  readonly profile: Profile
  readonly accessSigner: Signer
  readonly idSigner: Signer
}): Minter {
  const { issuer, profile, accessSigner, idSigner } = deps
  return {
    async mint(issue, nowMs) {
      const iat = Math.floor(nowMs / 1_000)
      const { scopes, tokenSeconds, refreshToken } = issue
      const withIdToken = profile.openid && scopes.includes('openid')
      const [access_token, id_token] = await Promise.all([
        accessSigner.sign('at+jwt', accessClaims(issue, issuer, iat)),
        withIdToken ? idSigner.sign('JWT', idClaims(issue, issuer, iat)) : undefined,
      ])
      return {
        access_token,
        token_type: 'Bearer',
        expires_in: tokenSeconds,
        scope: scopes.join(' '),
        ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
        ...(id_token === undefined ? {} : { id_token }),
      }
    },
  }
}

/** RFC 9068 section 2.2. No name and no email: a resource server does not need them. */
export const accessClaims = ({ grant, role, scopes, tokenSeconds }: Issue, issuer: string, iat: number) => ({
  iss: issuer,
  sub: grant.personId,
  aud: grant.resource,
  client_id: grant.clientId,
  iat,
  exp: iat + tokenSeconds,
  jti: newSecret(),
  // What only means something here does not travel.
  scope: scopes.filter((scope) => scope !== OFFLINE).join(' '),
  auth_time: Math.floor(grant.authTime.getTime() / 1_000),
  tenant_id: grant.tenantId,
  roles: [role],
  grant_id: grant.id,
})

/** OpenID Connect Core section 2. */
export const idClaims = ({ grant, person, scopes, tokenSeconds, nonce }: Issue, issuer: string, iat: number) => ({
  iss: issuer,
  sub: grant.personId,
  aud: grant.clientId,
  iat,
  exp: iat + tokenSeconds,
  auth_time: Math.floor(grant.authTime.getTime() / 1_000),
  ...(nonce === undefined ? {} : { nonce }),
  ...personClaims(person, scopes),
})

/** OpenID Connect Core section 5.4: what each scope tells of the person. */
export const personClaims = (person: Person, scopes: readonly string[]) => ({
  ...(scopes.includes('profile') ? { name: person.name } : {}),
  ...(scopes.includes('email') ? { email: person.email } : {}),
})
