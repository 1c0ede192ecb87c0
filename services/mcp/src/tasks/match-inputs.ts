import type { WireRequest } from '../calls/asker.ts'
import type { TaskInput } from './task.ts'

/** What became of the questions of one `ask`. */
export interface Matched {
  /** By the tool's names. */
  readonly answers: Readonly<Record<string, unknown>>
  readonly toAsk: readonly TaskInput[]
  /** Everything has been answered. */
  readonly complete: boolean
}

/** A question is asked so often until its answer fits; then the answer is handed on as it is, and the tool fails on it. */
const MOST_TRIES = 3

/**
 * A question that was answered, before the call became a task or in it, is not asked again; one that is outstanding is waited for. The
 * rest, and what was answered with something that does not fit, gets keys that this task has not used yet.
 */
export function matchInputs(
  requests: Readonly<Record<string, WireRequest>>,
  prior: Readonly<Record<string, unknown>>,
  inputs: readonly TaskInput[],
  fits: (name: string, answer: unknown) => boolean = () => true,
): Matched {
  const answers: Record<string, unknown> = {}
  const toAsk: TaskInput[] = []
  const used = new Set(inputs.map(({ key }) => key))
  let complete = true
  for (const [name, request] of Object.entries(requests)) {
    const tries = inputs.filter((input) => input.name === name)
    const last = tries.at(-1)
    const settled = (answer: unknown): boolean => tries.length >= MOST_TRIES || fits(name, answer)
    if (last === undefined && Object.hasOwn(prior, name)) answers[name] = prior[name]
    else if (last !== undefined && 'response' in last && settled(last.response)) answers[name] = last.response
    else {
      complete = false
      if (last !== undefined && !('response' in last)) continue
      const key = freeKey(name, used)
      used.add(key)
      toAsk.push({ key, name, request })
    }
  }
  return { answers, toAsk, complete }
}

function freeKey(name: string, used: ReadonlySet<string>): string {
  if (!used.has(name)) return name
  for (let number = 2; ; number += 1) if (!used.has(`${name}-${number}`)) return `${name}-${number}`
}
