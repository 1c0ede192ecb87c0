import { mkdirSync, readFileSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError, flag, loadConfig, port, url } from '@gatehouse/config'
import { FolderHeld } from '@gatehouse/database'
import { loadProfile, ProfileError } from '@gatehouse/profiles'
import { runService } from '@gatehouse/service'
import { createLogger } from '@gatehouse/telemetry'
import { z } from 'zod'
import { banner } from './banner.ts'
import { assembleHouse } from './house.ts'
import { openSecrets } from './secrets.ts'

const startConfig = z.object({
  PORT: port().default(4000).describe('Port of everything.'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on.'),
  PUBLIC_URL: url('http', 'https').optional().describe('Origin that clients use. Default: http://localhost:PORT.'),
  GATEHOUSE_PROFILE: z.string().default('align').describe('Name or file of the profile.'),
  GATEHOUSE_FOLDER: z.string().default('.gatehouse').describe('Where embedded data and generated secrets are kept.'),
  GATEHOUSE_DEMO: flag().optional().describe('Demo data; default: yes with the embedded database, else no.'),
  GATEHOUSE_DEMO_PASSWORD: z.string().min(8).optional().describe('Password of the demo accounts. Default: random.'),
  GATEHOUSE_DEMO_API_KEY: z.string().min(16).optional().describe('API key of the demo tenant acme. Default: random.'),
  GATEHOUSE_ADMIN_TOKEN: z.string().min(16).optional().describe('Bearer of the admin API. Default: random.'),
  GATEHOUSE_ALLOW_EMBEDDED: flag().default(false).describe('Lets embedded parts run in production.'),
  DATABASE_URL: url('postgres', 'postgresql').optional().describe('Default: embedded.'),
  DATABASE_OWNER_URL: url('postgres', 'postgresql').optional().describe('Default: DATABASE_URL.'),
  REDIS_URL: url('redis', 'rediss').optional().describe('Default: embedded.'),
  NATS_URL: url('nats', 'tls').optional().describe('Default: embedded.'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('warn').describe('Least level.'),
  NODE_ENV: z.string().optional().describe('`production` refuses embedded parts.'),
})

const root = fileURLToPath(new URL('../../..', import.meta.url))
const log = createLogger('gatehouse')

/** Faults that a person can mend are told in words; a stack would hide them. */
const told = (error: unknown): boolean =>
  error instanceof ConfigError ||
  error instanceof ProfileError ||
  error instanceof FolderHeld ||
  (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')

await runService(log, async (closing) => {
  try {
    await start(closing)
  } catch (error) {
    if (!told(error)) throw error
    process.stderr.write(`\n  Gatehouse cannot start: ${(error as Error).message}\n\n`)
    process.exitCode = 1
    throw error
  }
})

async function start(closing: Parameters<Parameters<typeof runService>[1]>[0]): Promise<void> {
  const config = loadConfig(startConfig, process.env)
  log.level = config.LOG_LEVEL
  const { DATABASE_URL: database, DATABASE_OWNER_URL: databaseOwner, REDIS_URL: redis, NATS_URL: nats } = config
  const embedded = [database, redis, nats].includes(undefined)
  if (config.NODE_ENV === 'production' && embedded && !config.GATEHOUSE_ALLOW_EMBEDDED) {
    throw new ConfigError(['production needs DATABASE_URL, REDIS_URL and NATS_URL, or GATEHOUSE_ALLOW_EMBEDDED=1'])
  }
  const profile = loadProfile(config.GATEHOUSE_PROFILE)
  const folder = isAbsolute(config.GATEHOUSE_FOLDER) ? config.GATEHOUSE_FOLDER : join(root, config.GATEHOUSE_FOLDER)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const secrets = await openSecrets(folder, profile.apiKeyPrefix, {
    adminToken: config.GATEHOUSE_ADMIN_TOKEN,
    demoPassword: config.GATEHOUSE_DEMO_PASSWORD,
    demoApiKey: config.GATEHOUSE_DEMO_API_KEY,
  })
  const publicUrl =
    config.PUBLIC_URL === undefined ? `http://localhost:${config.PORT}` : new URL(config.PUBLIC_URL).origin
  const demo = config.GATEHOUSE_DEMO ?? database === undefined
  const house = await assembleHouse(
    {
      profile,
      publicUrl,
      parts: { database, databaseOwner, redis, nats },
      folder: join(folder, 'database'),
      secrets,
      demo,
      log,
    },
    closing,
  )
  await house.server.listen({ host: config.HOST, port: config.PORT })
  await house.ready()
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  process.stdout.write(
    `${banner(
      {
        version,
        profile: profile.name,
        parts: house.description,
        publicUrl,
        mcpUrl: `${publicUrl}${profile.paths.mcp}`,
        folder: database === undefined ? relative(process.cwd(), folder) || folder : undefined,
        adminToken: secrets.adminToken,
        demo: demo
          ? { password: secrets.demoPassword, apiKey: secrets.demoApiKey, tenants: house.demoTenants }
          : undefined,
        readyMs: performance.now(),
      },
      process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
    )}\n`,
  )
}
