import { z } from 'zod'
import { type FeedStatus, feedStatus, rebuildFeed } from '../feed/rebuild.ts'
import { time } from './fields.ts'
import { defineOperation, type Operation } from './operation.ts'

/** Nodes believe nothing after a tick that is older. */
const FRESH_MS = 5_000

const count = z.number().int().nonnegative()
const status = z.object({
  feed: z.string().describe('Names the database that the streams are told of.'),
  whole: z
    .boolean()
    .describe('Whether a node that starts now reads all it needs, and a tick of the last five seconds.'),
  readable: z.boolean().describe('Whether both streams are there and answer.'),
  missing: count.describe('What the database knows and the streams do not hold yet.'),
  tenants: count.describe('Tenants that the streams tell of.'),
  revocations: count.describe('Revocations that the streams tell of.'),
  waiting: count.describe('What is committed and not published yet.'),
  tickedAt: time.optional(),
})

const shown = ({ tickedAt, ...facts }: FeedStatus, now: number): z.input<typeof status> => ({
  ...facts,
  whole: facts.readable && facts.missing === 0 && tickedAt !== undefined && now - tickedAt <= FRESH_MS,
  ...(tickedAt === undefined ? {} : { tickedAt: new Date(tickedAt).toISOString() }),
})

/** The feed of state and revocations that nodes read. */
export const FEED_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/feed',
    summary: 'How the feed of state and revocations stands, read as a node reads it that starts now',
    input: z.object({}),
    output: status,
    run: async (_input, deps) => shown(await feedStatus(deps), deps.clock.now()),
  }),
  defineOperation({
    method: 'POST',
    path: '/feed/rebuild',
    summary: 'Delete both streams of the feed and tell them anew; nodes are stale until they have read them',
    input: z.object({}),
    output: z.object({
      carriedOver: count.describe('Revocations that only the old streams knew, told again.'),
    }),
    run: async (_input, deps) => ({ carriedOver: await rebuildFeed(deps) }),
  }),
]
