import type { Clock } from '@gatehouse/contracts'
import { describeRing, type Keyring } from '@gatehouse/keyring'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Operator } from '../access/access.ts'
import { Refusal } from '../errors.ts'
import { readParameters } from '../events/query.ts'

const rotation = z.strictObject({
  now: z.boolean().default(false).describe('For emergencies: the new key is used at once.'),
  retireOthers: z.boolean().default(false).describe('With `now`: what the other keys sealed is refused from then on.'),
})

/** The rings of this service, as auth has its own at the same path without `audit`. */
export function keyringRoutes(
  server: FastifyInstance,
  deps: {
    readonly rings: readonly Keyring[]
    readonly clock: Clock
    readonly operatorOf: (request: FastifyRequest) => Operator
  },
): void {
  const { rings, clock } = deps
  server.get('/admin/v1/audit/keyrings', async () => ({
    keyrings: await Promise.all(rings.map((ring) => describeRing(ring, clock.now()))),
  }))
  server.post<{ Params: { ring: string } }>('/admin/v1/audit/keyrings/:ring/rotate', async (request) => {
    const { now, retireOthers } = readParameters(rotation, request.body ?? {})
    const ring = rings.find(({ name }) => name === request.params.ring)
    if (ring === undefined) throw new Refusal('ring.unknown')
    if (retireOthers && (!now || ring.name === HEADS)) throw new Refusal(now ? 'ring.kept' : 'ring.left-empty')
    const newest = await ring.rotate(now ? { when: 'now', retireOthers } : {})
    const { client } = deps.operatorOf(request)
    request.log.warn(
      { ring: ring.name, key: newest.id, activeAt: newest.activeAt, now, retireOthers, client },
      'the operator rotated a ring',
    )
    return { ...(await describeRing(ring, clock.now())), newest: newest.id }
  })
}

/** Signs heads, which have to be verifiable as long as the rows that they prove. */
const HEADS = 'heads'
