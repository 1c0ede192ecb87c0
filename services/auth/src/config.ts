import { flag, port, secret, url } from '@gatehouse/config'
import type { JWK } from 'jose'
import { z } from 'zod'
import type { InternalClient } from './api-keys/assertion.ts'

const embeddedOr = (...schemes: string[]) => url(...schemes, 'pglite')

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

const publicJwk = z
  .looseObject({
    kty: z.enum(['EC', 'OKP']),
    crv: z.enum(['P-256', 'Ed25519']),
    x: z.string(),
    y: z.string().optional(),
  })
  .refine((jwk) => !('d' in jwk), 'must be a public key: it has a private part')
  .transform((jwk) => jwk as JWK)

/** `[{"id":"gatehouse-mcp","jwk":{…}}]` */
const internalClients = () =>
  z
    .string()
    .default('[]')
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        context.addIssue('must be JSON')
        return z.NEVER
      }
    })
    .pipe(
      z.array(
        z
          .strictObject({ id: z.string().min(1).max(128), jwk: publicJwk })
          .transform((client): InternalClient => client),
      ),
    )

/** What the authorization server may be told. */
export const authConfig = z.object({
  GATEHOUSE_PROFILE: z.string().min(1).default('align').describe('Name or file of the profile.'),
  PUBLIC_URL: url('http', 'https')
    .refine(
      (value) => URL.canParse(value) && ['/', ''].includes(value.slice(new URL(value).origin.length)),
      'must be an origin',
    )
    .transform((value) => new URL(value).origin)
    .describe('Origin that clients and people use; it is the issuer.'),
  DATABASE_URL: embeddedOr('postgres', 'postgresql')
    .default('pglite:.gatehouse/auth')
    .describe('Where everything is kept, as the run-time login.'),
  DATABASE_OWNER_URL: embeddedOr('postgres', 'postgresql')
    .optional()
    .describe('Who migrates. Default: the same as DATABASE_URL.'),
  REDIS_URL: url('redis', 'rediss').optional().describe('Shared counters. Without it each node counts alone.'),
  NATS_URL: z
    .string()
    .regex(/^(nats|tls):\/\//, 'must begin with nats:// or tls://; several servers are separated by commas')
    .optional()
    .describe('The bus. Without it the bus is embedded and reaches this process only.'),
  GATEHOUSE_SECRET: secret().describe(
    'Encrypts the keys in the database and signs forms; at least 16 characters. Without it the keys are lost.',
  ),
  GATEHOUSE_ADMIN_TOKEN: secret().describe('Bearer token of the admin API.'),
  INTERNAL_CLIENTS: internalClients().describe(
    'JSON list of `id` and public `jwk` of the services that may exchange API keys here.',
  ),
  GATEHOUSE_ALLOW_EMBEDDED: flag().default(false).describe('Lets embedded parts run in production.'),
  GATEHOUSE_MIGRATE: flag().default(true).describe('Brings the schema up to date at start.'),
  NODE_ENV: z.string().optional().describe('`production` refuses embedded parts.'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on.'),
  PORT: port().default(4001).describe('Port to listen on; 0 = any.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('Least level logged.'),
  TRUSTED_PROXIES: list().describe(
    'Addresses or CIDR ranges of proxies whose X-Forwarded-* headers are believed, separated by commas.',
  ),
})
export type AuthConfig = z.output<typeof authConfig>

/** Which embedded parts the configuration asks for, although production needs real ones. Empty = fine. */
export function embeddedInProduction(config: AuthConfig): readonly string[] {
  if (config.NODE_ENV !== 'production' || config.GATEHOUSE_ALLOW_EMBEDDED) return []
  return [
    config.DATABASE_URL.startsWith('pglite:') ? 'DATABASE_URL' : undefined,
    config.REDIS_URL === undefined ? 'REDIS_URL' : undefined,
    config.NATS_URL === undefined ? 'NATS_URL' : undefined,
  ].filter((name) => name !== undefined)
}
