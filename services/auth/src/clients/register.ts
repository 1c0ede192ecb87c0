import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../errors.ts'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { addEndpoint } from '../http/endpoint.ts'
import type { Limiter } from '../http/limiter.ts'
import { newId, newSecret, sha256 } from '../secrets.ts'
import { client_insert } from './clients.store.ts'
import { judgeMetadata } from './judge-metadata.ts'

const BODY_BYTES = 64 * 1024
/** Per address. Hosted clients register for many people from few addresses, so this only stops floods. */
const REGISTRATIONS = { limit: 300, windowMs: 60_000 }

/** Dynamic client registration (RFC 7591 section 3). */
export async function registerRoutes(
  server: FastifyInstance,
  deps: {
    readonly path: string
    readonly grants: readonly string[]
    readonly db: Database
    readonly clock: Clock
    readonly limiter: Limiter
  },
): Promise<void> {
  const { db, clock, limiter } = deps
  answerErrors(server, (refusal, request, reply) => answerJson(inWordsOfRegistration(refusal), request, reply))
  addEndpoint(server, {
    path: deps.path,
    cors: true,
    bodyLimit: BODY_BYTES,
    post: async (request, reply) => {
      await limiter.need(`register:${request.ip}`, REGISTRATIONS)
      if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw new Refusal('metadata.malformed')
      const verdict = judgeMetadata(request.body, deps.grants)
      if (!verdict.ok) throw new Refusal(verdict.reason, { text: verdict.text })
      const { registration } = verdict
      const secret = registration.authMethod === 'none' ? undefined : newSecret()
      const client = {
        ...registration,
        jwks: null,
        jwksUri: null,
        scopes: null,
        resources: null,
        tenantId: null,
        registrationHash: null,
        id: newId('client'),
        kind: 'dynamic' as const,
        secretHash: secret === undefined ? null : sha256(secret),
        createdAt: new Date(Math.floor(clock.now() / 1_000) * 1_000),
      }
      await db.asPlatform('registration', (tx) => client_insert(tx, client))
      request.log.info({ client: client.id, method: client.authMethod }, 'client registered')
      reply.code(201).headers({ 'cache-control': 'no-store', pragma: 'no-cache' })
      return describeClient(client, secret)
    },
  })
}

/** RFC 7591 section 3.2.1: everything that was registered, defaults and changes included. */
function describeClient(
  client: Parameters<typeof client_insert>[1],
  secret: string | undefined,
): Record<string, unknown> {
  return {
    client_id: client.id,
    ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    client_id_issued_at: client.createdAt.getTime() / 1_000,
    client_name: client.name,
    redirect_uris: client.redirectUris,
    grant_types: client.grantTypes ?? ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: client.authMethod,
    ...client.metadata,
  }
}

const AS_METADATA = new Set(['request.malformed', 'request.media-type'])

const inWordsOfRegistration = (refusal: Refusal | undefined): Refusal | undefined =>
  refusal !== undefined && AS_METADATA.has(refusal.reason) ? new Refusal('metadata.malformed') : refusal
