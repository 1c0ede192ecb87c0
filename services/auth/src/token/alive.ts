import type { Tx } from '@gatehouse/database'
import { revoked_token_exists, type Standing, standing_of_client, standing_of_grant } from './alive.store.ts'
import type { OwnClaims } from './own-tokens.ts'

/**
 * Whether an access token that is good by itself still is by all that has happened since it was issued: itself, its grant, client, person,
 * membership. A suspended tenant is told and left to the caller: it takes nothing back.
 */
export async function standingOf(tx: Tx, claims: OwnClaims, follows: boolean): Promise<Standing | undefined> {
  if (await revoked_token_exists(tx, claims.jti)) return undefined
  const { grantId, tenantId, issuedAt } = claims
  if (grantId === undefined) return standing_of_client(tx, claims.clientId, tenantId)
  return tenantId === undefined ? undefined : standing_of_grant(tx, { grantId, tenantId, issuedAt, follows })
}
