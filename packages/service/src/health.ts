import type { Logger, Metrics } from '@gatehouse/telemetry'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Closing } from './run.ts'

/** One thing that must answer before requests may come. The name is shown by `/readyz`. */
export interface ReadyCheck {
  readonly name: string
  check(): Promise<void>
}

export interface HealthOptions {
  readonly log: Logger
  readonly metrics: Metrics
}

/** `/healthz`, `/readyz` and `/metrics` on a port of their own, which no balancer sends anybody to. */
export interface Health {
  /** From now on these say whether requests may come. Before, nothing is ready: the process starts. */
  ready(checks: readonly ReadyCheck[]): void
  /** From now on nothing is ready. */
  ends(): void
  /** Last of all: for as long as the process closes, it lives, and is not ready. */
  close(): Promise<void>
}

export interface Missing {
  readonly name: string
  readonly error: string
}

/** Which of the checks do not hold now, and why. */
export async function missingOf(checks: readonly ReadyCheck[]): Promise<readonly Missing[]> {
  const results = await Promise.all(
    checks.map(async ({ name, check }) => ({
      name,
      error: await check().then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      ),
    })),
  )
  return results.flatMap(({ name, error }) => (error === undefined ? [] : [{ name, error }]))
}

/** Adds the three paths to a server. */
export function addHealth(
  server: FastifyInstance,
  { metrics, checks }: { readonly metrics: Metrics; readonly checks: () => readonly ReadyCheck[] },
): void {
  const readiness = metrics.gauge('gatehouse_ready', 'Whether a check of /readyz holds: 1 or 0.', ['check'])
  const look = async (): Promise<readonly Missing[]> => {
    const missing = await missingOf(checks())
    for (const { name } of checks()) readiness.set({ check: name }, missing.some((one) => one.name === name) ? 0 : 1)
    return missing
  }
  server.get('/healthz', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    const missing = await look()
    reply.code(missing.length === 0 ? 200 : 503)
    return { status: missing.length === 0 ? 'ready' : 'not ready', missing }
  })
  server.get('/metrics', async (_request, reply) => {
    await look()
    const { contentType, body } = await metrics.expose()
    return reply.type(contentType).send(body)
  })
}

const never = (name: string, why: string): ReadyCheck => ({ name, check: () => Promise.reject(new Error(why)) })
const STARTING = never('start', 'the service starts')
const ENDING = never('end', 'the service ends')

/** Listens at once, so that it can be told from a process that hangs while it starts. */
export async function openHealth(
  { log, metrics }: HealthOptions,
  address: { readonly host: string; readonly port: number },
): Promise<Health> {
  let checks: readonly ReadyCheck[] = [STARTING]
  const server = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  })
  addHealth(server, { metrics, checks: () => checks })
  await server.listen(address)
  return {
    ready(given) {
      checks = given
    },
    ends() {
      checks = [ENDING]
    },
    close: () => server.close(),
  }
}

/** The health port of a service, where its configuration names one. */
export async function healthOf(
  { HOST: host, HEALTH_PORT: port }: { readonly HOST: string; readonly HEALTH_PORT?: number | undefined },
  options: HealthOptions,
  closing: Closing,
): Promise<Health | undefined> {
  return port === undefined ? undefined : closing(await openHealth(options, { host, port }))
}
