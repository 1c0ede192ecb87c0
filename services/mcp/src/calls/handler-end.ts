import { ToolFailure } from '@gatehouse/catalog'
import { DatabaseUnavailable } from '@gatehouse/database'
import { CODES, unavailable } from '../errors.ts'
import type { Envelope } from '../protocol/envelope.ts'
import { askedEnd } from './asking.ts'
import type { Ended } from './deadline.ts'
import { type Caller, type Outcome, refusedWith } from './outcome.ts'
import { DATA_AWAY, internal } from './run-tool.ts'

/** What to tell when a handler other than a tool's did not come to its end. `what` names it for the log and the caller. */
export function unfinished(
  envelope: Envelope,
  caller: Caller,
  what: { readonly kind: 'resource' | 'prompt' | 'completion'; readonly name: string; readonly data?: unknown },
  ended: Exclude<Ended<unknown>, { readonly kind: 'done' }>,
): Outcome {
  if (ended.kind === 'timed-out') return refusedWith(CODES.internal, `The ${what.kind} could not be read in time.`)
  if (ended.kind === 'gone') return refusedWith(CODES.internal, 'The client went away.')
  const { error } = ended
  if (error instanceof ToolFailure) return refusedWith(CODES.invalidParams, error.message, what.data)
  const asked = askedEnd(envelope, caller, error)
  if (asked !== undefined) return asked.answer
  if (error instanceof DatabaseUnavailable) {
    caller.log.warn({ err: error, [what.kind]: what.name }, 'the database is away')
    return { kind: 'refused', refused: unavailable(`${DATA_AWAY} Try again.`) }
  }
  caller.log.error({ err: error, [what.kind]: what.name }, `${what.kind} failed unexpectedly`)
  return internal(caller)
}
