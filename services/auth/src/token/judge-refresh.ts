/**
 * A refresh family as a state machine. Generations 0…n; the newest, n, is unused, every other was used once, when it made its successor.
 *
 * | the token presented is … | unexpired | expired |
 * |---|---|---|
 * | the newest | `rotate` | `expired` |
 * | older, received inside its window, at most 64 times | `repeat`: the newest token again | the same |
 * | older, inside its window, more often | `too-often` | the same |
 * | older, outside its window | `reused`: the family ends | the same |
 *
 * Invariants: R1 a family has one newest token. R2 a repeat makes no new generation. R3 after `reused` nothing is issued any more.
 */
export type RefreshVerdict = 'rotate' | 'repeat' | 'too-often' | 'expired' | 'reused'

/** What is known of the generation that was presented. Milliseconds since the epoch. */
export interface Presented {
  readonly expiresAt: number
  /** First use; absent for the newest. */
  readonly usedAt: number | undefined
  readonly tries: number
}

export const MAX_TRIES = 64
/** Profiles without a retry window: what was already on its way when the rotation was committed. */
const STRICT_MS = 1_000

/** How long after its first use a token is answered with the newest one. */
export const retryWindowMs = (refreshRetrySeconds: number): number =>
  refreshRetrySeconds === 0 ? STRICT_MS : refreshRetrySeconds * 1_000

/** Until when a token that is made now can be used first: its idle life, but never beyond that of its family. */
export const refreshEnd = (
  familyBegan: Date,
  now: Date,
  life: { readonly refreshTokenSeconds: number; readonly refreshFamilySeconds: number },
): Date =>
  new Date(
    Math.min(
      now.getTime() + life.refreshTokenSeconds * 1_000,
      familyBegan.getTime() + life.refreshFamilySeconds * 1_000,
    ),
  )

/**
 * @param receivedAt when the whole request had reached this process, before it waited for anything
 * @param windowMs see `retryWindowMs`
 */
export function judgeRefresh(presented: Presented, receivedAt: number, windowMs: number): RefreshVerdict {
  const { usedAt, tries, expiresAt } = presented
  if (usedAt === undefined) return receivedAt < expiresAt ? 'rotate' : 'expired'
  if (receivedAt - usedAt > windowMs) return 'reused'
  return tries < MAX_TRIES ? 'repeat' : 'too-often'
}
