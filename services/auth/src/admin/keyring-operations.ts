import { describeRing, type ListedKey, type ListedRing, RingIsFixed } from '@gatehouse/keyring'
import { z } from 'zod'
import { Refusal } from '../errors.ts'
import { defineOperation, type Operation } from './operation.ts'

const time = z.iso.datetime()
const key = z.object({
  id: z.string().describe('The `kid`.'),
  state: z.enum(['published', 'active', 'kept']).describe('Known and not in use yet; in use; no longer in use.'),
  createdAt: time,
  activeAt: time,
  retiringAt: time.optional().describe('From when it is not known any more.'),
})
const keyring = z.object({ ring: z.string(), keys: z.array(key) })

/** Keys by their ids and times; secrets are not among them. */
export const KEYRING_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/keyrings',
    summary: 'List the keyrings of the authorization server and their keys',
    input: z.object({}),
    output: z.object({ keyrings: z.array(keyring) }),
    run: async (_input, { rings, clock }) => ({
      keyrings: await Promise.all(rings.all.map((ring) => describeRing(ring, clock.now()))),
    }),
  }),
  defineOperation({
    method: 'POST',
    path: '/keyrings/{ring}/rotate',
    summary: 'Bring the next key of a ring: published now, used when everybody has read it',
    input: z
      .object({
        ring: z.string().max(64),
        now: z.boolean().default(false).describe('For emergencies: the new key is used at once.'),
        retireOthers: z
          .boolean()
          .default(false)
          .describe('With `now`: what the other keys signed or made is refused from then on.'),
      })
      .refine(({ now, retireOthers }) => now || !retireOthers, {
        path: ['retireOthers'],
        error: 'goes with now: without a key in use there would be none',
      }),
    output: keyring.extend({ newest: z.string().describe('Id of the key that is in use, or will be next.') }),
    run: async ({ ring: name, now, retireOthers }, { rings, clock, log }) => {
      const ring = rings.all.find((one) => one.name === name)
      if (ring === undefined) throw new Refusal('thing.unknown')
      const newest = await rotate(ring, now ? { when: 'now', retireOthers } : {})
      log.warn(
        { ring: name, key: newest.id, activeAt: newest.activeAt, now, retireOthers },
        'the operator rotated a ring',
      )
      return { ...(await describeRing(ring, clock.now())), newest: newest.id }
    },
  }),
]

async function rotate(ring: ListedRing, how: Parameters<ListedRing['rotate']>[0]): Promise<ListedKey> {
  try {
    return await ring.rotate(how)
  } catch (error) {
    if (error instanceof RingIsFixed) throw new Refusal('ring.fixed')
    throw error
  }
}
