import { z } from 'zod'
import { makeKey, revokeKey } from '../api-keys/api-keys.ts'
import { client_list } from '../clients/clients.store.ts'
import { Refusal } from '../errors.ts'
import { appendTenantState } from '../feed/append.ts'
import { person_list_of_tenant } from '../people/people.store.ts'
import { tenant_get, tenant_list, tenant_update } from '../tenants/tenants.store.ts'
import { id, text, time } from './fields.ts'
import { GRANT_OPERATIONS } from './grant-operations.ts'
import { KEYRING_OPERATIONS } from './keyring-operations.ts'
import { defineOperation, type Operation } from './operation.ts'
import { RESOURCE_OPERATIONS } from './resource-operations.ts'

const tenant = z.object({
  id,
  slug: z.string(),
  name: z.string(),
  plan: z.string(),
  status: z.enum(['active', 'suspended']),
  mcp: z.boolean().describe('Whether MCP is switched on.'),
})
const client = z.object({
  id,
  kind: z.enum(['dynamic', 'registered', 'metadata']),
  name: z.string(),
  redirectUris: z.array(z.string()),
  authMethod: z.string(),
  createdAt: time,
})
const person = z.object({ id, email: z.string(), name: z.string(), role: z.string() })
const newKey = z.object({
  id,
  key: z.string().describe('The key itself. It is shown this once.'),
  hint: z.string(),
  expiresAt: time.optional(),
})

/** The table of contents of `/admin/v1`. */
export const OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/tenants',
    summary: 'List tenants',
    input: z.object({}),
    output: z.object({ tenants: z.array(tenant) }),
    run: async (_input, { db }) => ({ tenants: await db.asPlatform('admin', tenant_list) }),
  }),
  defineOperation({
    method: 'PATCH',
    path: '/tenants/{tenant}',
    summary: 'Switch MCP on or off, suspend or reactivate a tenant',
    input: z.object({ tenant: id, mcp: z.boolean().optional(), status: z.enum(['active', 'suspended']).optional() }),
    output: tenant,
    run: ({ tenant, ...change }, { db }) =>
      db.asPlatform('admin', async (tx) => {
        const changed = await tenant_update(tx, tenant, change)
        if (changed === undefined) throw new Refusal('thing.unknown')
        await appendTenantState(tx, changed)
        return changed
      }),
  }),
  defineOperation({
    method: 'GET',
    path: '/tenants/{tenant}/people',
    summary: 'List the people of a tenant',
    input: z.object({ tenant: id }),
    output: z.object({ people: z.array(person) }),
    run: ({ tenant }, { db }) =>
      db.asTenant(subjectToken(tenant), async (tx) => {
        if ((await tenant_get(tx, tenant)) === undefined) throw new Refusal('thing.unknown')
        return { people: await person_list_of_tenant(tx, tenant) }
      }),
  }),
  defineOperation({
    method: 'GET',
    path: '/clients',
    summary: 'List clients, newest first',
    input: z.object({ limit: z.coerce.number().int().min(1).max(200).default(50), after: id.optional() }),
    output: z.object({ clients: z.array(client) }),
    run: async ({ limit, after }, { db }) => {
      const clients = await db.asPlatform('admin', (tx) => client_list(tx, limit, after))
      return {
        clients: clients.map((one) => ({
          ...one,
          redirectUris: [...one.redirectUris],
          createdAt: one.createdAt.toISOString(),
        })),
      }
    },
  }),
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
      const revoked = await db.asPlatform('admin', (tx) => revokeKey(tx, key, new Date(clock.now())))
      if (!revoked) throw new Refusal('thing.unknown')
      return { revoked: true as const }
    },
  }),
  ...RESOURCE_OPERATIONS,
  ...GRANT_OPERATIONS,
  ...KEYRING_OPERATIONS,
]

/** What is no id names nothing. */
function subjectToken(id: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(id)) throw new Refusal('thing.unknown')
  return id
}
