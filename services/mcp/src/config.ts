import { duration, flag, port, secret, url } from '@gatehouse/config'
import { z } from 'zod'

const list = () =>
  z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )

/** What the MCP service may be told. */
export const mcpConfig = z.object({
  GATEHOUSE_PROFILE: z.string().min(1).default('align').describe('Name or file of the profile.'),
  PUBLIC_URL: url('http', 'https')
    .transform((value) => new URL(value).origin)
    .describe('Origin that clients use; the MCP path comes from the profile.'),
  ISSUER: url('http', 'https')
    .optional()
    .describe('The authorization server, exactly as it names itself. Default: PUBLIC_URL.'),
  AUTH_INTERNAL_URL: url('http', 'https')
    .optional()
    .describe('Where this service reaches auth for keys and API keys. Default: the issuer.'),
  RESOURCE_ALIASES: list().describe('Further audiences that tokens for this resource may have, separated by commas.'),
  MCP_CLIENT_ID: z.string().min(1).default('gatehouse-mcp').describe('Client id of this service at auth.'),
  MCP_CLIENT_KEY: secret()
    .optional()
    .describe(
      'Private JWK (ES256) with which this service proves itself to auth; needed where the profile takes API keys.',
    ),
  NODE_NAME: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,128}$/, 'must have 1 to 128 characters of A-Z a-z 0-9 _ -')
    .optional()
    .describe('Name of this node in the audit log. Default: host name and process id.'),
  DATABASE_URL: url('postgres', 'postgresql', 'pglite')
    .default('pglite:.gatehouse/mcp')
    .describe('Where the catalogs are, as the run-time login.'),
  DATABASE_OWNER_URL: url('postgres', 'postgresql', 'pglite')
    .optional()
    .describe('Who migrates. Default: the same as DATABASE_URL.'),
  REDIS_URL: url('redis', 'rediss').optional().describe('Shared counters. Without it each node counts alone.'),
  NATS_URL: z
    .string()
    .regex(/^(nats|tls):\/\//, 'must begin with nats:// or tls://; several servers are separated by commas')
    .optional()
    .describe('The bus. Without it the bus is embedded and reaches this process only.'),
  GATEHOUSE_ALLOW_EMBEDDED: flag().default(false).describe('Lets embedded parts run in production.'),
  GATEHOUSE_MIGRATE: flag().default(true).describe('Brings the schemas up to date at start.'),
  NODE_ENV: z.string().optional().describe('`production` refuses embedded parts.'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on.'),
  PORT: port().default(4002).describe('Port to listen on; 0 = any.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('Least level logged.'),
  TRUSTED_PROXIES: list().describe('Addresses or CIDR ranges of proxies whose X-Forwarded-* headers are believed.'),
  ALLOWED_HOSTS: list().describe(
    'Hosts beside the public one that requests may name, `host:port`, separated by commas.',
  ),
  ALLOWED_ORIGINS: list().describe('Origins of browser clients beside the public one, separated by commas.'),
  CALL_TIMEOUT: duration().default(30).describe('Seconds that a tool or a read may take.'),
  AUDIT_READS: z
    .enum(['required', 'when-possible'])
    .default('required')
    .describe('Whether tools that only read are refused while the audit log cannot be reached.'),
})
export type McpConfig = z.output<typeof mcpConfig>

/** Which embedded parts the configuration asks for, although production needs real ones. Empty = fine. */
export function embeddedInProduction(config: McpConfig): readonly string[] {
  if (config.NODE_ENV !== 'production' || config.GATEHOUSE_ALLOW_EMBEDDED) return []
  return [
    config.DATABASE_URL.startsWith('pglite:') ? 'DATABASE_URL' : undefined,
    config.REDIS_URL === undefined ? 'REDIS_URL' : undefined,
    config.NATS_URL === undefined ? 'NATS_URL' : undefined,
  ].filter((name) => name !== undefined)
}
