import { z } from 'zod'
import { Refusal } from '../errors.ts'
import { endGrantsOf } from '../people/end-access.ts'
import { account_get, account_lock } from '../people/people.store.ts'
import { browserInWords } from '../people/places.ts'
import { session_delete_all_of_person, session_delete_by_id, session_list_of_person } from '../people/sessions.store.ts'
import { IDLE_MS } from '../people/sessions.ts'
import { id, time } from './fields.ts'
import { defineOperation, type Operation } from './operation.ts'

const session = z.object({
  id,
  method: z.string().describe('`password`, or `upstream:` and the id of the provider.'),
  browser: z.string().describe('In words.'),
  network: z.string().describe('About where from; empty when it is not known.'),
  signedInAt: time,
  seenAt: time,
  expiresAt: time,
})

export const SESSION_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/people/{person}/sessions',
    summary: 'List the browsers where a person is signed in',
    input: z.object({ person: id }),
    output: z.object({ sessions: z.array(session) }),
    run: ({ person }, { db, clock }) =>
      db.asPlatform('admin', async (tx) => {
        if ((await account_get(tx, person)) === undefined) throw new Refusal('thing.unknown')
        const now = clock.now()
        const found = await session_list_of_person(tx, person, new Date(now), new Date(now - IDLE_MS))
        return {
          sessions: found.map(({ id, method, userAgent, network, authTime, seenAt, expiresAt }) => ({
            id,
            method,
            browser: browserInWords(userAgent),
            network,
            signedInAt: authTime.toISOString(),
            seenAt: seenAt.toISOString(),
            expiresAt: expiresAt.toISOString(),
          })),
        }
      }),
  }),
  defineOperation({
    method: 'DELETE',
    path: '/people/{person}/sessions',
    summary: 'Sign a person out everywhere; with applications=revoke what they allowed ends too',
    input: z.object({ person: id, applications: z.enum(['keep', 'revoke']).default('keep') }),
    output: z.object({ sessions: z.number().int(), grants: z.number().int() }),
    run: ({ person, applications }, { db, clock }) =>
      db.asPlatform('admin', async (tx) => {
        if ((await account_lock(tx, person)) === undefined) throw new Refusal('thing.unknown')
        const sessions = await session_delete_all_of_person(tx, person)
        const of = { reason: 'operator.revoked', now: new Date(clock.now()) } as const
        return { sessions, grants: applications === 'revoke' ? await endGrantsOf(tx, person, of) : 0 }
      }),
  }),
  defineOperation({
    method: 'DELETE',
    path: '/sessions/{session}',
    summary: 'Sign one browser out',
    input: z.object({ session: id }),
    output: z.object({ ended: z.literal(true) }),
    run: async ({ session }, { db }) => {
      const ended = await db.asPlatform('admin', (tx) => session_delete_by_id(tx, session))
      if (ended === undefined) throw new Refusal('thing.unknown')
      return { ended: true as const }
    },
  }),
]
