import { busSchema, openBus } from '@gatehouse/bus'
import { loadConfig, refuseEmbeddedInProduction } from '@gatehouse/config'
import { STREAMS } from '@gatehouse/contracts'
import { openDatabase } from '@gatehouse/database'
import { createServer, runService } from '@gatehouse/service'
import { createLogger, createMetrics } from '@gatehouse/telemetry'
import { createAuditApp } from './app.ts'
import { auditConfig } from './config.ts'
import { auditSchema } from './schema.ts'

const log = createLogger('audit')

await runService(log, async (closing) => {
  const config = loadConfig(auditConfig, process.env)
  log.level = config.LOG_LEVEL
  refuseEmbeddedInProduction(config, ['DATABASE_URL', 'NATS_URL'])
  const host = closing(await openDatabase(config.DATABASE_URL, { ownerUrl: config.DATABASE_OWNER_URL, logger: log }))
  const schemas = config.NATS_URL === undefined ? [auditSchema, busSchema] : [auditSchema]
  if (config.GATEHOUSE_MIGRATE) await host.migrate(schemas)
  const bus = closing(
    await openBus(config.NATS_URL, { database: host.as('gatehouse_bus'), logger: log, name: 'audit' }),
  )
  if (config.GATEHOUSE_MIGRATE) await bus.ensureStreams([STREAMS.audit])
  const metrics = createMetrics()
  const audit = createAuditApp({
    database: host.as(auditSchema.role),
    bus,
    adminToken: config.GATEHOUSE_ADMIN_TOKEN,
    log,
    metrics,
  })
  const server = createServer({ log, metrics, ready: audit.ready, trustedProxies: config.TRUSTED_PROXIES })
  await server.register(audit.app)
  closing({ close: () => audit.background.close() })
  await audit.background.start()
  closing(server)
  await server.listen({ host: config.HOST, port: config.PORT })
  log.info({ addresses: server.addresses() }, 'listening')
})
