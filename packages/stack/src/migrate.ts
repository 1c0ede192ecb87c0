import { auditSchema } from '@gatehouse/audit'
import { authSchema } from '@gatehouse/auth'
import { loadConfig } from '@gatehouse/config'
import { STREAMS } from '@gatehouse/contracts'
import { loadCatalogs, mcpSchema } from '@gatehouse/mcp'
import { loadProfile } from '@gatehouse/profiles'
import type { Closeable, Closing } from '@gatehouse/service'
import { createLogger } from '@gatehouse/telemetry'
import { fillDemo } from './demo.ts'
import { migrateConfig } from './migrate-config.ts'
import { openParts } from './parts.ts'

const config = loadConfig(migrateConfig, process.env)

const log = createLogger('migrate')
const opened: Closeable[] = []
const closing: Closing = (thing) => {
  opened.push(thing)
  return thing
}

try {
  const profile = loadProfile(config.GATEHOUSE_PROFILE)
  const production = config.NODE_ENV === 'production'
  const catalogs = await loadCatalogs(profile.catalogs, { from: process.cwd(), production })
  const urls = {
    database: config.DATABASE_URL,
    databaseOwner: config.DATABASE_OWNER_URL,
    redis: undefined,
    nats: config.NATS_URL,
    natsReplicas: config.NATS_REPLICAS,
  }
  const schemas = [authSchema, auditSchema, mcpSchema, ...catalogs.map(({ schema }) => schema)]
  const parts = await openParts(urls, undefined, schemas, log, closing)
  await parts.bus.ensureStreams(Object.values(STREAMS))
  const { GATEHOUSE_DEMO_PASSWORD: password, GATEHOUSE_DEMO_API_KEY: apiKey, GATEHOUSE_SECRET: master } = config
  if (config.GATEHOUSE_DEMO) {
    if (password === undefined || apiKey === undefined || master === undefined) {
      throw new Error('demo data needs GATEHOUSE_DEMO_PASSWORD, GATEHOUSE_DEMO_API_KEY and GATEHOUSE_SECRET')
    }
    await fillDemo({ host: parts.host, profile, catalogs, password: password.reveal(), apiKey: apiKey.reveal() })
  }
  log.info({ schemas: schemas.map(({ name }) => name) }, 'up to date')
} finally {
  for (const thing of opened.reverse()) await thing.close()
}
