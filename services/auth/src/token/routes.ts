import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { askedOf, doneFor } from '../audit/asked-by.ts'
import { tellRefused } from '../audit/tokens.ts'
import type { AuthenticateClient } from '../clients/authenticate.ts'
import { mayUse } from '../clients/may-use.ts'
import { Refusal } from '../errors.ts'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { type Params, readForm } from '../http/form.ts'
import type { Limiter } from '../http/limiter.ts'
import { senderOf } from '../http/sender.ts'
import type { TokenDeps } from './deps.ts'
import { createFamilyReader } from './family-reader.ts'
import { offeredGrants } from './grant-types.ts'

export const TOKEN_PATH = '/oauth/token'
const BODY_BYTES = 64 * 1024

/** The token endpoint (OAuth 2.1, section 3.2). */
export async function tokenRoutes(
  server: FastifyInstance,
  given: Omit<TokenDeps, 'readFamily'> & { readonly authenticateClient: AuthenticateClient; readonly limiter: Limiter },
): Promise<void> {
  const { clock, minter, authenticateClient } = given
  const deps: TokenDeps = { ...given, readFamily: createFamilyReader(given) }
  const grants = offeredGrants(deps.profile)
  const received = new WeakMap<object, number>()
  answerErrors(server, answerJson)
  // The strict rule of refresh tokens counts from here: the body is there, so a client cannot open requests ahead of time, and
  // nothing of ours has been waited for yet.
  server.addHook('preValidation', async (request) => void received.set(request, clock.now()))
  addEndpoint(server, {
    path: TOKEN_PATH,
    cors: true,
    bodyLimit: BODY_BYTES,
    post: async (request, reply) => {
      const form = readForm(request)
      return answer(request, reply, form).catch(async (error: unknown) => {
        if (error instanceof Refusal) {
          const refused = { form, sender: senderOf(request), reason: error.reason }
          await doneFor(askedOf(request), () => tellRefused(given, refused))
        }
        throw error
      })
    },
  })

  const answer = async (request: FastifyRequest, reply: FastifyReply, form: Params) => {
    const type = form.need('grant_type')
    const client = await authenticateClient(request, form)
    const grant = grants.get(type)
    if (grant === undefined) throw new Refusal('grant.unsupported')
    if (!mayUse(client, type)) throw new Refusal('grant.not-allowed')
    const receivedAt = received.get(request) ?? clock.now()
    // Before anything is used up: keys that cannot be read then would cost the client its code.
    await minter.ready()
    const issue = await grant({ form, client, receivedAt, askedBy: askedOf(request) }, deps)
    // Dated before anything was read for it: what is taken back while it is made is taken from it, too.
    const minted = await minter.mint(issue, receivedAt)
    request.log.info({ type, client: client.id, grant: issue.holder.grantId }, 'tokens issued')
    reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' })
    return minted
  }
}
