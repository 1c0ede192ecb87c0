import { z } from 'zod'
import { ConfigError, flag, port, url } from './load.ts'

/** A list separated by commas; absent = empty. */
export const list = () =>
  z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )

/** One or several NATS servers, separated by commas. */
export const natsUrl = () =>
  z
    .string()
    .refine(
      (value) => value.split(',').every((server) => /^(nats|tls):\/\/./.test(server.trim())),
      'must be nats:// or tls:// URLs, separated by commas',
    )

export const logLevel = (level: 'info' | 'warn' = 'info') =>
  z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default(level).describe('Least level logged.')

/** What every service may be told. `database` is its folder below `.gatehouse/` when the database is embedded. */
export const serviceFields = (defaults: { readonly port: number; readonly database: string }) => ({
  DATABASE_URL: url('postgres', 'postgresql', 'pglite')
    .default(`pglite:.gatehouse/${defaults.database}`)
    .describe('Where its rows are, as the run-time login.'),
  DATABASE_OWNER_URL: url('postgres', 'postgresql', 'pglite')
    .optional()
    .describe('Who migrates. Default: the same as DATABASE_URL.'),
  NATS_URL: natsUrl()
    .optional()
    .describe('The bus; several servers are separated by commas. Without it the bus reaches this process only.'),
  GATEHOUSE_ALLOW_EMBEDDED: flag().default(false).describe('Lets embedded parts run in production.'),
  GATEHOUSE_MIGRATE: flag().default(true).describe('Brings schemas and streams up to date at start.'),
  NODE_ENV: z.string().optional().describe('`production` refuses embedded parts.'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on.'),
  PORT: port().default(defaults.port).describe('Port to listen on; 0 = any.'),
  LOG_LEVEL: logLevel(),
  TRUSTED_PROXIES: list().describe(
    'Addresses or CIDR ranges of proxies whose X-Forwarded-* headers are believed, separated by commas.',
  ),
})

type Part = 'DATABASE_URL' | 'REDIS_URL' | 'NATS_URL'

/** @throws ConfigError naming each of `parts` that is embedded although this is production and nobody allowed it */
export function refuseEmbeddedInProduction(
  config: { readonly NODE_ENV?: string | undefined; readonly GATEHOUSE_ALLOW_EMBEDDED: boolean } & {
    readonly [P in Part]?: string | undefined
  },
  parts: readonly Part[],
): void {
  if (config.NODE_ENV !== 'production' || config.GATEHOUSE_ALLOW_EMBEDDED) return
  const embedded = parts.filter((part) => config[part] === undefined || config[part]?.startsWith('pglite:'))
  if (embedded.length === 0) return
  throw new ConfigError(embedded.map((part) => `${part}: production needs a real one, or GATEHOUSE_ALLOW_EMBEDDED=1`))
}
