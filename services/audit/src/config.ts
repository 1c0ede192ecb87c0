import { flag, port, secret, url } from '@gatehouse/config'
import { z } from 'zod'

/** NATS servers, separated by commas. */
const servers = () =>
  z
    .string()
    .refine(
      (text) => text.split(',').every((one) => url('nats', 'tls').safeParse(one.trim()).success),
      'must be URLs with scheme nats or tls, separated by commas',
    )

/** What the audit service may be told. Durations and sizes carry their unit in the text. */
export const auditConfig = z.object({
  DATABASE_URL: url('postgres', 'postgresql', 'pglite')
    .default('pglite:.gatehouse/audit')
    .describe('Where events are kept, as the run-time login.'),
  DATABASE_OWNER_URL: url('postgres', 'postgresql', 'pglite')
    .optional()
    .describe('Who migrates. Default: the same as DATABASE_URL.'),
  NATS_URL: servers()
    .optional()
    .describe(
      'The bus that events arrive on, one server or several. Without it the bus is embedded and reaches this process only.',
    ),
  GATEHOUSE_ADMIN_TOKEN: secret().describe('Bearer token of the admin API.'),
  GATEHOUSE_ALLOW_EMBEDDED: flag().default(false).describe('Lets embedded parts run in production.'),
  GATEHOUSE_MIGRATE: flag().default(true).describe('Brings the schema up to date at start.'),
  NODE_ENV: z.string().optional().describe('`production` refuses embedded parts.'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on.'),
  PORT: port().default(4003).describe('Port to listen on; 0 = any.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('Least level logged.'),
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .describe('Addresses or CIDR ranges of proxies whose X-Forwarded-* headers are believed, separated by commas.'),
})
export type AuditConfig = z.output<typeof auditConfig>

/** Which embedded parts the configuration asks for, although production needs real ones. Empty = fine. */
export function embeddedInProduction(config: AuditConfig): readonly string[] {
  if (config.NODE_ENV !== 'production' || config.GATEHOUSE_ALLOW_EMBEDDED) return []
  return [
    config.DATABASE_URL.startsWith('pglite:') ? 'DATABASE_URL' : undefined,
    config.NATS_URL === undefined ? 'NATS_URL' : undefined,
  ].filter((name) => name !== undefined)
}
