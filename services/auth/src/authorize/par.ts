import type { FastifyInstance } from 'fastify'
import type { AuthenticateClient } from '../clients/authenticate.ts'
import { isDocumentId } from '../clients/metadata-documents/judge-url.ts'
import { Refusal } from '../errors.ts'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { readForm } from '../http/form.ts'
import type { Limiter } from '../http/limiter.ts'
import { senderOf } from '../http/sender.ts'
import { judgeRequest } from './checks.ts'
import type { FlowDeps } from './flow.ts'
import { keepPushed, PUSHED_SECONDS } from './pushed.ts'
import { redirectOf } from './trust.ts'

export const PAR_PATH = '/oauth/par'
const BODY_BYTES = 32 * 1024
/** Per client and address: a public client is one id for many people. */
const PUSHES = { limit: 120, windowMs: 60_000 }

/** Pushed authorization requests (RFC 9126): the same checks as at /oauth/authorize, the answers as JSON. */
export async function parRoutes(
  server: FastifyInstance,
  deps: FlowDeps & { readonly authenticateClient: AuthenticateClient; readonly limiter: Limiter },
): Promise<void> {
  answerErrors(server, answerJson)
  addEndpoint(server, {
    path: PAR_PATH,
    cors: true,
    bodyLimit: BODY_BYTES,
    post: async (request, reply) => {
      const form = readForm(request)
      const id = form.get('client_id')
      const found = id !== undefined && isDocumentId(id) ? await deps.findClient(id, senderOf(request)) : undefined
      if (found?.ok === false) throw new Refusal(found.reason, found.text === undefined ? {} : { text: found.text })
      const client = await deps.authenticateClient(request, form)
      await deps.limiter.need(`par:${client.id}:${senderOf(request)}`, PUSHES)
      if (form.get('request_uri') !== undefined) throw new Refusal('pushed.nested')
      if (typeof redirectOf(form, client) === 'string') throw new Refusal('redirect.refused')
      const { offered } = deps
      const verdict = judgeRequest({
        ...{ params: form, client, offered, resources: await deps.resources() },
        ...{ pushed: true, pushedRequired: deps.profile.requirePushedRequests },
      })
      if ('refused' in verdict) throw new Refusal(verdict.refused)
      const requestUri = await keepPushed(form, client.id, deps)
      reply.code(201).headers({ 'cache-control': 'no-cache, no-store', pragma: 'no-cache' })
      return { request_uri: requestUri, expires_in: PUSHED_SECONDS }
    },
  })
}
