import type { Secret } from '@gatehouse/config'
import type { Database } from '@gatehouse/database'
import { ADMIN_SCOPE, administers, type Holder } from '@gatehouse/policy'
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../errors.ts'
import { sameSecret } from '../secrets.ts'
import { standingOf } from '../token/alive.ts'
import type { OwnClaims, ReadOwnToken } from '../token/own-tokens.ts'

/** Who uses the operator's API. */
export interface Operator {
  /** Absent: whoever has the token of the environment. */
  readonly client?: string
}

export interface OperatorDeps {
  readonly adminToken: Secret
  /** Identifier of the operator's API as a resource. */
  readonly adminResource: string
  readonly readToken: ReadOwnToken
  readonly db: Database
}

/**
 * The operator is whoever has the token of the environment, or a program that an operator registered, by a token of its own for this API.
 * @throws Refusal 401; 403 for a token of ours that is for something else
 */
export async function provenOperator(request: FastifyRequest, deps: OperatorDeps): Promise<Operator> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (token !== undefined && sameSecret(token, deps.adminToken.reveal())) return {}
  const claims = token === undefined ? undefined : await deps.readToken(token)
  const alive = claims && (await deps.db.asPlatform('operator', (tx) => standingOf(tx, claims, false)))
  if (claims === undefined || alive === undefined || claims.audience !== deps.adminResource) {
    const fault = token === undefined ? '' : ', error="invalid_token"'
    throw new Refusal('operator.unproven', { headers: { 'www-authenticate': `Bearer realm="admin"${fault}` } })
  }
  if (!administers(holderOf(claims))) {
    const challenge = `Bearer realm="admin", error="insufficient_scope", scope="${ADMIN_SCOPE}"`
    throw new Refusal('operator.not-allowed', { headers: { 'www-authenticate': challenge } })
  }
  return { client: claims.clientId }
}

const holderOf = ({ grantId: grant, tenantId: tenant, subject, clientId: client, scopes }: OwnClaims): Holder => ({
  subject,
  client,
  tenant,
  grant,
  scopes: new Set(scopes),
})
