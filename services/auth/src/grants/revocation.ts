import { type Clock, PLATFORM } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import type { FastifyInstance } from 'fastify'
import { appendAudited } from '../audit/append.ts'
import type { AuthenticateClient } from '../clients/authenticate.ts'
import { Refusal } from '../errors.ts'
import { appendRevoked } from '../feed/append.ts'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { readForm } from '../http/form.ts'
import { sha256 } from '../secrets.ts'
import { revoked_token_insert } from '../token/alive.store.ts'
import type { OwnClaims, ReadOwnToken } from '../token/own-tokens.ts'
import { refresh_get_grant } from '../token/refresh.store.ts'
import { grant_lock } from './grants.store.ts'
import { endGrant } from './revoke.ts'

export const REVOKE_PATH = '/oauth/revoke'
const BODY_BYTES = 64 * 1024

/**
 * RFC 7009. A refresh or an access token ends the whole grant: whoever gives back one does not want the other. An access token of a client
 * that acts for itself ends alone. The hint is not needed, the kinds look different.
 */
export async function revocationRoutes(
  server: FastifyInstance,
  deps: {
    readonly db: Database
    readonly clock: Clock
    readonly authenticateClient: AuthenticateClient
    readonly readToken: ReadOwnToken
  },
): Promise<void> {
  const { db, clock, authenticateClient, readToken } = deps
  answerErrors(server, answerJson)
  addEndpoint(server, {
    path: REVOKE_PATH,
    cors: true,
    bodyLimit: BODY_BYTES,
    post: async (request, reply) => {
      const form = readForm(request)
      const client = await authenticateClient(request, form)
      const token = form.need('token')
      const access = await readToken(token)
      const now = new Date(clock.now())
      const foreign = await db.asPlatform('revocation', (tx) =>
        access !== undefined && access.grantId === undefined
          ? revokeToken(tx, access, client.id, now)
          : revokeGrant(tx, access?.grantId, token, client.id, now),
      )
      if (foreign) throw new Refusal('token.foreign')
      return reply.code(200).headers({ 'cache-control': 'no-store', 'content-length': '0' }).send()
    },
  })
}

/** @returns whether it is another client's, and so was left alone */
async function revokeGrant(tx: Tx, known: string | undefined, token: string, clientId: string, now: Date) {
  const grantId = known ?? (await refresh_get_grant(tx, sha256(token)))?.grantId
  const grant = grantId === undefined ? undefined : await grant_lock(tx, grantId)
  if (grant === undefined) return false
  if (grant.clientId !== clientId) return true
  await endGrant(tx, grant.id, 'client.revoked', now)
  return false
}

/** @returns whether it is another client's, and so was left alone */
async function revokeToken(tx: Tx, { jti, tenantId, expiresAt, ...of }: OwnClaims, clientId: string, now: Date) {
  if (of.clientId !== clientId) return true
  const reason = 'client.revoked'
  const row = { jti, tenantId: tenantId ?? null, clientId, reason, now, expiresAt: new Date(expiresAt * 1_000) }
  const isNew = (await revoked_token_insert(tx, row)) === 1
  if (!isNew) return false
  await appendRevoked(tx, tenantId ?? PLATFORM, { kind: 'token', jti, reason })
  await appendAudited(tx, 'accessRevoked', {
    tenant: tenantId,
    actor: { kind: 'client', id: clientId },
    outcome: 'succeeded',
    reason,
    object: { kind: 'token', id: jti },
    now,
  })
  return false
}
