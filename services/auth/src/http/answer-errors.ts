import { DatabaseUnavailable } from '@gatehouse/database'
import { ExternalSignatureInvalid, KeyServiceUnavailable } from '@gatehouse/keyring'
import { KeyValueUnavailable } from '@gatehouse/kv'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Reason, Refusal } from '../errors.ts'

const RETRY_SECONDS = 5

/** Codes of Fastify's own refusals, by what they mean here. */
const BODY_FAULTS: Readonly<Record<string, Reason>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request.media-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.too-large',
  FST_ERR_CTP_INVALID_JSON_BODY: 'request.malformed',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'request.malformed',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request.malformed',
}

/** What a part throws that cannot do its work now. A key service whose signature is wrong is no better than one that is away. */
const AWAY = [DatabaseUnavailable, KeyValueUnavailable, KeyServiceUnavailable, ExternalSignatureInvalid]

/** What was thrown as a refusal: ours as it is, a part that is away as 503; `undefined` for a fault of our own. */
export function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error
  if (AWAY.some((kind) => error instanceof kind)) {
    return new Refusal('unavailable', { retryAfterSeconds: RETRY_SECONDS })
  }
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  const reason = typeof code === 'string' ? BODY_FAULTS[code] : undefined
  if (reason !== undefined) return new Refusal(reason)
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
    ? new Refusal('request.malformed')
    : undefined
}

/** Writes every error of a part of the service. `translate` may give a refusal the words of that part's protocol. */
export function answerErrors(
  server: FastifyInstance,
  answer: (refusal: Refusal | undefined, request: FastifyRequest, reply: FastifyReply) => FastifyReply,
): void {
  server.setErrorHandler((error, request, reply) => {
    const refusal = asRefusal(error)
    if (refusal === undefined) request.log.error({ err: error }, 'request failed')
    else if (refusal.reason === 'unavailable') request.log.warn({ err: error }, 'a part that is needed cannot answer')
    else request.log.info({ reason: refusal.reason }, 'refused')
    return answer(refusal, request, reply)
  })
}

/** RFC 6749 section 5.2, with the request's id for those who ask us about it. */
export function answerJson(refusal: Refusal | undefined, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ 'cache-control': 'no-store', ...(refusal?.detail.headers ?? {}) })
  if (refusal?.detail.retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(refusal.detail.retryAfterSeconds))
  }
  const body = refusal?.wire ?? { error: 'server_error', error_description: 'Something went wrong on our side.' }
  return reply.code(refusal?.status ?? 500).send({ ...body, request_id: request.id })
}
