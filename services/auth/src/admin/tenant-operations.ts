import type { Profile } from '@gatehouse/profiles'
import { z } from 'zod'
import { Refusal } from '../errors.ts'
import { appendTenantState } from '../feed/append.ts'
import { newId } from '../secrets.ts'
import { tenant_insert, tenant_list, tenant_update } from '../tenants/tenants.store.ts'
import { id, text } from './fields.ts'
import { defineOperation, type Operation } from './operation.ts'

const tenant = z.object({
  id,
  slug: z.string(),
  name: z.string(),
  plan: z.string(),
  status: z.enum(['active', 'suspended']),
  mcp: z.boolean().describe('Whether MCP is switched on.'),
})

const NO_INPUT = z.object({})

export const TENANT_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/plans',
    summary: 'List the plans of the profile',
    input: NO_INPUT,
    output: z.object({
      plans: z.array(z.object({ name: z.string(), mcp: z.boolean().describe('Whether it has MCP.') })),
    }),
    run: async (_input, { profile: { plans } }) => ({
      plans: plans.all.map((name) => ({ name, mcp: plans.withMcp.includes(name) })),
    }),
  }),
  defineOperation({
    method: 'GET',
    path: '/roles',
    summary: 'List the roles of the profile, with what each may do',
    input: NO_INPUT,
    output: z.object({ roles: z.array(z.object({ name: z.string(), permissions: z.array(z.string()) })) }),
    run: async (_input, { profile: { roles } }) => ({
      roles: Object.entries(roles).map(([name, permissions]) => ({ name, permissions: [...permissions] })),
    }),
  }),
  defineOperation({
    method: 'GET',
    path: '/tenants',
    summary: 'List tenants',
    input: NO_INPUT,
    output: z.object({ tenants: z.array(tenant) }),
    run: async (_input, { db }) => ({ tenants: await db.asPlatform('admin', tenant_list) }),
  }),
  defineOperation({
    method: 'POST',
    path: '/tenants',
    summary: 'Make a tenant',
    input: z.object({
      slug: z
        .string()
        .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'must be one label of a host name')
        .describe('Short name for people and host names.'),
      name: text(100),
      plan: text(60).describe('One of the plans of the profile.'),
      mcp: z.boolean().default(false),
    }),
    output: tenant,
    run: ({ slug, name, plan, mcp }, { db, profile }) => {
      requirePlan(plan, profile)
      return db.asPlatform('admin', async (tx) => {
        const made = await tenant_insert(tx, { id: newId('tenant'), slug, name, plan, mcp, status: 'active' })
        if (made === undefined) throw new Refusal('thing.taken', { text: 'Another tenant has that slug.' })
        await appendTenantState(tx, made)
        return made
      })
    },
  }),
  defineOperation({
    method: 'PATCH',
    path: '/tenants/{tenant}',
    summary: 'Rename a tenant, change its plan, switch MCP on or off, suspend or reactivate it',
    input: z.object({
      tenant: id,
      name: text(100).optional(),
      plan: text(60).optional().describe('One of the plans of the profile.'),
      mcp: z.boolean().optional(),
      status: z.enum(['active', 'suspended']).optional(),
    }),
    output: tenant,
    run: ({ tenant, ...change }, { db, profile }) => {
      if (change.plan !== undefined) requirePlan(change.plan, profile)
      return db.asPlatform('admin', async (tx) => {
        const changed = await tenant_update(tx, tenant, change)
        if (changed === undefined) throw new Refusal('thing.unknown')
        await appendTenantState(tx, changed)
        return changed
      })
    },
  }),
]

/** @throws Refusal for a plan that the profile does not have */
function requirePlan(plan: string, { plans }: Pick<Profile, 'plans'>): void {
  if (plans.all.includes(plan)) return
  throw new Refusal('request.malformed', { text: `There is no plan ${plan}; there are: ${plans.all.join(', ')}.` })
}
