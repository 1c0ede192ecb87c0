import type { Bus } from '@gatehouse/bus'
import { PLATFORM, type Revocation, STREAMS } from '@gatehouse/contracts'
import { sql } from '@gatehouse/database'
import { appendRevoked, feed_id } from './append.ts'
import { missingIn, type ReconcileDeps, readStreams, type Told, unlessAborted } from './reconcile.ts'

export interface FeedDeps extends Omit<ReconcileDeps, 'bus'> {
  readonly bus: Pick<Bus, 'follow' | 'recreateStreams'>
}

export interface FeedStatus {
  /** Names the database that the streams are told of. */
  readonly feed: string
  /** Whether both streams are there and answer. */
  readonly readable: boolean
  /** What the database knows and the streams do not hold. */
  readonly missing: number
  readonly tenants: number
  readonly revocations: number
  /** What is committed and not published yet. */
  readonly waiting: number
  /** Milliseconds, on the clock of who ticks. */
  readonly tickedAt: number | undefined
}

const READ_WITHIN_MS = 5_000

/** How the streams stand, read as a node reads them that starts now. */
export async function feedStatus(deps: FeedDeps): Promise<FeedStatus> {
  const feed = await deps.db.asPlatform('feed', feed_id)
  const told = await read(deps, feed)
  return deps.db.asPlatform('feed', async (tx) => {
    const { waiting } = await tx.one<{ waiting: bigint }>(sql`select count(*) as waiting from auth.outbox`)
    const { count } = await missingIn(tx, told ?? NOTHING, deps)
    const { tenants, grants, tokens, clients, switches, untold, tickedAt } = told ?? NOTHING
    return {
      feed,
      readable: told !== undefined,
      missing: count,
      tenants: tenants.size,
      revocations: grants.size + tokens.size + clients.size + switches.size + untold.size,
      waiting: Number(waiting),
      tickedAt: tickedAt(),
    }
  })
}

/**
 * Deletes both streams and creates them anew. Whoever keeps them reconciled then tells what the database knows. What only the streams knew (that
 * a person or a membership changed) is read before and told again, dated now: its tokens are fetched anew once more, and none is let
 * through. Nodes that run keep what they know, and are stale until they read a tick again.
 * @returns how much was carried over
 */
export async function rebuildFeed(deps: FeedDeps): Promise<number> {
  const feed = await deps.db.asPlatform('feed', feed_id)
  const { untold } = (await read(deps, feed)) ?? NOTHING
  await deps.bus.recreateStreams([STREAMS.authState, STREAMS.authDelta])
  await deps.db.asPlatform('feed', async (tx) => {
    for (const { at: _, ...taken } of untold.values()) await appendRevoked(tx, tenantOf(taken), taken)
  })
  deps.log.warn({ feed, carriedOver: untold.size }, 'the operator had the feed rebuilt')
  return untold.size
}

const tenantOf = (taken: Pick<Revocation, 'kind'> & { readonly tenant?: string }): string => taken.tenant ?? PLATFORM

const NOTHING: Told = {
  tenants: new Map(),
  grants: new Set(),
  tokens: new Set(),
  clients: new Set(),
  switches: new Map(),
  untold: new Map(),
  tickedAt: () => undefined,
}

/** `undefined` where a stream is missing or does not answer in time. */
async function read({ bus, log }: FeedDeps, feed: string): Promise<Told | undefined> {
  try {
    const reading = readStreams(bus, feed, () => undefined)
    const told = await unlessAborted(reading, AbortSignal.timeout(READ_WITHIN_MS))
    await told.stop()
    return told
  } catch (error) {
    log.warn({ err: error }, 'the feed could not be read')
    return undefined
  }
}
