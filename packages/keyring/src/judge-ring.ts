import type { RingKey, RotateOptions } from './keyring.ts'

/** What a judge looks at. */
export type KeyTimes = Pick<RingKey, 'id' | 'activeAt' | 'retiringAt'>

/** The life of a ring's keys, in milliseconds. */
export interface RingTimes {
  /** How long a new key is known before it is used: longer than whatever a verifier or another node remembers, and clock skew. */
  readonly publishMs: number
  /** How long a key is known after it was used last: the longest life of what it signed or sealed. `null`: for ever. */
  readonly keepMs: number | null
  /** How long a key is used. `null`: until somebody rotates. */
  readonly everyMs: number | null
}

const DAY_MS = 24 * 60 * 60_000

/** For rings that say nothing else. */
export const DEFAULT_TIMES: RingTimes = { publishMs: 5 * 60_000, keepMs: 7 * DAY_MS, everyMs: 90 * DAY_MS }

export const livingOf = <K extends KeyTimes>(keys: readonly K[], now: number): readonly K[] =>
  keys.filter(({ retiringAt }) => retiringAt === null || retiringAt.getTime() > now)

/** The latest whose time has come; while there is none, the next. Keys by `activeAt`, oldest first. */
export function activeOf<K extends KeyTimes>(keys: readonly K[], now: number): K | undefined {
  const living = livingOf(keys, now)
  return living.filter(({ activeAt }) => activeAt.getTime() <= now).at(-1) ?? living[0]
}

/** What a rotation does. `keepOthersUntil` is set on every other key that does not end before. */
export type Rotation =
  | { readonly kind: 'nothing'; readonly newest: string }
  | { readonly kind: 'make'; readonly activeAt: Date; readonly keepOthersUntil: Date | null }
  /** A key that is on its way is used now. */
  | {
      readonly kind: 'activate'
      readonly id: string
      readonly activeAt: Date
      readonly keepOthersUntil: Date | null
    }

/** @param keys by `activeAt`, oldest first */
export function judgeRotation(
  keys: readonly KeyTimes[],
  now: number,
  { publishMs, keepMs, everyMs }: RingTimes,
  { when = 'planned', retireOthers = false }: RotateOptions = {},
): Rotation {
  const newest = livingOf(keys, now).at(-1)
  const coming = newest !== undefined && newest.activeAt.getTime() > now
  if (when === 'now') {
    const activeAt = new Date(now)
    const keepOthersUntil = retireOthers ? activeAt : keepMs === null ? null : new Date(now + keepMs)
    // Who has the keys of this ring may have the coming one too.
    return coming && !retireOthers
      ? { kind: 'activate', id: newest.id, activeAt, keepOthersUntil }
      : { kind: 'make', activeAt, keepOthersUntil }
  }
  if (coming) return { kind: 'nothing', newest: newest.id }
  if (newest !== undefined && when === 'due') {
    const due = everyMs === null ? Number.POSITIVE_INFINITY : newest.activeAt.getTime() + everyMs - publishMs
    if (now < due) return { kind: 'nothing', newest: newest.id }
  }
  // The first key of a ring has nobody who could remember another one.
  const from = newest === undefined ? now : now + publishMs
  return {
    kind: 'make',
    activeAt: new Date(from),
    keepOthersUntil: keepMs === null ? null : new Date(from + keepMs),
  }
}
