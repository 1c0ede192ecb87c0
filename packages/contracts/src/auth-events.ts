import { createHash } from 'node:crypto'
import { z } from 'zod'
import { defineEvent } from './event.ts'
import { isSubjectToken } from './streams.ts'

/** `*` as the tenant of an event that belongs to no tenant. */
export const PLATFORM = '*'

const seconds = z.number().int().nonnegative()

/**
 * What was taken back. Every credential that matches and was issued at or before `at` is refused from then on.
 * `at` is in seconds since the epoch, on the clock of auth's database.
 */
export const Revoked = defineEvent(
  'auth.revoked',
  1,
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('token'), jti: z.string(), at: seconds, reason: z.string() }),
    z.object({ kind: z.literal('grant'), grant: z.string(), at: seconds, reason: z.string() }),
    z.object({ kind: z.literal('client'), client: z.string(), at: seconds, reason: z.string() }),
    z.object({ kind: z.literal('person'), person: z.string(), at: seconds, reason: z.string() }),
    z.object({
      kind: z.literal('membership'),
      person: z.string(),
      tenant: z.string(),
      at: seconds,
      reason: z.string(),
    }),
    z.object({
      kind: z.literal('key'),
      key: z.string(),
      at: seconds,
      reason: z.string(),
      below: z
        .number()
        .int()
        .positive()
        .optional()
        .describe('Only what was learnt of an earlier version of the key; absent: the key is dead for good.'),
    }),
    z.object({
      kind: z.literal('tenant-switch'),
      person: z.string(),
      tenant: z.string(),
      /** What the person is there. With it their tokens speak for that tenant from now on; without it those for another are refused. */
      roles: z.array(z.string()).optional(),
      /** Milliseconds of the switch on the clock of auth's database: of two in one second, which came later. */
      order: z.number().int().nonnegative().optional(),
      at: seconds,
      reason: z.string(),
    }),
  ]),
)
export type Revocation = z.infer<typeof Revoked.schema>

/**
 * The feed's heartbeat, once a second on `auth.delta.tick`: everything of the outbox up to `position` has been published.
 * A node is fresh only by ticks that it read. `feed` names auth's database: another one means that the streams are stale.
 */
export const FeedTick = defineEvent(
  'auth.tick',
  1,
  z.object({ feed: z.string(), position: z.string().regex(/^\d+$/), at: z.number().int() }),
)

/** A tenant as nodes need to know it; published when it differs from the default and when it changes. */
export const TenantState = defineEvent(
  'auth.tenant-state',
  1,
  z.object({
    tenant: z.string(),
    slug: z.string(),
    name: z.string(),
    plan: z.string(),
    status: z.enum(['active', 'suspended']),
    mcp: z.boolean(),
  }),
)
export type TenantStateData = z.infer<typeof TenantState.schema>

/** What a revocation is about, as one string: the subject's last token. */
function about(revocation: Revocation): string {
  switch (revocation.kind) {
    case 'token':
      return revocation.jti
    case 'grant':
      return revocation.grant
    case 'client':
      return revocation.client
    case 'person':
      return revocation.person
    case 'tenant-switch':
    case 'membership':
      return `${revocation.tenant}.${revocation.person}`
    case 'key':
      return revocation.key
  }
}

/**
 * Subjects of `AUTH_DELTA`. The stream keeps the last message of each: a later revocation of the same thing says all that an
 * earlier one said, and of the ticks only the newest counts. Ids that are no subject token (client ids may be URLs) are hashed.
 */
export const DELTA_SUBJECTS = {
  tick: 'auth.delta.tick',
  revoked: (revocation: Revocation): string => {
    const id = about(revocation)
    const token = isSubjectToken(id) ? id : createHash('sha256').update(id).digest('base64url')
    return `auth.delta.${revocation.kind}.${token}`
  },
} as const

/** Header (NATS) or attribute that names the database a feed message came from. */
export const FEED_HEADER = 'Gatehouse-Feed'
