import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { JWK } from 'jose'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { sha256Base64url } from '../secrets.ts'
import { documentPlaces, serverMetadata } from './document.ts'
import { type Facts, JWKS_PATH } from './features.ts'

/** A new key is published longer than this before it is used (`publishMs` of the signing rings). */
const MAX_AGE_SECONDS = 300

/** Discovery: the same bytes at every place where clients look for them, also with the path of an MCP endpoint. */
export async function metadataRoutes(
  server: FastifyInstance,
  deps: Facts & { readonly publicKeys: () => Promise<readonly JWK[]> },
): Promise<void> {
  const { publicKeys } = deps
  answerErrors(server, answerJson)
  const document = JSON.stringify(serverMetadata(deps))
  for (const path of documentPlaces(deps)) {
    addEndpoint(server, {
      path,
      cors: true,
      get: async (request, reply) => sendPublic(request, reply, 'application/json', document),
    })
  }
  addEndpoint(server, {
    path: JWKS_PATH,
    cors: true,
    get: async (request, reply) => {
      const keys = JSON.stringify({ keys: await publicKeys() })
      return sendPublic(request, reply, 'application/jwk-set+json', keys)
    },
  })
}

/** Cacheable, with an ETag and 304 (RFC 9110 section 13.1.2). */
function sendPublic(request: FastifyRequest, reply: FastifyReply, type: string, body: string): FastifyReply {
  const tag = `"${sha256Base64url(body).slice(0, 22)}"`
  reply.headers({
    'cache-control': `public, max-age=${MAX_AGE_SECONDS}`,
    etag: tag,
    'x-content-type-options': 'nosniff',
  })
  const known = request.headers['if-none-match']
    ?.split(',')
    .some((entry) => entry.trim().replace(/^W\//, '') === tag || entry.trim() === '*')
  return known === true ? reply.code(304).send() : reply.type(type).send(body)
}
