import type { JSONWebKeySet } from 'jose'
import { z } from 'zod'
import { judgeJwks } from '../clients/keys/judge-jwks.ts'
import { Refusal } from '../errors.ts'
import { endGrantsOfResource } from '../grants/revoke.ts'
import { judgeResource } from '../resources/judge-resource.ts'
import {
  type Resource,
  type ResourceFacts,
  resource_delete,
  resource_get,
  resource_insert,
  resource_list,
  resource_list_locked,
  resource_update,
  resource_update_credential,
} from '../resources/resources.store.ts'
import { newId, newSecret, sha256 } from '../secrets.ts'
import { id, text } from './fields.ts'
import { defineOperation, type Operation } from './operation.ts'

const scopeName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'must be one scope token (RFC 6749 section 3.3)')
const scope = z.strictObject({
  name: scopeName,
  text: text(300).describe('What it allows, in words for the consent page.'),
  implies: z.array(scopeName).max(50).default([]).describe('Scopes that a holder of this one also has.'),
})
const uri = text(1_000)
const facts = {
  name: text(100).describe('What the consent page calls it.'),
  aliases: z.array(uri).max(20).describe('Other spellings that clients send for it.'),
  scopes: z.array(scope).min(1).max(100).describe('Scopes that it understands.'),
  defaultScopes: z.array(scopeName).max(100).describe('Granted when a request for it names no scope.'),
  tokenSeconds: z.number().int().min(60).max(86_400).describe('Life time of its access tokens.'),
}
const credential = {
  keys: z
    .array(z.record(z.string(), z.unknown()))
    .min(1)
    .max(10)
    .optional()
    .describe('Public keys (JWK) with which it proves itself by private_key_jwt; without them it gets a secret.'),
}
const resource = z.object({
  id: id.describe('Its client_id at introspection.'),
  identifier: z.string().describe('The audience of its tokens.'),
  ...facts,
  source: z.enum(['profile', 'operator']),
  credential: z.enum(['none', 'secret', 'keys']).describe('How it proves itself at introspection.'),
})
const withSecret = resource.extend({ secret: z.string().optional().describe('The secret. It is shown this once.') })

/** Resources: what tokens can be issued for, beside the MCP endpoint. */
export const RESOURCE_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/resources',
    summary: 'List the registered resources',
    input: z.object({}),
    output: z.object({ resources: z.array(resource) }),
    run: async (_input, { db, registry }) => {
      await registry.open()
      return { resources: (await db.asPlatform('admin', resource_list)).map(shown) }
    },
  }),
  defineOperation({
    method: 'POST',
    path: '/resources',
    summary: 'Register a resource: clients can then be authorized for it',
    input: z.object({
      identifier: uri.describe('The audience of its tokens: an absolute URI.'),
      ...facts,
      aliases: facts.aliases.default([]),
      defaultScopes: facts.defaultScopes.default([]),
      tokenSeconds: facts.tokenSeconds.optional(),
      ...credential,
    }),
    output: withSecret,
    async run({ identifier, keys, tokenSeconds, ...of }, { db, profile, registry }) {
      await registry.open()
      const made = newCredential(keys)
      const added: Resource = {
        ...of,
        id: newId('resource'),
        identifier,
        tokenSeconds: tokenSeconds ?? profile.accessTokenSeconds,
        source: 'operator',
        ...made.stored,
      }
      await db.asPlatform('admin', async (tx) => {
        refuseFault(added, await resource_list_locked(tx))
        await resource_insert(tx, added)
      })
      registry.forget()
      return { ...shown(added), ...made.shown }
    },
  }),
  defineOperation({
    method: 'GET',
    path: '/resources/{resource}',
    summary: 'Show a resource',
    input: z.object({ resource: id }),
    output: resource,
    run: async ({ resource }, { db }) => shown(found(await db.asPlatform('admin', (tx) => resource_get(tx, resource)))),
  }),
  defineOperation({
    method: 'PATCH',
    path: '/resources/{resource}',
    summary: 'Change a resource; tokens that are out stay as they are',
    input: z.object({
      resource: id,
      name: facts.name.optional(),
      aliases: facts.aliases.optional(),
      scopes: facts.scopes.optional(),
      defaultScopes: facts.defaultScopes.optional(),
      tokenSeconds: facts.tokenSeconds.optional(),
    }),
    output: resource,
    async run({ resource, ...change }, { db, registry }) {
      await registry.open()
      const changed = await db.asPlatform('admin', async (tx) => {
        const all = await resource_list_locked(tx)
        const before = ownedByOperator(all.find(({ id }) => id === resource))
        const after: ResourceFacts = { ...before, ...given(change) }
        refuseFault(
          { ...after, identifier: before.identifier },
          all.filter(({ id }) => id !== resource),
        )
        return resource_update(tx, resource, after)
      })
      registry.forget()
      return shown(changed)
    },
  }),
  defineOperation({
    method: 'POST',
    path: '/resources/{resource}/credential',
    summary: 'Give a resource a new secret, or new keys; what it had is refused from then on',
    input: z.object({ resource: id, ...credential }),
    output: withSecret,
    async run({ resource, keys }, { db, registry }) {
      const made = newCredential(keys)
      const changed = await db.asPlatform('admin', (tx) => resource_update_credential(tx, resource, made.stored))
      registry.forget()
      return { ...shown(found(changed)), ...made.shown }
    },
  }),
  defineOperation({
    method: 'DELETE',
    path: '/resources/{resource}',
    summary: 'Remove a resource: every grant for it ends, and no token is issued for it any more',
    input: z.object({ resource: id }),
    output: z.object({ removed: z.literal(true), grantsEnded: z.number().int() }),
    async run({ resource }, { db, clock, registry }) {
      const offered = await registry.open()
      const grantsEnded = await db.asPlatform('admin', async (tx) => {
        const all = await resource_list_locked(tx)
        const { identifier, source } = found(all.find(({ id }) => id === resource))
        // One that an earlier profile brought is nobody's.
        if (source === 'profile' && offered.all.some(({ id }) => id === resource))
          throw new Refusal('resource.of-profile')
        await resource_delete(tx, resource)
        return endGrantsOfResource(tx, identifier, new Date(clock.now()))
      })
      registry.forget()
      return { removed: true as const, grantsEnded }
    },
  }),
]

const shown = ({ secretHash, jwks, ...of }: Resource): z.input<typeof resource> => ({
  ...of,
  aliases: [...of.aliases],
  scopes: of.scopes.map((scope) => ({ ...scope, implies: [...scope.implies] })),
  defaultScopes: [...of.defaultScopes],
  credential: secretHash !== null ? 'secret' : jwks !== null ? 'keys' : 'none',
})

function newCredential(keys: readonly Record<string, unknown>[] | undefined) {
  if (keys !== undefined) return { stored: { secretHash: null, jwks: publicKeys(keys) }, shown: {} }
  const secret = newSecret()
  return { stored: { secretHash: sha256(secret), jwks: null }, shown: { secret } }
}

/** Only what is public of them is kept. @throws Refusal when one of them is not, or is of no use */
function publicKeys(keys: readonly Record<string, unknown>[]): JSONWebKeySet {
  const jwks = judgeJwks({ keys })
  if (jwks?.keys.length === keys.length) return jwks
  throw new Refusal('request.malformed', { text: 'keys: each must be a public key for signatures (JWK).' })
}

/** @throws Refusal */
function refuseFault(of: ResourceFacts & Pick<Resource, 'identifier'>, others: readonly Resource[]): void {
  const fault = judgeResource(of, others)
  if (fault === undefined) return
  if (fault.taken) throw new Refusal('resource.taken')
  throw new Refusal('request.malformed', { text: fault.text })
}

/** @throws Refusal */
function found(resource: Resource | undefined): Resource {
  if (resource === undefined) throw new Refusal('thing.unknown')
  return resource
}

/** @throws Refusal */
function ownedByOperator(resource: Resource | undefined): Resource {
  if (found(resource).source === 'profile') throw new Refusal('resource.of-profile')
  return found(resource)
}

/** What a change names; a field that it leaves out stays. */
const given = <T extends object>(change: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as never
