import type { Clock } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import { followsSelection, type Profile } from '@gatehouse/profiles'
import { key_get_by_hash } from '../api-keys/api-keys.store.ts'
import { rolesOf, touchKey } from '../api-keys/exchange.ts'
import type { Resource } from '../resources/resources.store.ts'
import { OFFLINE } from '../scopes/offered.ts'
import { sha256 } from '../secrets.ts'
import { type Standing, standing_of_tenant } from '../token/alive.store.ts'
import { standingOf } from '../token/alive.ts'
import type { OwnClaims, ReadOwnToken } from '../token/own-tokens.ts'

/** RFC 7662 section 2.2; beside its members ours of access tokens. Nothing else is said of what is not active. */
export type Introspection =
  | { readonly active: false }
  | {
      readonly active: true
      readonly iss: string
      readonly sub: string
      readonly aud?: string
      readonly client_id?: string
      readonly token_type: 'Bearer'
      /** What kind of credential it is, since both are carried as Bearer. */
      readonly credential: 'oauth' | 'api-key'
      readonly scope: string
      readonly iat: number
      readonly exp?: number
      readonly jti: string
      readonly tenant_id?: string
      /** Of the tenant, now: `suspended` is told to our own services only, to others such a token is not active. */
      readonly tenant_status?: 'active' | 'suspended'
      /** The person's role in the tenant, now; of a key that of the person who made it. */
      readonly roles: readonly string[]
      /** Of an API key: the person who made it. Absent: an operator, whose keys have no role. */
      readonly maker?: string
      /** Of an API key. */
      readonly key_kind?: 'organisation' | 'project'
      /** The only one that a key of the kind `project` is for. */
      readonly project?: string
      readonly grant_id?: string
      readonly auth_time?: number
    }

/**
 * What a credential is worth, now: an access token or an API key; a refresh token is nobody's business but ours.
 * @param asking the registered resource that asks, and is told only of what is for it; `undefined` for a service of our own
 */
export type Introspect = (credential: string, asking: Resource | undefined) => Promise<Introspection>

const INACTIVE: Introspection = { active: false }

export function createIntrospection(deps: {
  readonly profile: Profile
  readonly issuer: string
  readonly db: Database
  readonly clock: Clock
  readonly readToken: ReadOwnToken
}): Introspect {
  const { issuer, db, clock, readToken } = deps
  const follows = followsSelection(deps.profile)
  return async (credential, asking) => {
    const claims = await readToken(credential)
    return db.asPlatform('introspection', (tx) =>
      claims === undefined
        ? ofKey(tx, credential, asking, issuer, new Date(clock.now()))
        : ofToken(tx, { claims, follows }, asking),
    )
  }
}

async function ofToken(
  tx: Tx,
  { claims, follows }: { readonly claims: OwnClaims; readonly follows: boolean },
  asking: Resource | undefined,
): Promise<Introspection> {
  if (asking !== undefined && claims.audience !== asking.identifier) return INACTIVE
  const standing = await standingOf(tx, claims, follows)
  if (standing === undefined || isClosed(standing, asking)) return INACTIVE
  return {
    active: true,
    iss: claims.issuer,
    sub: claims.subject,
    aud: claims.audience,
    client_id: claims.clientId,
    token_type: 'Bearer',
    credential: 'oauth',
    scope: claims.scopes.filter((scope) => scope !== OFFLINE).join(' '),
    iat: claims.issuedAt,
    exp: claims.expiresAt,
    jti: claims.jti,
    ...(claims.tenantId === undefined ? {} : { tenant_id: standing.tenantId ?? claims.tenantId }),
    ...(standing.tenantStatus === null ? {} : { tenant_status: standing.tenantStatus }),
    roles: standing.role === null ? [] : [standing.role],
    ...(claims.grantId === undefined ? {} : { grant_id: claims.grantId }),
    ...(claims.authTime === undefined ? {} : { auth_time: claims.authTime }),
  }
}

/** A key is for every resource that has one of its scopes, and of its scopes a resource is told its own. */
async function ofKey(
  tx: Tx,
  credential: string,
  asking: Resource | undefined,
  issuer: string,
  now: Date,
): Promise<Introspection> {
  const key = await key_get_by_hash(tx, sha256(credential), now)
  if (key === undefined) return INACTIVE
  const scopes =
    asking === undefined ? key.scopes : key.scopes.filter((scope) => asking.scopes.some(({ name }) => name === scope))
  const standing = await standing_of_tenant(tx, key.tenantId)
  if (scopes.length === 0 || standing === undefined || isClosed(standing, asking)) return INACTIVE
  await touchKey(tx, key, now)
  return {
    active: true,
    iss: issuer,
    sub: key.id,
    ...(asking === undefined ? {} : { aud: asking.identifier }),
    token_type: 'Bearer',
    credential: 'api-key',
    scope: scopes.join(' '),
    iat: seconds(key.createdAt),
    ...(key.expiresAt === null ? {} : { exp: seconds(key.expiresAt) }),
    jti: key.id,
    tenant_id: key.tenantId,
    ...(standing.tenantStatus === null ? {} : { tenant_status: standing.tenantStatus }),
    roles: rolesOf(key),
    ...(key.maker === null ? {} : { maker: key.maker }),
    key_kind: key.kind,
    ...(key.project === null ? {} : { project: key.project }),
  }
}

/** Our own services answer a suspended tenant with 423, so they have to be told. */
const isClosed = ({ tenantStatus }: Standing, asking: Resource | undefined): boolean =>
  asking !== undefined && tenantStatus === 'suspended'

const seconds = (time: Date): number => Math.floor(time.getTime() / 1_000)
