import { z } from 'zod'
import { key_list } from '../api-keys/api-keys.store.ts'
import { changeKey, makeKey, revokeKey } from '../api-keys/api-keys.ts'
import { faultOfScopes, keyScopes } from '../api-keys/judge-key.ts'
import { Refusal } from '../errors.ts'
import { tenant_get } from '../tenants/tenants.store.ts'
import { id, subjectToken, text, time } from './fields.ts'
import { type AdminDeps, defineOperation, type Operation } from './operation.ts'

const scopes = z.array(z.string()).min(1).max(50)
const newKey = z.object({
  id,
  key: z.string().describe('The key itself. It is shown this once.'),
  hint: z.string(),
  expiresAt: time.optional(),
})
const key = z.object({
  id,
  name: z.string(),
  hint: z.string().describe('Its prefix and last characters.'),
  scopes: z.array(z.string()),
  kind: z.enum(['organisation', 'project']),
  project: z.string().optional().describe('The only one that it is for.'),
  createdAt: time,
  createdBy: z.string().optional().describe('Name of the person who made it on the page.'),
  usedAt: time.optional().describe('About when it was used last; absent: never.'),
  expiresAt: time.optional(),
})

/** @throws Refusal for one that no key can have */
async function requireScopes(wanted: readonly string[], { profile, registry }: AdminDeps, held?: readonly string[]) {
  const fault = faultOfScopes(wanted, keyScopes(profile, await registry.open(), true), held).scopes
  if (fault !== undefined) throw new Refusal('scope.invalid', { text: fault })
}

/** Keys of tenants, for programs that cannot sign in. */
export const API_KEY_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/tenants/{tenant}/api-keys',
    summary: 'List the API keys of a tenant, newest first',
    input: z.object({ tenant: id }),
    output: z.object({ keys: z.array(key) }),
    run: ({ tenant }, { db }) =>
      db.asTenant(subjectToken(tenant), async (tx) => {
        if ((await tenant_get(tx, tenant)) === undefined) throw new Refusal('thing.unknown')
        const keys = await key_list(tx, tenant)
        return {
          keys: keys.map(({ id, name, hint, scopes, kind, project, createdAt, createdBy, usedAt, expiresAt }) => ({
            ...{ id, name, hint, scopes: [...scopes], kind, createdAt: createdAt.toISOString() },
            ...(project === null ? {} : { project }),
            ...(createdBy === null ? {} : { createdBy }),
            ...(usedAt === null ? {} : { usedAt: usedAt.toISOString() }),
            ...(expiresAt === null ? {} : { expiresAt: expiresAt.toISOString() }),
          })),
        }
      }),
  }),
  defineOperation({
    method: 'POST',
    path: '/tenants/{tenant}/api-keys',
    summary: 'Make an API key',
    input: z.object({
      tenant: id,
      name: text(100),
      scopes,
      expiresAt: time.optional(),
      project: text(100).optional().describe('Makes a key of one project: for the REST API, refused by MCP.'),
    }),
    output: newKey,
    run: async ({ tenant, name, scopes, expiresAt, project }, deps) => {
      const { db, clock, profile } = deps
      await requireScopes(scopes, deps)
      if (project !== undefined && !profile.settings.projectKeys)
        throw new Refusal('request.malformed', { text: 'There are no keys of projects here.' })
      const now = new Date(clock.now())
      const until = expiresAt === undefined ? null : new Date(expiresAt)
      if (until !== null && until <= now) throw new Refusal('request.malformed', { text: 'expiresAt is not ahead.' })
      return db.asTenant(subjectToken(tenant), async (tx) => {
        if ((await tenant_get(tx, tenant)) === undefined) throw new Refusal('thing.unknown')
        const of = { tenantId: tenant, name, prefix: profile.apiKeyPrefix, scopes, expiresAt: until, project, now }
        const made = await makeKey(tx, of)
        if (made === undefined) throw new Error('a random key was there already')
        const shown = { id: made.key.id, key: made.text, hint: made.key.hint }
        return { ...shown, ...(expiresAt === undefined ? {} : { expiresAt }) }
      })
    },
  }),
  defineOperation({
    method: 'PATCH',
    path: '/api-keys/{key}',
    summary: 'Rename an API key, or change its scopes; what it may do changes everywhere within a second',
    input: z.object({ key: id, name: text(100).optional(), scopes: scopes.optional() }),
    output: z.object({ id, name: z.string(), scopes: z.array(z.string()) }),
    run: async ({ key, name, scopes }, deps) => {
      const { db, clock } = deps
      if (scopes !== undefined) await requireScopes(scopes, deps)
      const of = { now: new Date(clock.now()) }
      const changed = await db.asPlatform('admin', (tx) => changeKey(tx, key, { name, scopes }, of))
      if (changed === undefined) throw new Refusal('thing.unknown')
      return { id: changed.id, name: changed.name, scopes: [...changed.scopes] }
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
]
