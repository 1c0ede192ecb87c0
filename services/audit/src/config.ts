import { secret, serviceFields, url } from '@gatehouse/config'
import { z } from 'zod'

/** What the audit service may be told. */
export const auditConfig = z.object({
  ...serviceFields({ port: 4003, database: 'audit' }),
  GATEHOUSE_PROFILE: z.string().min(1).default('align').describe('Name or file of the profile.'),
  PUBLIC_URL: url('http', 'https')
    .transform((value) => new URL(value).origin)
    .describe('Origin that operators and people use.'),
  ISSUER: url('http', 'https')
    .optional()
    .describe('The authorization server, exactly as it names itself. Default: PUBLIC_URL.'),
  AUTH_INTERNAL_URL: url('http', 'https')
    .optional()
    .describe('Where this service reaches auth for keys and tokens. Default: the issuer.'),
  GATEHOUSE_SECRET: secret().describe(
    'Encrypts the keys in the database, which sign the log; at least 16 characters. Without it a new key has to be made, and what the old one signed is proven by its public half alone.',
  ),
  GATEHOUSE_ADMIN_TOKEN: secret().describe('Bearer token of the admin API.'),
})
export type AuditConfig = z.output<typeof auditConfig>
