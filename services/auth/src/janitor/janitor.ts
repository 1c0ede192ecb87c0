import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { Profile } from '@gatehouse/profiles'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import type { At, Chore } from './chore.ts'

export interface JanitorDeps {
  readonly db: Database
  readonly clock: Clock
  readonly log: Logger
  readonly profile: Pick<Profile, 'refreshTokenSeconds'>
  readonly metrics?: Metrics | undefined
}

/** Rows a statement: a few milliseconds, and never a lock that somebody notices. */
const BATCH = 500
/** Batches of one chore in one round; what is left then waits for the next round, of this node or another. */
const MOST_BATCHES = 40
const EVERY_MS = 5 * 60_000

/**
 * One round over the chores. One that fails is left for the next round; the others go on.
 * @returns what left, by chore
 */
export async function cleanUp(
  chores: readonly Chore[],
  deps: JanitorDeps,
  signal?: AbortSignal,
  batch = BATCH,
): Promise<ReadonlyMap<string, number>> {
  const { db, log, metrics } = deps
  const removed = metrics?.counter('gatehouse_auth_janitor_removed_total', 'Rows that nobody needs any more.', [
    'chore',
  ])
  const failed = metrics?.counter('gatehouse_auth_janitor_failures_total', 'Chores that were left for later.', [
    'chore',
  ])
  const left = new Map<string, number>()
  for (const chore of chores) {
    const limit = Math.min(batch, chore.batch ?? batch)
    try {
      for (let batches = 0; batches < MOST_BATCHES && signal?.aborted !== true; batches += 1) {
        const count = await db.asPlatform('janitor', (tx) => chore.run(tx, atOf(deps), limit))
        left.set(chore.name, (left.get(chore.name) ?? 0) + count)
        removed?.inc({ chore: chore.name }, count)
        if (count < limit) break
      }
    } catch (error) {
      failed?.inc({ chore: chore.name })
      log.warn({ err: error, chore: chore.name }, 'the janitor leaves it for the next round')
    }
  }
  return left
}

/** Rounds until the signal. Every node may do it: together they remove each row once. */
export async function keepClean(chores: readonly Chore[], deps: JanitorDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const left = await cleanUp(chores, deps, signal)
    const total = [...left.values()].reduce((sum, count) => sum + count, 0)
    if (total > 0) deps.log.debug({ removed: Object.fromEntries(left) }, 'cleaned up')
    // Not all nodes at the same moment.
    await pause(EVERY_MS * (0.8 + 0.4 * Math.random()), undefined, { signal }).catch(() => undefined)
  }
}

function atOf({ clock, profile }: JanitorDeps): At {
  const now = clock.now()
  return { now: new Date(now), ago: (ms) => new Date(now - ms), refreshMs: profile.refreshTokenSeconds * 1_000 }
}
