import { busSchema, openBus, tracedBus } from '@gatehouse/bus'
import { linksInTheClear, loadConfig, unsafeInProduction } from '@gatehouse/config'
import { STREAMS, systemClock } from '@gatehouse/contracts'
import { openDatabase, tracedDatabase } from '@gatehouse/database'
import { loadProfile } from '@gatehouse/profiles'
import { createServer, healthOf, runService, tracedFetch, tracingOf } from '@gatehouse/service'
import { createLogger, createMetrics } from '@gatehouse/telemetry'
import { createTokenVerifier, followFeed, remoteJwks } from '@gatehouse/token'
import { createAuditApp } from './app.ts'
import { auditConfig } from './config.ts'
import { auditSchema } from './schema.ts'

const log = createLogger('audit')
const clock = systemClock

await runService(log, async (closing) => {
  const config = loadConfig(auditConfig, process.env, unsafeInProduction(['DATABASE_URL', 'NATS_URL']))
  log.level = config.LOG_LEVEL
  for (const told of linksInTheClear(config)) log.warn(told)
  const metrics = createMetrics()
  const health = await healthOf(config, { log, metrics }, closing)
  const tracing = await tracingOf('audit', config, closing)
  const profile = loadProfile(config.GATEHOUSE_PROFILE)
  const publicUrl = config.PUBLIC_URL
  const issuer = config.ISSUER ?? publicUrl
  const authUrl = config.AUTH_INTERNAL_URL ?? issuer
  const host = tracedDatabase(
    closing(await openDatabase(config.DATABASE_URL, { ownerUrl: config.DATABASE_OWNER_URL, logger: log })),
    tracing,
  )
  const schemas = config.NATS_URL === undefined ? [auditSchema, busSchema] : [auditSchema]
  await (config.GATEHOUSE_MIGRATE ? host.migrate(schemas) : host.expect(schemas))
  const bus = tracedBus(
    closing(await openBus(config.NATS_URL, { database: host.as('gatehouse_bus'), logger: log, name: 'audit' })),
    tracing,
  )
  if (config.GATEHOUSE_MIGRATE) await bus.ensureStreams(Object.values(STREAMS))
  const feed = await followFeed({ bus, clock, log, graceSeconds: profile.staleGraceSeconds })
  closing({ close: () => feed.stop() })
  const jwks = remoteJwks(new URL('/.well-known/jwks.json', authUrl).href, { fetch, clock, log })
  const audit = createAuditApp({
    profile,
    publicUrl,
    issuer,
    authUrl,
    fetch: tracedFetch(fetch, tracing),
    verifierFor: (audience, tenant) =>
      createTokenVerifier({
        ...{ jwks, issuers: [issuer], audiences: [audience], clock, feed: feed.view },
        ...(tenant === null && { tenant }),
      }),
    feed: feed.view,
    database: host.as(auditSchema.role),
    bus,
    secret: config.GATEHOUSE_SECRET,
    adminToken: config.GATEHOUSE_ADMIN_TOKEN,
    clock,
    log,
    metrics,
    tracing,
  })
  const server = createServer({
    log,
    metrics,
    ready: audit.ready,
    health,
    tracing,
    trustedProxies: config.TRUSTED_PROXIES,
    keepAliveMs: config.KEEP_ALIVE * 1_000,
  })
  await server.register(audit.app)
  closing({ close: () => audit.background.close() })
  await audit.background.start()
  closing(server)
  await server.listen({ host: config.HOST, port: config.PORT })
  log.info({ addresses: server.addresses() }, 'listening')
})
