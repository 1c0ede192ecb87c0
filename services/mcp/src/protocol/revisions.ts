/** The revision without sessions, and those before it. Newest first. */
export const MODERN = '2026-07-28'
export const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26'] as const

export type LegacyRevision = (typeof LEGACY)[number]
export type Revision = typeof MODERN | LegacyRevision

/** What is advertised to and by the stateless era: a legacy revision begins with `initialize`, so it is not in the list. */
export const MODERN_REVISIONS: readonly string[] = [MODERN]

/** What a client that names no revision speaks: the last one without a version header. */
export const ASSUMED: LegacyRevision = '2025-03-26'

export const isLegacy = (value: unknown): value is LegacyRevision => (LEGACY as readonly unknown[]).includes(value)

/** What a revision knows, so that nothing is sent that it lacks. */
export interface Features {
  /** `resultType`, cache hints, `serverInfo` in each result, statuses by error. */
  readonly stateless: boolean
  /** Arrays of messages in one body. */
  readonly batches: boolean
  /** `title` beside `name`. */
  readonly titles: boolean
  /** `outputSchema` and `structuredContent`. */
  readonly structured: boolean
  /** Arguments that do not fit are a result with `isError`, which a model can mend, not a protocol error. */
  readonly badArgumentsAsResult: boolean
}

export const FEATURES: Readonly<Record<Revision, Features>> = {
  '2026-07-28': { stateless: true, batches: false, titles: true, structured: true, badArgumentsAsResult: true },
  '2025-11-25': { stateless: false, batches: false, titles: true, structured: true, badArgumentsAsResult: true },
  '2025-06-18': { stateless: false, batches: false, titles: true, structured: true, badArgumentsAsResult: false },
  '2025-03-26': { stateless: false, batches: true, titles: false, structured: false, badArgumentsAsResult: false },
}
