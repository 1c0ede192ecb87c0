import { z } from 'zod'
import { makeKey, revokeKey } from '../api-keys/api-keys.ts'
import { Refusal } from '../errors.ts'
import { tenant_get } from '../tenants/tenants.store.ts'
import { CLIENT_OPERATIONS } from './client-operations.ts'
import { id, subjectToken, text, time } from './fields.ts'
import { GRANT_OPERATIONS } from './grant-operations.ts'
import { KEYRING_OPERATIONS } from './keyring-operations.ts'
import { defineOperation, type Operation } from './operation.ts'
import { PERSON_OPERATIONS } from './person-operations.ts'
import { RESOURCE_OPERATIONS } from './resource-operations.ts'
import { SESSION_OPERATIONS } from './session-operations.ts'
import { SIGN_IN_OPERATIONS } from './sign-in-operations.ts'
import { TENANT_OPERATIONS } from './tenant-operations.ts'

const newKey = z.object({
  id,
  key: z.string().describe('The key itself. It is shown this once.'),
  hint: z.string(),
  expiresAt: time.optional(),
})

/** The table of contents of `/admin/v1`. */
export const OPERATIONS: readonly Operation[] = [
  ...TENANT_OPERATIONS,
  ...PERSON_OPERATIONS,
  ...SESSION_OPERATIONS,
  ...SIGN_IN_OPERATIONS,
  ...CLIENT_OPERATIONS,
  defineOperation({
    method: 'POST',
    path: '/tenants/{tenant}/api-keys',
    summary: 'Make an API key',
    input: z.object({
      tenant: id,
      name: text(100),
      scopes: z.array(z.string()).min(1).max(50),
      expiresAt: time.optional(),
    }),
    output: newKey,
    run: async ({ tenant, name, scopes, expiresAt }, { db, clock, profile, registry }) => {
      const known = new Set((await registry.open()).all.flatMap((one) => one.scopes.map((scope) => scope.name)))
      const unknown = scopes.find((scope) => !known.has(scope))
      if (unknown !== undefined) throw new Refusal('scope.invalid', { text: `There is no scope ${unknown}.` })
      const now = new Date(clock.now())
      const until = expiresAt === undefined ? null : new Date(expiresAt)
      if (until !== null && until <= now) throw new Refusal('request.malformed', { text: 'expiresAt is not ahead.' })
      return db.asTenant(subjectToken(tenant), async (tx) => {
        if ((await tenant_get(tx, tenant)) === undefined) throw new Refusal('thing.unknown')
        const made = await makeKey(tx, {
          tenantId: tenant,
          name,
          prefix: profile.apiKeyPrefix,
          scopes,
          expiresAt: until,
          now,
        })
        if (made === undefined) throw new Error('a random key was there already')
        return {
          id: made.key.id,
          key: made.text,
          hint: made.key.hint,
          ...(expiresAt === undefined ? {} : { expiresAt }),
        }
      })
    },
  }),
  defineOperation({
    method: 'DELETE',
    path: '/api-keys/{key}',
    summary: 'Revoke an API key',
    input: z.object({ key: id }),
    output: z.object({ revoked: z.literal(true) }),
    run: async ({ key }, { db, clock }) => {
      const revoked = await db.asPlatform('admin', (tx) => revokeKey(tx, key, { now: new Date(clock.now()) }))
      if (!revoked) throw new Refusal('thing.unknown')
      return { revoked: true as const }
    },
  }),
  ...RESOURCE_OPERATIONS,
  ...GRANT_OPERATIONS,
  ...KEYRING_OPERATIONS,
]
