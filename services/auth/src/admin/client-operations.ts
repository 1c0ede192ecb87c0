import type { Tx } from '@gatehouse/database'
import { z } from 'zod'
import {
  type Client,
  client_get_any,
  client_insert,
  client_list,
  client_lock,
  client_put_secret,
  client_switch,
  client_update,
  type NewClient,
} from '../clients/clients.store.ts'
import { endClient, revokeClient } from '../clients/end-client.ts'
import { judgeRegistered, wantsSecret } from '../clients/judge-registered.ts'
import { judgeJwks } from '../clients/keys/judge-jwks.ts'
import { needsSecret } from '../clients/register.ts'
import { Refusal } from '../errors.ts'
import type { Resources } from '../resources/registry.ts'
import { newId, newSecret, sha256 } from '../secrets.ts'
import { tenant_get } from '../tenants/tenants.store.ts'
import { offeredGrants } from '../token/grant-types.ts'
import { id, text, time } from './fields.ts'
import { type AdminDeps, defineOperation, type Operation } from './operation.ts'

/** Of a metadata document it is a URL. */
const clientId = text(512)
const uri = text(2_000)
const method = z.enum(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'])
const facts = {
  name: text(200).describe('What the consent page calls it.'),
  redirectUris: z.array(uri).max(20).describe('Where people may be sent back to.'),
  authMethod: method.describe('How it proves itself at the token endpoint; `none` for a public client.'),
  grantTypes: z.array(text(200)).min(1).max(10).describe('What it may ask tokens by.'),
  scopes: z.array(text(200)).max(100).nullable().describe('What it may have for itself (`client_credentials`).'),
  resources: z.array(uri).min(1).max(20).nullable().describe('Identifiers it may have tokens for; null for any.'),
  tenant: id.nullable().describe('Tenant that it acts in when it acts for itself.'),
  jwks: z
    .object({ keys: z.array(z.record(z.string(), z.unknown())).min(1).max(20) })
    .nullable()
    .describe('Its public keys, for `private_key_jwt`.'),
  jwksUri: z
    .url({ protocol: /^https$/ })
    .max(2_000)
    .nullable()
    .describe('Where its public keys are, instead of `jwks`.'),
}
const clientShape = z.object({
  id: clientId,
  kind: z.enum(['dynamic', 'registered', 'metadata']).describe('How it came to be.'),
  name: z.string(),
  redirectUris: z.array(z.string()),
  authMethod: z.string(),
  grantTypes: z.array(z.string()).optional().describe('Absent: it named none.'),
  scopes: z.array(z.string()).optional(),
  resources: z.array(z.string()).optional(),
  tenant: z.string().optional(),
  jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).optional(),
  jwksUri: z.string().optional(),
  disabled: z.boolean(),
  createdAt: time,
  usedAt: time
    .optional()
    .describe('Last day on which it proved itself; not kept of clients that an operator registered.'),
})
const withSecret = clientShape.extend({ secret: z.string().optional().describe('The secret. It is shown this once.') })
const change = z
  .object(facts)
  .partial()
  .extend({
    client: clientId,
    disabled: z.boolean().optional().describe('Switches it off: what it holds is taken back, and it is refused.'),
  })

/** Clients: those that an operator registers, and a hand on all others. */
export const CLIENT_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/clients',
    summary: 'List clients, newest first',
    input: z.object({ limit: z.coerce.number().int().min(1).max(200).default(50), after: clientId.optional() }),
    output: z.object({ clients: z.array(clientShape) }),
    run: async ({ limit, after }, { db }) => {
      const clients = await db.asPlatform('admin', (tx) => client_list(tx, limit, after))
      return { clients: clients.map(shown) }
    },
  }),
  defineOperation({
    method: 'GET',
    path: '/clients/{client}',
    summary: 'Show a client',
    input: z.object({ client: clientId }),
    output: clientShape,
    run: async ({ client: id }, { db }) =>
      shown(existing(await db.asPlatform('admin', (tx) => client_get_any(tx, id)))),
  }),
  defineOperation({
    method: 'POST',
    path: '/clients',
    summary: 'Register a client',
    input: z.object({
      ...facts,
      redirectUris: facts.redirectUris.default([]),
      authMethod: facts.authMethod.default('none'),
      grantTypes: facts.grantTypes.default(['authorization_code', 'refresh_token']),
      scopes: facts.scopes.default(null),
      resources: facts.resources.default(null),
      tenant: facts.tenant.default(null),
      jwks: facts.jwks.default(null),
      jwksUri: facts.jwksUri.default(null),
    }),
    output: withSecret,
    run: async ({ tenant, jwks, ...given }, deps) => {
      const secret = needsSecret(given.authMethod) ? newSecret() : undefined
      const made: NewClient = {
        ...given,
        id: newId('client'),
        kind: 'registered',
        jwks: readJwks(jwks),
        tenantId: tenant,
        secretHash: secret === undefined ? null : sha256(secret),
        registrationHash: null,
        metadata: {},
        createdAt: new Date(deps.clock.now()),
      }
      const resources = await deps.registry.open()
      await deps.db.asPlatform('admin', async (tx) => {
        await judge(tx, made, resources, deps)
        await client_insert(tx, made)
      })
      return { ...shown(made), ...(secret === undefined ? {} : { secret }) }
    },
  }),
  defineOperation({
    method: 'PATCH',
    path: '/clients/{client}',
    summary: 'Change a client that an operator registered, or switch any client off or on',
    input: change,
    output: withSecret,
    run: async ({ client: id, disabled, tenant, jwks, ...given }, deps) => {
      const now = new Date(deps.clock.now())
      const said = {
        ...given,
        ...(jwks === undefined ? {} : { jwks: readJwks(jwks) }),
        ...(tenant === undefined ? {} : { tenantId: tenant }),
      }
      const wanted = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
      const resources = await deps.registry.open()
      let secret: string | undefined
      const kept = await deps.db.asPlatform('admin', async (tx) => {
        const before = existing(await client_lock(tx, id))
        let after = before
        if (Object.keys(wanted).length > 0) {
          if (before.kind !== 'registered') throw new Refusal('client.self-made')
          const next: NewClient = { ...before, ...wanted }
          secret = wantsSecret(next.authMethod, next.secretHash) ? newSecret() : undefined
          const kept = secret === undefined ? next.secretHash : sha256(secret)
          const changed = { ...next, secretHash: needsSecret(next.authMethod) ? kept : null }
          await judge(tx, changed, resources, deps)
          after = existing(await client_update(tx, changed, now))
        }
        if (disabled === undefined) return after
        const switched = await client_switch(tx, id, disabled ? now : null)
        if (switched !== undefined && disabled) await revokeClient(tx, id, 'client.disabled', now)
        return switched ?? after
      })
      return { ...shown(kept), ...(secret === undefined ? {} : { secret }) }
    },
  }),
  defineOperation({
    method: 'POST',
    path: '/clients/{client}/secret',
    summary: 'Give a client another secret; the one before is refused from then on',
    input: z.object({ client: clientId }),
    output: z.object({ id: clientId, secret: z.string().describe('The secret. It is shown this once.') }),
    run: async ({ client: id }, { db }) => {
      const secret = newSecret()
      const done = await db.asPlatform('admin', async (tx) => {
        existing(await client_get_any(tx, id))
        return client_put_secret(tx, id, sha256(secret))
      })
      if (done === 0) throw new Refusal('client.without-secret')
      return { id, secret }
    },
  }),
  defineOperation({
    method: 'DELETE',
    path: '/clients/{client}',
    summary: 'Delete a client: what it holds is taken back, and nobody can use it again',
    input: z.object({ client: clientId }),
    output: z.object({ deleted: z.literal(true) }),
    run: async ({ client: id }, { db, clock }) => {
      const gone = await db.asPlatform('admin', (tx) => endClient(tx, id, 'deleted', new Date(clock.now())))
      if (!gone) throw new Refusal('thing.unknown')
      return { deleted: true as const }
    },
  }),
]

/** @throws Refusal when there is none, or it is gone */
function existing(client: Client | undefined): Client {
  if (client === undefined || client.endedAt !== null) throw new Refusal('thing.unknown')
  return client
}

/** Only what is public of them is kept. @throws Refusal */
function readJwks(given: z.output<typeof facts.jwks>): NewClient['jwks'] {
  if (given === null) return null
  const jwks = judgeJwks(given)
  if (jwks === undefined) throw new Refusal('request.malformed', { text: 'jwks: it must hold public keys only.' })
  return jwks
}

/** @throws Refusal */
async function judge(tx: Tx, client: NewClient, resources: Resources, { profile }: AdminDeps): Promise<void> {
  const house = { grants: new Set(offeredGrants(profile).keys()), resources, schemes: profile.redirectSchemes }
  const fault = judgeRegistered({ ...client, grantTypes: client.grantTypes ?? [] }, house)
  if (fault !== undefined) throw new Refusal('request.malformed', { text: fault })
  if (client.tenantId !== null && (await tenant_get(tx, client.tenantId)) === undefined)
    throw new Refusal('request.malformed', { text: 'tenant: there is none of this id.' })
}

function shown(client: NewClient & Partial<Pick<Client, 'usedAt' | 'disabledAt'>>): z.input<typeof clientShape> {
  const { grantTypes, scopes, resources, tenantId, jwks, jwksUri, usedAt = null, disabledAt = null } = client
  return {
    id: client.id,
    kind: client.kind,
    name: client.name,
    redirectUris: [...client.redirectUris],
    authMethod: client.authMethod,
    ...(grantTypes === null ? {} : { grantTypes: [...grantTypes] }),
    ...(scopes === null ? {} : { scopes: [...scopes] }),
    ...(resources === null ? {} : { resources: [...resources] }),
    ...(tenantId === null ? {} : { tenant: tenantId }),
    ...(jwks === null ? {} : { jwks: { keys: jwks.keys.map((key) => ({ ...key })) } }),
    ...(jwksUri === null ? {} : { jwksUri }),
    disabled: disabledAt !== null,
    createdAt: client.createdAt.toISOString(),
    ...(usedAt === null ? {} : { usedAt: usedAt.toISOString() }),
  }
}
