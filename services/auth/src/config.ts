import { list, secret, serviceFields, url } from '@gatehouse/config'
import { redirectDomain } from '@gatehouse/profiles'
import type { JWK } from 'jose'
import { z } from 'zod'
import type { InternalClient } from './api-keys/assertion.ts'
import { isSecureOrigin } from './http/secure-origin.ts'
import { RING_NAMES, SIGNING_KEY_DAYS, SIGNING_RINGS } from './keys/rings.ts'
import { configuredProviders } from './upstream/provider.ts'

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

/** `{"access":"/run/secrets/access.json"}` */
const byRing = <const R extends string>(rings: readonly R[]) =>
  z
    .string()
    .default('{}')
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        context.addIssue('must be JSON')
        return z.NEVER
      }
    })
    .pipe(z.partialRecord(z.enum(rings), z.string().min(1)))

/** What the authorization server may be told. */
export const authConfig = z.object({
  ...serviceFields({ port: 4001, database: 'auth' }),
  GATEHOUSE_PROFILE: z.string().min(1).default('align').describe('Name or file of the profile.'),
  PUBLIC_URL: url('http', 'https')
    .refine(
      (value) => URL.canParse(value) && ['/', ''].includes(value.slice(new URL(value).origin.length)),
      'must be an origin',
    )
    .transform((value) => new URL(value).origin)
    .refine(isSecureOrigin, 'must be https, or http on this machine')
    .describe('Origin that clients and people use; it is the issuer.'),
  MCP_REDIRECT_DOMAINS: list()
    .pipe(z.array(redirectDomain))
    .describe(
      'Clients that register themselves may be sent only to these hosts and those below them, separated by commas; instead of `redirectDomains` of the profile.',
    ),
  REDIS_URL: url('redis', 'rediss').optional().describe('Shared counters. Without it each node counts alone.'),
  GATEHOUSE_SECRET: secret().describe(
    'Encrypts the keys in the database and signs forms; at least 16 characters. Without it the keys are lost.',
  ),
  GATEHOUSE_ADMIN_TOKEN: secret().describe('Bearer token of the admin API.'),
  SIGNING_KEY_DAYS: z.coerce
    .number()
    .int()
    .min(0)
    .max(3_650)
    .default(SIGNING_KEY_DAYS)
    .describe('How long a signing key is used before the next one; 0: until `gatehouse keys rotate`.'),
  ACCESS_TOKEN_ALGORITHM: z
    .enum(['ES256', 'RS256'])
    .default('ES256')
    .describe(
      'What access tokens are signed by: RS256 where a resource server knows nothing else. It holds from the next key on: `gatehouse keys rotate access`.',
    ),
  KEYRING_FILES: byRing(RING_NAMES).describe(
    'JSON object from a ring (`access`, `id`, `refresh`) to the file with its keys, for operators who keep keys in files.',
  ),
  KEY_SERVICES: byRing(SIGNING_RINGS).describe(
    'JSON object from a signing ring (`access`, `id`) to the module that speaks to the key management service with its private keys.',
  ),
  UPSTREAM_PROVIDERS: configuredProviders().describe(
    'JSON list of the OpenID providers where people can sign in: `id`, `label`, `issuer`, `clientId`, `clientSecret` or `privateKey`, `scopes`, `authoritativeDomains`.',
  ),
  SMTP_URL: url('smtp', 'smtps')
    .optional()
    .describe(
      'Mail server, with user and password where it asks for them. Without it letters (invitations, links to a new password) are not sent.',
    ),
  MAIL_FROM: z
    .string()
    .min(3)
    .default('Gatehouse <no-reply@localhost>')
    .describe('Sender of letters, as `Name <address>`.'),
  INTERNAL_CLIENTS: internalClients().describe(
    'JSON list of `id` and public `jwk` of the services that may exchange API keys here.',
  ),
})
export type AuthConfig = z.output<typeof authConfig>
