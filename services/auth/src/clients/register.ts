import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refusal } from '../errors.ts'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { addEndpoint } from '../http/endpoint.ts'
import type { Limiter } from '../http/limiter.ts'
import { senderOf } from '../http/sender.ts'
import { newId, newSecret, sha256 } from '../secrets.ts'
import { type AuthMethod, client_insert, type NewClient } from './clients.store.ts'
import { configurationRoutes } from './configuration.ts'
import { describeClient } from './describe.ts'
import { appendClient } from './end-client.ts'
import { judgeMetadata, type MetadataRules, type Registration } from './judge-metadata.ts'
import type { Home } from './of-issuer.ts'

export const BODY_BYTES = 64 * 1024
/** Per address. Hosted clients register for many people from few addresses, so this only stops floods. */
const REGISTRATIONS = { limit: 300, windowMs: 60_000 }
/** Of all addresses together: what the table takes in before the unused are swept out of it stays bounded. */
const IN_ALL = { limit: 3_000, windowMs: 60_000 }

export interface RegistrationDeps {
  readonly path: string
  readonly publicUrl: string
  readonly metadataRules: MetadataRules
  readonly db: Database
  readonly clock: Clock
  readonly limiter: Limiter
  readonly home: Home | undefined
}

/** Dynamic client registration (RFC 7591 section 3), and what clients do with their registration afterwards (RFC 7592). */
export async function registerRoutes(server: FastifyInstance, deps: RegistrationDeps): Promise<void> {
  const { db, clock, limiter } = deps
  answerErrors(server, (refusal, request, reply) => answerJson(inWordsOfRegistration(refusal), request, reply))
  addEndpoint(server, {
    path: deps.path,
    cors: true,
    bodyLimit: BODY_BYTES,
    post: async (request, reply) => {
      await limiter.need(`register:${senderOf(request)}`, REGISTRATIONS)
      const registration = readRegistration(request, deps.metadataRules)
      await limiter.need('register:', IN_ALL)
      const secret = needsSecret(registration.authMethod) ? newSecret() : undefined
      const registrationToken = newSecret()
      const client: NewClient = {
        ...registration,
        id: newId('client'),
        kind: 'dynamic',
        secretHash: secret === undefined ? null : sha256(secret),
        scopes: null,
        resources: null,
        tenantId: null,
        issuerTenantId: deps.home?.tenantId ?? null,
        registrationHash: sha256(registrationToken),
        createdAt: new Date(Math.floor(clock.now() / 1_000) * 1_000),
      }
      await db.asPlatform('registration', async (tx) => {
        await client_insert(tx, client)
        await appendClient(tx, 'clientRegistered', { id: client.id, by: 'client', now: new Date(clock.now()) })
      })
      request.log.info({ client: client.id, method: client.authMethod }, 'client registered')
      reply.code(201).headers({ 'cache-control': 'no-store', pragma: 'no-cache' })
      return describeClient(client, { secret, registrationToken, registrationUri: registrationUri(deps, client.id) })
    },
  })
  configurationRoutes(server, deps)
}

export const needsSecret = (method: AuthMethod): boolean =>
  method === 'client_secret_basic' || method === 'client_secret_post'

export const registrationUri = (
  { publicUrl, path }: Pick<RegistrationDeps, 'publicUrl' | 'path'>,
  id: string,
): string => `${publicUrl}${path}/${id}`

/** @throws Refusal for what cannot be registered */
export function readRegistration(request: FastifyRequest, rules: MetadataRules): Registration {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw new Refusal('metadata.malformed')
  const verdict = judgeMetadata(request.body, rules)
  if (!verdict.ok) throw new Refusal(verdict.reason, { text: verdict.text })
  return verdict.registration
}

const AS_METADATA = new Set(['request.malformed', 'request.media-type'])

const inWordsOfRegistration = (refusal: Refusal | undefined): Refusal | undefined =>
  refusal !== undefined && AS_METADATA.has(refusal.reason) ? new Refusal('metadata.malformed') : refusal
