import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { FastifyInstance } from 'fastify'
import type { AuthenticateClient } from '../clients/authenticate.ts'
import { Refusal } from '../errors.ts'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { readForm } from '../http/form.ts'
import { sha256 } from '../secrets.ts'
import type { ReadOwnToken } from '../token/own-tokens.ts'
import { refresh_get_grant } from '../token/refresh.store.ts'
import { grant_lock } from './grants.store.ts'
import { endGrant } from './revoke.ts'

export const REVOKE_PATH = '/oauth/revoke'
const BODY_BYTES = 64 * 1024

/**
 * RFC 7009. A refresh or an access token ends the whole grant: whoever gives back one does not want the other. The hint is not needed, the
 * two look different.
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
      const foreign = await db.asPlatform('revocation', async (tx) => {
        const grantId = access?.grantId ?? (await refresh_get_grant(tx, sha256(token)))?.grantId
        const grant = grantId === undefined ? undefined : await grant_lock(tx, grantId)
        if (grant === undefined) return false
        if (grant.clientId !== client.id) return true
        await endGrant(tx, grant.id, 'client.revoked', new Date(clock.now()))
        return false
      })
      if (foreign) throw new Refusal('token.foreign')
      return reply.code(200).headers({ 'cache-control': 'no-store', 'content-length': '0' }).send()
    },
  })
}
