/** How long a copy of something that a client keeps elsewhere is good. Seconds. */
export interface Bounds {
  readonly leastSeconds: number
  readonly mostSeconds: number
  /** Where the answer says nothing. */
  readonly usualSeconds: number
  /** From its fetch, when it cannot be fetched again. */
  readonly staleSeconds: number
}

const HOUR = 3_600
const DAY = 24 * HOUR

/** Hosts answer 403 to data centres for days on end; a person who consented must not be locked out by that. */
export const DOCUMENT_BOUNDS: Bounds = {
  leastSeconds: 300,
  mostSeconds: DAY,
  usualSeconds: HOUR,
  staleSeconds: 7 * DAY,
}

/** Keys that were taken back must not live as long as names. */
export const KEY_BOUNDS: Bounds = { leastSeconds: 300, mostSeconds: DAY, usualSeconds: HOUR, staleSeconds: DAY }

/** Until when a copy that was fetched now is believed without asking. @param told what the answer said, in seconds */
export function freshUntil(now: Date, told: number | undefined, bounds: Bounds): Date {
  const seconds = Math.min(bounds.mostSeconds, Math.max(bounds.leastSeconds, told ?? bounds.usualSeconds))
  return new Date(now.getTime() + seconds * 1_000)
}

export type CopyState =
  /** Good without asking. */
  | 'fresh'
  /** To be asked for again; good when that fails. */
  | 'stale'
  /** Not good any more. */
  | 'expired'

export function stateOf(
  copy: { readonly fetchedAt: Date; readonly freshUntil: Date } | undefined,
  now: Date,
  bounds: Bounds,
): CopyState {
  if (copy === undefined) return 'expired'
  const [at, from] = [now.getTime(), copy.fetchedAt.getTime()]
  if (at < copy.freshUntil.getTime()) return 'fresh'
  return at < from + bounds.staleSeconds * 1_000 ? 'stale' : 'expired'
}
