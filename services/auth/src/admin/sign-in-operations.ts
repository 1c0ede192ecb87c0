import { z } from 'zod'
import { INVITATION_DAYS, invite } from '../accounts/invite.ts'
import { Refusal } from '../errors.ts'
import { tenant_get } from '../tenants/tenants.store.ts'
import {
  invitation_delete,
  invitation_list_waiting,
  sign_in_policy_list,
  sign_in_policy_upsert,
} from '../upstream/offers.store.ts'
import { emailDomain, ONE_PROOF, type Provider, proofOf, providerFields, providerId } from '../upstream/provider.ts'
import { provider_delete } from '../upstream/providers.store.ts'
import { email, id, subjectToken, text, time } from './fields.ts'
import { defineOperation, type Operation } from './operation.ts'
import { requireRole } from './person-operations.ts'

const provider = z.object({
  id: z.string(),
  label: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  authMethod: z.string(),
  scopes: z.array(z.string()),
  authoritativeDomains: z.array(z.string()),
  configured: z.boolean().describe('Whether it stands in the configuration, where alone it can be changed.'),
  callback: z.string().describe('To be registered there as redirect URI.'),
})
const policy = z.object({
  provider: z.string(),
  policy: z.enum(['refuse', 'invite-only', 'join']),
  domains: z.array(z.string()),
  role: z.string().optional(),
})
const invitation = z.object({ id, email: z.string(), role: z.string(), createdAt: time, expiresAt: time })

const describeProvider = (one: Provider, publicUrl: string, configured: boolean): z.input<typeof provider> => ({
  id: one.id,
  label: one.label,
  issuer: one.issuer,
  clientId: one.clientId,
  authMethod: one.proof.method,
  scopes: [...one.scopes],
  authoritativeDomains: [...one.authoritativeDomains],
  configured,
  callback: `${publicUrl}/sign-in/${one.id}/callback`,
})

export const SIGN_IN_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/upstream-providers',
    summary: 'List the OpenID providers where people can sign in',
    input: z.object({}),
    output: z.object({ providers: z.array(provider) }),
    run: async (_input, { providers, publicUrl }) => ({
      providers: (await providers.list()).map((one) =>
        describeProvider(one, publicUrl, providers.isConfigured(one.id)),
      ),
    }),
  }),
  defineOperation({
    method: 'POST',
    path: '/upstream-providers',
    summary: 'Add an OpenID provider, or replace the one of that id; its secret is kept encrypted and never shown',
    input: z.object(providerFields),
    output: provider,
    run: async ({ clientSecret, authMethod, privateKey, ...rest }, { db, clock, providers, publicUrl }) => {
      const proof = proofOf({ clientSecret, authMethod, privateKey })
      if (proof === undefined) throw new Refusal('request.malformed', { text: ONE_PROOF })
      const one = { ...rest, proof }
      const kept = await db.asPlatform('admin', (tx) => providers.keep(tx, one, new Date(clock.now())))
      if (!kept) throw new Refusal('thing.taken', { text: 'The id or the issuer is that of another provider.' })
      providers.forget()
      return describeProvider(one, publicUrl, false)
    },
  }),
  defineOperation({
    method: 'DELETE',
    path: '/upstream-providers/{provider}',
    summary: 'Remove an OpenID provider; people who are signed in stay so, and are known again if it comes back',
    input: z.object({ provider: providerId }),
    output: z.object({ removed: z.literal(true) }),
    run: async ({ provider }, { db, providers }) => {
      if (!(await db.asPlatform('admin', (tx) => provider_delete(tx, provider)))) throw new Refusal('thing.unknown')
      providers.forget()
      return { removed: true as const }
    },
  }),
  defineOperation({
    method: 'GET',
    path: '/tenants/{tenant}/sign-in-policies',
    summary: 'List what happens at a first sign-in by a provider; refuse where nothing is listed',
    input: z.object({ tenant: id }),
    output: z.object({ policies: z.array(policy) }),
    run: ({ tenant }, { db }) =>
      db.asTenant(subjectToken(tenant), async (tx) => {
        if ((await tenant_get(tx, tenant)) === undefined) throw new Refusal('thing.unknown')
        const policies = await sign_in_policy_list(tx, tenant)
        return {
          policies: policies.map(({ providerId, policy, domains, role }) => ({
            provider: providerId,
            policy,
            domains: [...domains],
            ...(role === null ? {} : { role }),
          })),
        }
      }),
  }),
  defineOperation({
    method: 'PATCH',
    path: '/tenants/{tenant}/sign-in-policies/{provider}',
    summary: 'Say what happens to somebody whom a provider vouches for and whom nobody knows here',
    input: z.object({
      tenant: id,
      provider: providerId,
      policy: z.enum(['refuse', 'invite-only', 'join']),
      domains: z.array(emailDomain).max(200).default([]).describe('For join: verified addresses of these domains.'),
      role: text(60).optional().describe('For join.'),
    }),
    output: policy,
    run: async ({ tenant, provider, policy, domains, role }, { db, profile, providers }) => {
      if (role !== undefined) requireRole(role, profile)
      if (policy === 'join' && (role === undefined || domains.length === 0)) {
        throw new Refusal('request.malformed', { text: 'join needs domains and a role.' })
      }
      if ((await providers.find(provider)) === undefined) throw new Refusal('thing.unknown')
      await db.asTenant(subjectToken(tenant), async (tx) => {
        if ((await tenant_get(tx, tenant)) === undefined) throw new Refusal('thing.unknown')
        await sign_in_policy_upsert(tx, tenant, { providerId: provider, policy, domains, role: role ?? null })
      })
      return { provider, policy, domains, ...(role === undefined ? {} : { role }) }
    },
  }),
  defineOperation({
    method: 'GET',
    path: '/tenants/{tenant}/invitations',
    summary: 'List the invitations that wait',
    input: z.object({ tenant: id }),
    output: z.object({ invitations: z.array(invitation) }),
    run: ({ tenant }, { db, clock }) =>
      db.asTenant(subjectToken(tenant), async (tx) => {
        if ((await tenant_get(tx, tenant)) === undefined) throw new Refusal('thing.unknown')
        const waiting = await invitation_list_waiting(tx, tenant, new Date(clock.now()))
        return {
          invitations: waiting.map(({ createdAt, expiresAt, ...rest }) => ({
            ...rest,
            createdAt: createdAt.toISOString(),
            expiresAt: expiresAt.toISOString(),
          })),
        }
      }),
  }),
  defineOperation({
    method: 'POST',
    path: '/tenants/{tenant}/invitations',
    summary: `Invite an address: who has the link, or signs in with it at a provider that the tenant trusts, joins; ${INVITATION_DAYS} days`,
    input: z.object({
      tenant: id,
      email,
      role: text(60),
      send: z.boolean().default(false).describe('Whether the link is mailed to the address.'),
    }),
    output: invitation.extend({
      link: z.string().describe('Whoever opens it may join, once. It is shown this once.'),
      sent: z.boolean().describe('Whether a mail has left.'),
    }),
    run: async ({ tenant, email, role, send }, deps) => {
      requireRole(role, deps.profile)
      const made = await invite({ tenantId: subjectToken(tenant), email, role, send }, deps)
      const [createdAt, expiresAt] = [made.createdAt.toISOString(), made.expiresAt.toISOString()]
      return { id: made.id, email, role, createdAt, expiresAt, link: made.link.url, sent: made.sent }
    },
  }),
  defineOperation({
    method: 'DELETE',
    path: '/invitations/{invitation}',
    summary: 'Take an invitation back',
    input: z.object({ invitation: id }),
    output: z.object({ removed: z.literal(true) }),
    run: async ({ invitation }, { db }) => {
      const removed = await db.asPlatform('admin', (tx) => invitation_delete(tx, invitation))
      if (!removed) throw new Refusal('thing.unknown')
      return { removed: true as const }
    },
  }),
]
