import { z } from 'zod'
import { duration, flag, port, url } from './load.ts'

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
  GATEHOUSE_ALLOW_OPEN_BUS: flag()
    .default(false)
    .describe(
      'Lets a NATS_URL without a user be used in production, where whoever reaches NATS can say what nodes believe.',
    ),
  GATEHOUSE_ALLOW_CLEAR_LINKS: flag()
    .default(false)
    .describe(
      'Says that links to other machines without TLS are meant: the network encrypts them, or is that of one machine. Else production tells of each at start.',
    ),
  GATEHOUSE_MIGRATE: flag()
    .default(true)
    .describe(
      'Brings schemas and streams up to date at start. `0`: the migration step does, and a schema that lacks something is refused.',
    ),
  NODE_ENV: z.string().optional().describe('`production` refuses what is unsafe there.'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on.'),
  PORT: port().default(defaults.port).describe('Port to listen on; 0 = any.'),
  HEALTH_PORT: port()
    .optional()
    .describe(
      'Port of `/healthz`, `/readyz` and `/metrics`, which are then not on PORT. Without it they are there too.',
    ),
  KEEP_ALIVE: duration()
    .default(75)
    .refine((seconds) => seconds >= 1 && seconds <= 3_600, 'must be from 1 s to an hour')
    .describe(
      'Seconds for which a connection that waits is kept: longer than what stands in front keeps it. Behind the balancer of Google Cloud: 620.',
    ),
  LOG_LEVEL: logLevel(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('http', 'https')
    .optional()
    .describe('Where traces go by OTLP over HTTP, `/v1/traces` is added. Without it none are made.'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('The share of traces that begin here that are kept, 0 to 1. What a caller has decided is followed.'),
  TRUSTED_PROXIES: list().describe(
    'Addresses or CIDR ranges of proxies whose X-Forwarded-* headers are believed, separated by commas.',
  ),
})
