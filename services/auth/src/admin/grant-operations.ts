import { z } from 'zod'
import { Refusal } from '../errors.ts'
import { consent_list_of_person } from '../grants/consents.store.ts'
import { grant_list, grant_lock } from '../grants/grants.store.ts'
import { endConsent, endGrant } from '../grants/revoke.ts'
import { account_get } from '../people/people.store.ts'
import { id, text, time } from './fields.ts'
import { defineOperation, type Operation } from './operation.ts'

const grant = z.object({
  id,
  tenant: z.string().describe('Id of the tenant that its tokens speak for.'),
  person: z.object({ id, email: z.string() }),
  client: z.object({ id: z.string(), name: z.string() }),
  resources: z.array(z.string()).describe('Possible audiences of its tokens.'),
  scopes: z.array(z.string()),
  createdAt: time,
  usedAt: time.optional().describe('When tokens were issued from it last.'),
})

const consent = z.object({
  id,
  client: z.object({ id: z.string(), name: z.string() }),
  tenant: z.string().describe('Name of the tenant that it was given in.'),
  resource: z.string(),
  scopes: z.array(z.string()),
  grantedAt: time,
  usedAt: time.optional().describe('When tokens were issued from it last.'),
})

/** Grants: authorizations that people gave to clients, and the consents that they rest on. */
export const GRANT_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/grants',
    summary: 'List living grants, newest first',
    input: z.object({
      tenant: id.optional(),
      person: id.optional(),
      client: text(2_000).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      after: id.optional(),
    }),
    output: z.object({ grants: z.array(grant) }),
    run: async (input, { db }) => {
      const grants = await db.asPlatform('admin', (tx) => grant_list(tx, input))
      return {
        grants: grants.map(({ id, tenantId, scopes, resources, createdAt, usedAt, ...of }) => ({
          id,
          tenant: tenantId,
          person: { id: of.personId, email: of.email },
          client: { id: of.clientId, name: of.clientName },
          resources: [...resources],
          scopes: [...scopes],
          createdAt: createdAt.toISOString(),
          ...(usedAt === null ? {} : { usedAt: usedAt.toISOString() }),
        })),
      }
    },
  }),
  defineOperation({
    method: 'DELETE',
    path: '/grants/{grant}',
    summary: 'Revoke a grant: all its tokens are refused from then on',
    input: z.object({ grant: id }),
    output: z.object({ revoked: z.literal(true) }),
    run: async ({ grant }, { db, clock }) => {
      const ended = await db.asPlatform('admin', async (tx) => {
        await grant_lock(tx, grant)
        return endGrant(tx, grant, 'operator.revoked', new Date(clock.now()))
      })
      if (!ended) throw new Refusal('thing.unknown')
      return { revoked: true as const }
    },
  }),
  defineOperation({
    method: 'GET',
    path: '/people/{person}/consents',
    summary: 'List what a person allows to clients, newest first',
    input: z.object({ person: id }),
    output: z.object({ consents: z.array(consent) }),
    run: ({ person }, { db }) =>
      db.asPlatform('admin', async (tx) => {
        if ((await account_get(tx, person)) === undefined) throw new Refusal('thing.unknown')
        const consents = await consent_list_of_person(tx, person)
        return {
          consents: consents.map(({ id, resource, scopes, grantedAt, usedAt, ...of }) => ({
            ...{ id, resource, scopes: [...scopes], tenant: of.tenantName },
            client: { id: of.clientId, name: of.clientName },
            grantedAt: grantedAt.toISOString(),
            ...(usedAt === null ? {} : { usedAt: usedAt.toISOString() }),
          })),
        }
      }),
  }),
  defineOperation({
    method: 'DELETE',
    path: '/people/{person}/consents/{consent}',
    summary:
      'Take back what a person allowed to a client: every grant that rests on it ends, and the client has to ask anew',
    input: z.object({ person: id, consent: id }),
    output: z.object({ revoked: z.literal(true), grants: z.number().int().describe('How many grants ended.') }),
    run: async ({ person, consent }, { db, clock }) => {
      const of = { personId: person, reason: 'operator.revoked', now: new Date(clock.now()) } as const
      const ended = await db.asPlatform('admin', (tx) => endConsent(tx, consent, of))
      if (ended === undefined) throw new Refusal('thing.unknown')
      return { revoked: true as const, grants: ended.grants }
    },
  }),
]
