import { randomUUID } from 'node:crypto'
import type { Signer } from '@gatehouse/keyring'
import type { Profile } from '@gatehouse/profiles'
import type { Person } from '../people/people.store.ts'
import type { Resource } from '../resources/resources.store.ts'
import { OFFLINE } from '../scopes/offered.ts'
import type { Holder } from './holder.ts'

/** Everything that a token answer is made of; collected inside the transaction, signed after its commit. */
export interface Issue {
  readonly holder: Holder
  /** The one that the token is for. */
  readonly resource: Resource
  /** What was granted of what means something there, or some of it. */
  readonly scopes: readonly string[]
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
  /** Resolves when what signs is there. */
  ready(): Promise<void>
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
    async ready() {
      await accessSigner.publicKeys()
    },
    async mint(issue, nowMs) {
      const iat = Math.floor(nowMs / 1_000)
      const { scopes, resource, refreshToken } = issue
      const withIdToken = profile.openid && scopes.includes('openid') && issue.holder.person !== undefined
      const [access_token, id_token] = await Promise.all([
        accessSigner.sign('at+jwt', accessClaims(issue, issuer, iat)),
        withIdToken ? idSigner.sign('JWT', idClaims(issue, issuer, iat)) : undefined,
      ])
      return {
        access_token,
        token_type: 'Bearer',
        expires_in: resource.tokenSeconds,
        scope: scopes.join(' '),
        ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
        ...(id_token === undefined ? {} : { id_token }),
      }
    },
  }
}

/** RFC 9068 section 2.2. No name and no email: a resource server does not need them. */
export function accessClaims({ holder, resource, scopes }: Issue, issuer: string, iat: number) {
  // What only means something here does not travel.
  const scope = scopes.filter((scope) => scope !== OFFLINE).join(' ')
  return {
    iss: issuer,
    sub: holder.subject,
    aud: resource.identifier,
    client_id: holder.clientId,
    iat,
    exp: iat + resource.tokenSeconds,
    jti: randomUUID(),
    ...(scope === '' ? {} : { scope }),
    ...(holder.authTime === undefined ? {} : { auth_time: seconds(holder.authTime) }),
    ...(holder.tenantId === undefined ? {} : { tenant_id: holder.tenantId }),
    roles: holder.roles,
    ...(holder.rolesAt === undefined ? {} : { roles_at: seconds(holder.rolesAt) }),
    ...(holder.grantId === undefined ? {} : { grant_id: holder.grantId }),
  }
}

/** OpenID Connect Core section 2. */
export const idClaims = ({ holder, resource, scopes, nonce }: Issue, issuer: string, iat: number) => ({
  iss: issuer,
  sub: holder.subject,
  aud: holder.clientId,
  iat,
  exp: iat + resource.tokenSeconds,
  ...(holder.authTime === undefined ? {} : { auth_time: seconds(holder.authTime) }),
  ...(nonce === undefined ? {} : { nonce }),
  ...(holder.person === undefined ? {} : personClaims(holder.person, scopes)),
})

const seconds = (time: Date): number => Math.floor(time.getTime() / 1_000)

/** OpenID Connect Core section 5.4: what each scope tells of the person. */
export const personClaims = (person: Person, scopes: readonly string[]) => ({
  ...(scopes.includes('profile') ? { name: person.name } : {}),
  ...(scopes.includes('email') ? { email: person.email } : {}),
})
