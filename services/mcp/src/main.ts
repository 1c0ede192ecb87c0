import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { busSchema, openBus, tracedBus } from '@gatehouse/bus'
import { linksInTheClear, loadConfig, unsafeInProduction } from '@gatehouse/config'
import { STREAMS, systemClock } from '@gatehouse/contracts'
import { openDatabase, tracedDatabase } from '@gatehouse/database'
import { openKeyValue } from '@gatehouse/kv'
import { loadProfile } from '@gatehouse/profiles'
import { createServer, healthOf, runService, tracedFetch, tracingOf } from '@gatehouse/service'
import { createLogger, createMetrics } from '@gatehouse/telemetry'
import { createTokenVerifier, followFeed, remoteJwks } from '@gatehouse/token'
import { createMcpApp } from './app.ts'
import { drainCatalogs, openCatalogs } from './catalogs.ts'
import { mcpConfig } from './config.ts'
import { directoryOf } from './edge/directory.ts'
import { introspectionOf, keyExchangeOf } from './edge/exchange.ts'
import { hostVerifiers } from './edge/host-verifiers.ts'
import { openJournal } from './journal/journal.ts'
import { loadCatalogs } from './load-catalogs.ts'
import { resourceNames, sseResourceNames } from './metadata/protected-resource.ts'
import { mcpSchema } from './schema.ts'
import { openSealers } from './sealers.ts'

const log = createLogger('mcp')
const clock = systemClock
const SEGMENT_BYTES = 8 * 1_048_576
/** For calls of sessions that run, and for all that ends: the port with the other calls, following, recording. Milliseconds. */
const CALLS_MS = 10_000
const CLOSE_MS = 30_000
/** After `DRAIN_DELAY`: no call comes for so long, or so long is waited for that at most. Milliseconds. */
const QUIET_MS = 1_000
const LATE_MS = 5_000
let closeWithinMs = CLOSE_MS

await runService(
  log,
  async (closing) => {
    const config = loadConfig(mcpConfig, process.env, unsafeInProduction(['DATABASE_URL', 'REDIS_URL', 'NATS_URL']))
    log.level = config.LOG_LEVEL
    for (const told of linksInTheClear(config)) log.warn(told)
    const metrics = createMetrics()
    const health = await healthOf(config, { log, metrics }, closing)
    const tracing = await tracingOf('mcp', config, closing)
    const profile = loadProfile(config.GATEHOUSE_PROFILE)
    const catalogs = await loadCatalogs(profile.catalogs, {
      from: process.cwd(),
      production: config.NODE_ENV === 'production',
    })
    const publicUrl = config.PUBLIC_URL
    const issuer = config.ISSUER ?? publicUrl
    const authUrl = config.AUTH_INTERNAL_URL ?? issuer

    const host = tracedDatabase(
      closing(await openDatabase(config.DATABASE_URL, { ownerUrl: config.DATABASE_OWNER_URL, logger: log })),
      tracing,
    )
    const schemas = [mcpSchema, ...catalogs.map(({ schema }) => schema)]
    const all = config.NATS_URL === undefined ? [...schemas, busSchema] : schemas
    await (config.GATEHOUSE_MIGRATE ? host.migrate(all) : host.expect(all))
    const kv = closing(await openKeyValue(config.REDIS_URL, { logger: log }))
    const bus = tracedBus(
      closing(await openBus(config.NATS_URL, { database: host.as('gatehouse_bus'), logger: log, name: 'mcp' })),
      tracing,
    )
    if (config.GATEHOUSE_MIGRATE) await bus.ensureStreams(Object.values(STREAMS))

    const { JOURNAL_FOLDER: folder, JOURNAL_MEGABYTES: megabytes } = config
    const journal =
      folder === undefined
        ? undefined
        : closing(
            await openJournal({ folder, clock, log, maxBytes: megabytes * 1_048_576, segmentBytes: SEGMENT_BYTES }),
          )

    const feed = await followFeed({ bus, clock, log, graceSeconds: profile.staleGraceSeconds })
    closing({ close: () => feed.stop() })
    closing(drainCatalogs(catalogs, { host, bus, log }))
    const db = host.as(mcpSchema.role)
    const { sealers } = closing(await openSealers({ db, secret: config.GATEHOUSE_SECRET, clock, log }))
    const asking = {
      authUrl,
      issuer,
      clientId: config.MCP_CLIENT_ID,
      key: config.MCP_CLIENT_KEY,
      clock,
      fetch: tracedFetch(fetch, tracing),
    }
    const jwks = remoteJwks(new URL('/.well-known/jwks.json', authUrl).href, { fetch, clock, log })
    const verifierFor = (audiences: readonly string[]) =>
      createTokenVerifier({ jwks, issuers: [issuer], audiences, clock, feed: feed.view })
    const sse = sseResourceNames(publicUrl, profile)
    const mcp = createMcpApp({
      profile,
      publicUrl,
      issuer,
      node:
        config.NODE_NAME ??
        `${hostname()
          .replaceAll(/[^A-Za-z0-9_-]/g, '-')
          .slice(0, 100)}-${process.pid}`,
      catalogs: openCatalogs(catalogs, host, await directoryOf(catalogs, { ...asking, log })),
      verifier: verifierFor([resourceNames(publicUrl, profile).resource, ...config.RESOURCE_ALIASES]),
      verifierAt: hostVerifiers({ jwks, clock, feed: feed.view }),
      ...(sse === undefined ? {} : { sseVerifier: verifierFor([sse.resource]) }),
      sseBasePath: config.SSE_BASE_PATH,
      feed: feed.view,
      exchangeKey: await keyExchangeOf(profile, asking),
      introspect: await introspectionOf(asking),
      db,
      host,
      sealers,
      bus,
      kv,
      clock,
      log,
      metrics,
      tracing,
      allowedHosts: config.ALLOWED_HOSTS,
      allowedOrigins: config.ALLOWED_ORIGINS,
      auditReads: config.AUDIT_READS,
      journal,
      limits: {
        callMs: config.CALL_TIMEOUT * 1_000,
        taskMs: config.TASK_TIMEOUT * 1_000,
        taskKeepMs: config.TASK_TIMEOUT * 1_000,
        streamsPerNode: config.STREAMS_PER_NODE,
        streamsPerTenant: config.STREAMS_PER_TENANT,
        streamsPerPrincipal: config.STREAMS_PER_PRINCIPAL,
        replayWindowMs: config.REPLAY_WINDOW * 1_000,
      },
    })
    closing({
      async close() {
        const left = await mcp.close()
        if (left.length > 0) throw new Error(`left behind: ${left.join('; ')}`)
      },
    })
    const server = createServer({
      log,
      metrics,
      ready: mcp.ready,
      health,
      tracing,
      trustedProxies: config.TRUSTED_PROXIES,
      keepAliveMs: config.KEEP_ALIVE * 1_000,
    })
    await server.register(mcp.app)
    closing(server)
    // First of all: what others see of the end comes before the end.
    const [delayMs, streamsMs] = [config.DRAIN_DELAY * 1_000, config.DRAIN_STREAMS * 1_000]
    closeWithinMs = Math.max(delayMs, streamsMs) + CLOSE_MS
    closing({
      async close() {
        server.leave()
        await Promise.all([mcp.drain({ streamsMs, callsMs: CALLS_MS }), pause(delayMs)])
        if (delayMs > 0 && !(await server.quiet(QUIET_MS, LATE_MS)))
          log.warn('calls still come: DRAIN_DELAY is too short')
      },
    })
    await server.listen({ host: config.HOST, port: config.PORT })
    log.info({ addresses: server.addresses() }, 'listening')
  },
  { closeWithinMs: () => closeWithinMs },
)
