import { mkdirSync, readFileSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError, loadConfig } from '@gatehouse/config'
import { loadProfile, type Profile, sitesOf, withRedirectDomains } from '@gatehouse/profiles'
import type { runService } from '@gatehouse/service'
import { createLogger } from '@gatehouse/telemetry'
import { banner } from './banner.ts'
import { claimFolder, claimPort } from './claim.ts'
import { argumentsOrExit } from './command-line.ts'
import { assembleHouse } from './house.ts'
import { runInWords } from './in-words.ts'
import { openSecrets } from './secrets.ts'
import { startConfig } from './start-config.ts'
import { createTerminalMailer } from './terminal-mailer.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const log = createLogger('gatehouse')
// Whoever writes `--port 4300` must not find everything on 4000.
argumentsOrExit({
  usage: `usage: [VARIABLE=value …] npm start

It takes no arguments but environment variables, all in docs/operations.md. The first ones are
  PORT               port of everything (4000)
  GATEHOUSE_PROFILE  name or file of the profile (align)
  GATEHOUSE_FOLDER   where data and generated secrets are kept (.gatehouse)`,
  options: {},
})

await runInWords(log, 'Gatehouse', start)

async function start(closing: Parameters<Parameters<typeof runService>[1]>[0]): Promise<void> {
  const config = loadConfig(startConfig, process.env)
  log.level = config.LOG_LEVEL
  const { DATABASE_URL: database, DATABASE_OWNER_URL: databaseOwner, REDIS_URL: redis, NATS_URL: nats } = config
  const embedded = [database, redis, nats].includes(undefined)
  if (config.NODE_ENV === 'production' && embedded && !config.GATEHOUSE_ALLOW_EMBEDDED) {
    throw new ConfigError(['production needs DATABASE_URL, REDIS_URL and NATS_URL, or GATEHOUSE_ALLOW_EMBEDDED=1'])
  }
  const profile = withRedirectDomains(loadProfile(config.GATEHOUSE_PROFILE), config.MCP_REDIRECT_DOMAINS)
  const folder = isAbsolute(config.GATEHOUSE_FOLDER) ? config.GATEHOUSE_FOLDER : join(root, config.GATEHOUSE_FOLDER)
  await claimPort(config.HOST, config.PORT)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (database === undefined) claimFolder(folder, profile.name, asNamed(folder))
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
      production: config.NODE_ENV === 'production',
      ...(config.NODE_ENV !== 'production' && {
        mailer: createTerminalMailer((text) => process.stdout.write(text)),
      }),
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
        ...addresses(profile, publicUrl, house.demoTenants),
        folder: database === undefined ? asNamed(folder) : undefined,
        adminToken: secrets.adminToken,
        demo: demo
          ? {
              password: secrets.demoPassword,
              ...(profile.credentials.includes('api-key') ? { apiKey: secrets.demoApiKey } : {}),
              tenants: house.demoTenants,
            }
          : undefined,
        readyMs: performance.now(),
      },
      process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
    )}\n`,
  )
}

/** From here, where it lies below. */
function asNamed(folder: string): string {
  const path = relative(process.cwd(), folder)
  return path === '' || path.startsWith('..') ? folder : path
}

/** Where clients connect: by host, at each organisation's own, of which the first stands for all. */
function addresses(profile: Profile, publicUrl: string, tenants: readonly { readonly slug: string }[]) {
  const sites = sitesOf(profile, publicUrl)
  const [first, ...others] = sites.byHost ? tenants.map(({ slug }) => sites.of(slug)) : []
  return {
    mcpUrl: (first ?? (sites.byHost ? sites.of('<slug>') : sites.own)).resource,
    ...(profile.paths.sse === undefined ? {} : { sseUrl: `${publicUrl}${profile.paths.sse}` }),
    keysAlone: !profile.credentials.includes('oauth'),
    hosts: first === undefined ? [] : [first, ...others].map(({ origin }) => origin),
    ...(profile.apiKeyTenantHeader && first?.slug !== undefined ? { keyTenant: first.slug } : {}),
  }
}
