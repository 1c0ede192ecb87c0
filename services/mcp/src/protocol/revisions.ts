/** The revision without sessions, and those before it. Newest first. */
export const MODERN = '2026-07-28'
export const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26'] as const
/** The revision of HTTP+SSE: served on its own pair of paths only. */
export const OLDEST = '2024-11-05'

export type LegacyRevision = (typeof LEGACY)[number] | typeof OLDEST
export type Revision = typeof MODERN | LegacyRevision

/** What is advertised to and by the stateless era: a legacy revision begins with `initialize`, so it is not in the list. */
export const MODERN_REVISIONS: readonly string[] = [MODERN]

/** What a client that names no revision speaks: the last one without a version header. */
export const ASSUMED = '2025-03-26'

/** Whether a revision before the stateless one is spoken on the MCP endpoint. */
export const isLegacy = (value: unknown): value is (typeof LEGACY)[number] =>
  (LEGACY as readonly unknown[]).includes(value)

/** What a revision knows, so that nothing is sent that it lacks. */
export interface Features {
  /** `resultType`, cache hints, `serverInfo` in each result, statuses by error. */
  readonly stateless: boolean
  /** Arrays of messages in one body. */
  readonly batches: boolean
  /** `title` beside `name`; resource links; questions by form. */
  readonly titles: boolean
  /** `outputSchema` and `structuredContent`: none, an object, or any JSON value. */
  readonly structured: false | 'object' | 'any'
  /** Arguments that do not fit are a result with `isError`, which a model can mend, not a protocol error. */
  readonly badArgumentsAsResult: boolean
  /** Annotations of tools, audio, `message` of progress, the `completions` capability. */
  readonly annotations: boolean
  /** Blocks of type `resource_link`, and `lastModified` of annotations. */
  readonly links: boolean
  readonly elicitation: boolean
  /** Icons; modes of elicitation and parts of sampling that are declared one by one. */
  readonly icons: boolean
  readonly parts: boolean
}

const FIRST: Features = {
  stateless: false,
  batches: false,
  titles: false,
  structured: false,
  badArgumentsAsResult: false,
  annotations: false,
  links: false,
  elicitation: false,
  icons: false,
  parts: false,
}
const SPRING: Features = { ...FIRST, annotations: true }
const SUMMER: Features = { ...SPRING, titles: true, structured: 'object', links: true, elicitation: true }
const AUTUMN: Features = { ...SUMMER, icons: true, parts: true, badArgumentsAsResult: true }

export const FEATURES: Readonly<Record<Revision, Features>> = {
  '2026-07-28': { ...AUTUMN, stateless: true, structured: 'any' },
  '2025-11-25': AUTUMN,
  '2025-06-18': SUMMER,
  '2025-03-26': { ...SPRING, batches: true },
  '2024-11-05': FIRST,
}
