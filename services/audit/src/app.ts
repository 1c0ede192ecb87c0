import type { Bus, Consumer } from '@gatehouse/bus'
import type { Secret } from '@gatehouse/config'
import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { keepRotated } from '@gatehouse/keyring'
import { type Profile, rulesOf } from '@gatehouse/profiles'
import type { App, ReadyCheck } from '@gatehouse/service'
import type { Logger, Metrics, Tracing } from '@gatehouse/telemetry'
import type { FeedView, TokenVerifier } from '@gatehouse/token'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createAccess, type Operator } from './access/access.ts'
import { openActivity } from './activity/open-activity.ts'
import { startCloser } from './begun/close-unheard.ts'
import { problemOf } from './errors.ts'
import { eventsRoute } from './events/events.route.ts'
import { openApiDocument } from './events/openapi.ts'
import { exportRoute } from './export/export.route.ts'
import { startIngest } from './ingest/ingest.ts'
import { keyringRoutes } from './keyrings/keyrings.route.ts'
import { keySetRoute, proofRoutes } from './proof/proof.route.ts'
import { type Keeper, startKeeper } from './retention/keeper.ts'
import { retentionRoutes } from './retention/retention.route.ts'
import { openRings } from './seal/rings.ts'
import { type Sealer, startSealer } from './seal/sealer.ts'

/** Where tokens of a tenant are good for this service, below the public URL. */
export const RESOURCE_PATH = '/admin/v1/audit'
/** The operator's API, of which auth has the other part. */
const OPERATOR_PATH = '/admin/v1'

export interface AuditDeps {
  readonly profile: Profile
  /** Origin that operators and people use. */
  readonly publicUrl: string
  /** Who issues tokens and where people sign in. */
  readonly issuer: string
  /** Where auth is reached from here. */
  readonly authUrl: string
  /** How auth is asked. */
  readonly fetch: typeof globalThis.fetch
  /** Tokens for that audience; with `null` those that speak for no tenant. */
  readonly verifierFor: (audience: string, tenant?: null) => TokenVerifier
  readonly feed: Pick<FeedView, 'freshness'>
  /** As `gatehouse_audit`. */
  readonly database: Database
  readonly bus: Bus
  /** From which the keys are derived that encrypt keyrings. At least 16 characters. */
  readonly secret: Secret
  readonly adminToken: Secret
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined
}

/** The audit service, not yet listening and not yet reading. */
export interface AuditService {
  readonly app: App
  /** Takes events from the bus from now on, seals them, and drops those whose time is over. */
  readonly background: { start(): Promise<void>; close(): Promise<void> }
  readonly ready: readonly ReadyCheck[]
}

/** @throws TypeError when a protection would be empty */
export function createAuditApp(deps: AuditDeps): AuditService {
  const { profile, publicUrl, database, bus, log, metrics, clock } = deps
  if (deps.secret.reveal().length < 16) throw new TypeError('the secret needs at least 16 characters')
  const rings = openRings({ ...deps, db: database })
  const signer = rings.heads
  const access = createAccess({
    ...deps,
    verifier: deps.verifierFor(`${publicUrl}${RESOURCE_PATH}`),
    operators: deps.verifierFor(`${publicUrl}${OPERATOR_PATH}`, null),
    rules: rulesOf(profile),
  })
  const ended = new AbortController()
  let consumer: Consumer | undefined
  let sealer: Sealer | undefined
  let keeper: Keeper | undefined
  let closer: ReturnType<typeof startCloser> | undefined
  return {
    app: async (server) => {
      // Streams that never end by themselves would hold up the end of the server.
      server.addHook('preClose', async () => ended.abort())
      await server.register(async (api) => {
        explainErrors(api)
        keySetRoute(api, signer)
        eventsRoute(api, access.reader)
        exportRoute(api, access.reader)
        await api.register(async (operator) => {
          const operators = new WeakMap<FastifyRequest, Operator>()
          operator.addHook('onRequest', async (request) => {
            operators.set(request, await access.operator(request))
          })
          proofRoutes(operator, { database, bus, signer, clock })
          const operatorOf = (request: FastifyRequest) => operators.get(request) ?? {}
          keyringRoutes(operator, { rings: rings.all, clock, operatorOf })
          retentionRoutes(operator, { database, clock, operatorOf })
          const document = openApiDocument()
          operator.get('/admin/v1/audit/openapi.json', async () => document)
        })
      })
      await server.register(openActivity, { ...deps, access, ring: rings.cookies, closing: ended.signal })
    },
    background: {
      async start() {
        consumer ??= await startIngest({ bus, database, log, metrics, tracing: deps.tracing })
        sealer ??= startSealer({ database, bus, signer, clock, log, metrics })
        closer ??= startCloser({ database, log, metrics })
        keeper ??= startKeeper({ database, signer, clock, log })
        void keepRotated(rings.all, log, ended.signal)
      },
      async close() {
        ended.abort()
        await consumer?.stop()
        await Promise.all([sealer?.close(), keeper?.close(), closer?.close()])
        consumer = undefined
      },
    },
    ready: [
      { name: 'audit: database', check: () => database.ping() },
      { name: 'audit: keys', check: async () => void (await signer.publicKeys()) },
      {
        name: 'audit: ingest',
        check: async () => {
          if (consumer === undefined) throw new Error('not reading the audit stream yet')
        },
      },
    ],
  }
}

/** Errors that this service knows get its own words; the rest is left to the server's handler. */
function explainErrors(server: FastifyInstance): void {
  server.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error)
    if (problem === undefined) throw error
    if (problem.status >= 500) request.log.warn({ err: error }, 'request could not be answered')
    return reply
      .code(problem.status)
      .headers(problem.headers ?? {})
      .send({ error: problem.error, error_description: problem.description, request_id: request.id })
  })
}
