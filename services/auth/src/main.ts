import { busSchema, openBus, tracedBus } from '@gatehouse/bus'
import { linksInTheClear, loadConfig, unsafeInProduction } from '@gatehouse/config'
import { STREAMS, systemClock } from '@gatehouse/contracts'
import { openDatabase, tracedDatabase } from '@gatehouse/database'
import { openKeyValue } from '@gatehouse/kv'
import { loadProfile, withRedirectDomains } from '@gatehouse/profiles'
import { createServer, healthOf, runService, tracingOf } from '@gatehouse/service'
import { createLogger, createMetrics } from '@gatehouse/telemetry'
import { createAuthApp } from './app.ts'
import { authConfig } from './config.ts'
import { loadKeyServices } from './keys/key-services.ts'
import { openMailer } from './mail/open.ts'
import { authSchema } from './schema.ts'

const log = createLogger('auth')

await runService(log, async (closing) => {
  const config = loadConfig(authConfig, process.env, unsafeInProduction(['DATABASE_URL', 'REDIS_URL', 'NATS_URL']))
  log.level = config.LOG_LEVEL
  for (const told of linksInTheClear(config)) log.warn(told)
  const metrics = createMetrics()
  const health = await healthOf(config, { log, metrics }, closing)
  const tracing = await tracingOf('auth', config, closing)
  const host = tracedDatabase(
    closing(await openDatabase(config.DATABASE_URL, { ownerUrl: config.DATABASE_OWNER_URL, logger: log })),
    tracing,
  )
  const schemas = config.NATS_URL === undefined ? [authSchema, busSchema] : [authSchema]
  await (config.GATEHOUSE_MIGRATE ? host.migrate(schemas) : host.expect(schemas))
  const kv = closing(await openKeyValue(config.REDIS_URL, { logger: log }))
  const bus = tracedBus(
    closing(await openBus(config.NATS_URL, { database: host.as(busSchema.role), logger: log, name: 'auth' })),
    tracing,
  )
  if (config.GATEHOUSE_MIGRATE) await bus.ensureStreams([STREAMS.authState, STREAMS.authDelta, STREAMS.audit])
  const mail = { from: config.MAIL_FROM, log, production: config.NODE_ENV === 'production' }
  const mailer = closing(openMailer(config.SMTP_URL, mail))
  const auth = createAuthApp({
    profile: withRedirectDomains(loadProfile(config.GATEHOUSE_PROFILE), config.MCP_REDIRECT_DOMAINS),
    publicUrl: config.PUBLIC_URL,
    db: host.as(authSchema.role),
    host,
    kv,
    bus,
    clock: systemClock,
    log,
    metrics,
    secret: config.GATEHOUSE_SECRET,
    adminToken: config.GATEHOUSE_ADMIN_TOKEN,
    internalClients: config.INTERNAL_CLIENTS,
    upstream: config.UPSTREAM_PROVIDERS,
    signingKeyDays: config.SIGNING_KEY_DAYS,
    accessTokenAlgorithm: config.ACCESS_TOKEN_ALGORITHM,
    keyringFiles: config.KEYRING_FILES,
    keyServices: await loadKeyServices(config.KEY_SERVICES, process.cwd()),
    mailer,
    installation: {
      production: mail.production,
      embedded: [
        ...(config.DATABASE_URL.startsWith('pglite:') ? (['database'] as const) : []),
        ...(config.REDIS_URL === undefined ? (['redis'] as const) : []),
        ...(config.NATS_URL === undefined ? (['nats'] as const) : []),
      ],
      mail: config.SMTP_URL === undefined ? 'log' : 'smtp',
    },
    trustedProxies: config.TRUSTED_PROXIES,
  })
  const server = createServer({
    log,
    metrics,
    ready: auth.ready,
    health,
    tracing,
    trustedProxies: config.TRUSTED_PROXIES,
    keepAliveMs: config.KEEP_ALIVE * 1_000,
    notFound: auth.notFound,
  })
  await server.register(auth.app)
  closing(auth.background())
  closing(server)
  await server.listen({ host: config.HOST, port: config.PORT })
  log.info({ addresses: server.addresses() }, 'listening')
})
