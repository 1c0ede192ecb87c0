import { kindOf, RIGHT } from './call-kinds.ts'

/** What is known of calls, each by its number. */
export interface CallsKnown {
  /** What the client heard, in a word; `undefined` = it was not made. */
  readonly heard: readonly (string | undefined)[]
  /** What the log says: outcomes of one call, as often as they stand there. */
  readonly recorded: ReadonlyMap<number, readonly string[]>
  /** How often its counter was added to. */
  readonly effects: ReadonlyMap<number, number>
}

export interface CallsCompared {
  /** As it is right for its kind: refusals too. */
  readonly answered: number
  readonly refusalsAnswered: number
  readonly writesAnswered: number
  /** No answer came, or one that is not right for the call. */
  readonly unanswered: number
  /** Why, and how many of each. */
  readonly why: Readonly<Record<string, number>>
  readonly unansweredRecorded: number
  /** Of those that were answered the log knows nothing. */
  readonly missing: number
  /** An end stands in the log more than once, or a closing. */
  readonly repeated: number
  /** The log says something else than the client was told, also that no end was heard. */
  readonly otherwise: number
  /** Writes that began, and were closed since no end was heard. */
  readonly closedAsUnknown: number
  readonly effects: number
  /** A counter was added to more than once. */
  readonly effectsTwice: number
  /** An effect of which the log knows nothing, or that it was refused. */
  readonly effectsUntold: number
  /** The log or the client was told of an effect that there is not. */
  readonly effectsInvented: number
}

const UNKNOWN = 'unknown'

/** What is wrong between clients, log and data. Pure. */
export function compareCalls({ heard, recorded, effects }: CallsKnown): CallsCompared {
  const found = {
    ...{ answered: 0, refusalsAnswered: 0, writesAnswered: 0, unanswered: 0, unansweredRecorded: 0, missing: 0 },
    ...{ repeated: 0, otherwise: 0, closedAsUnknown: 0 },
    ...{ effects: 0, effectsTwice: 0, effectsUntold: 0, effectsInvented: 0 },
  }
  const why: Record<string, number> = {}
  for (const [call, word = 'not-made'] of heard.entries()) {
    const kind = kindOf(call)
    const right = RIGHT[kind]
    const outcomes = recorded.get(call) ?? []
    const ends = outcomes.filter((outcome) => outcome !== UNKNOWN)
    const closings = outcomes.length - ends.length
    const effect = effects.get(call) ?? 0
    const answered = word === right.word
    if (answered) {
      found.answered += 1
      if (kind === 'refused') found.refusalsAnswered += 1
      if (kind === 'write') found.writesAnswered += 1
      if (outcomes.length === 0) found.missing += 1
      else if (ends[0] !== right.outcome || closings > 0) found.otherwise += 1
    } else {
      found.unanswered += 1
      why[word] = (why[word] ?? 0) + 1
      if (outcomes.length > 0) found.unansweredRecorded += 1
      // It was judged, if not as it should have been: the log has to know.
      else if (word === 'result' || word === 'tool-error') found.missing += 1
    }
    if (ends.length > 1 || closings > 1) found.repeated += 1
    if (closings > 0) found.closedAsUnknown += 1
    found.effects += effect
    if (effect > 1) found.effectsTwice += 1
    if (effect > 0 && outcomes.every((outcome) => outcome === 'refused')) found.effectsUntold += 1
    if (kind === 'write' && effect === 0 && (ends.includes('succeeded') || word === 'result'))
      found.effectsInvented += 1
  }
  return { ...found, why }
}

/** The names of what must not be. */
export const FAULTS = [
  'missing',
  'repeated',
  'otherwise',
  'effectsTwice',
  'effectsUntold',
  'effectsInvented',
] as const satisfies readonly (keyof CallsCompared)[]
