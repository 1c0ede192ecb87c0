import type { Bus, Consumer } from '@gatehouse/bus'
import type { Secret } from '@gatehouse/config'
import type { Database } from '@gatehouse/database'
import type { App, ReadyCheck } from '@gatehouse/service'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import type { FastifyInstance } from 'fastify'
import { adminTokenGuard } from './admin-token.ts'
import { problemOf } from './errors.ts'
import { eventsRoute } from './events/events.route.ts'
import { openApiDocument } from './events/openapi.ts'
import { startIngest } from './ingest/ingest.ts'

export interface AuditDeps {
  /** As `gatehouse_audit`. */
  readonly database: Database
  readonly bus: Bus
  readonly adminToken: Secret
  readonly log: Logger
  readonly metrics: Metrics
}

/** The audit service, not yet listening and not yet reading. */
export interface AuditService {
  readonly app: App
  /** Takes events from the bus from now on. */
  readonly background: { start(): Promise<void>; close(): Promise<void> }
  readonly ready: readonly ReadyCheck[]
}

export function createAuditApp(deps: AuditDeps): AuditService {
  const { database, bus, log, metrics } = deps
  let consumer: Consumer | undefined
  return {
    app: async (server) => {
      explainErrors(server)
      const guard = adminTokenGuard(deps.adminToken)
      server.addHook('onRequest', async (request) => guard(request.headers.authorization))
      eventsRoute(server, database)
      const document = openApiDocument()
      server.get('/admin/v1/audit/openapi.json', async () => document)
    },
    background: {
      async start() {
        consumer ??= await startIngest({ bus, database, log, metrics })
      },
      async close() {
        await consumer?.stop()
        consumer = undefined
      },
    },
    ready: [
      { name: 'audit: database', check: () => database.ping() },
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
