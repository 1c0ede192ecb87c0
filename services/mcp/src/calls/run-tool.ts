import { type Claim, isReply, ToolFailure } from '@gatehouse/catalog'
import type { Clock } from '@gatehouse/contracts'
import { DatabaseUnavailable } from '@gatehouse/database'
import { CODES } from '../errors.ts'
import type { Envelope } from '../protocol/envelope.ts'
import { FEATURES, type Revision } from '../protocol/revisions.ts'
import type { RegisteredTool } from '../registry/build.ts'
import { CapabilityMissing } from './asker.ts'
import { askedEnd } from './asking.ts'
import { contextOf } from './context.ts'
import { withDeadline } from './deadline.ts'
import type { Called } from './event.ts'
import { type Caller, type Outcome, refusedWith } from './outcome.ts'
import { failureResult, replyResult, valueResult } from './results.ts'

/** What happened, and what the caller is told if it is recorded. */
export interface Verdict {
  readonly outcome: Called['outcome']
  readonly reason?: string
  readonly answer: Outcome
  /** The handler was entered, so its effect may be there. */
  readonly ran?: true
}

export interface RunDeps {
  readonly envelope: Envelope
  readonly clock: Clock
  /** Milliseconds that the handler may take; waiting for a person is not counted. */
  readonly callMs: number
}

/**
 * Runs a tool on arguments that were judged and validated, with a deadline, and checks what came out. Whoever calls it has decided that the
 * caller may, and records what it came to. `claim`: the person has confirmed.
 */
export async function runTool(
  deps: RunDeps,
  registered: RegisteredTool,
  input: unknown,
  caller: Caller,
  claim?: Claim,
): Promise<Verdict> {
  const { tool, domain } = registered
  const ended = await withDeadline(deps.callMs, caller.gone, (running) =>
    tool.run(input, Object.assign(contextOf(caller, running, deps.clock.now, claim), domain(caller.principal))),
  )
  switch (ended.kind) {
    case 'done':
      return finished(deps, registered, ended.value, caller)
    case 'failed':
      return broken(deps, registered, ended.error, caller)
    case 'timed-out': {
      const text = `${tool.name} did not finish within ${deps.callMs / 1_000} s. ${afterwards(tool.effect)}`
      return { ...failed('deadline', failureResult(deps.envelope, caller.revision, text)), outcome: 'timed-out' }
    }
    case 'gone':
      return failed('client.gone', refusedWith(CODES.internal, 'The client went away.'))
  }
}

const failed = (reason: string, answer: Outcome): Verdict => ({ outcome: 'failed', reason, answer, ran: true })

function finished(deps: RunDeps, registered: RegisteredTool, value: unknown, caller: Caller): Verdict {
  const answer = answerOf(deps.envelope, registered, value, caller.revision)
  if (answer.ok) return answer.isError ? failed('tool.error', answer.outcome) : succeeded(answer.outcome)
  const about = { issues: answer.issues, tool: registered.tool.name }
  caller.log.error(about, 'what the tool returned does not fit its schema')
  return failed('output.invalid', internal(caller))
}

const succeeded = (answer: Outcome): Verdict => ({ outcome: 'succeeded', answer, ran: true })

type Checked =
  | { readonly ok: true; readonly outcome: Outcome; readonly isError: boolean }
  | { readonly ok: false; readonly issues: unknown }

/** What the tool returned as a result, once it fits the schema that is published. A failure in the tool's own words needs no value. */
function answerOf(envelope: Envelope, { output }: RegisteredTool, value: unknown, revision: Revision): Checked {
  if (!isReply(value)) {
    if (output === undefined)
      return { ok: true, outcome: valueResult(envelope, revision, value, false), isError: false }
    const checked = output.safeParse(value)
    if (!checked.success) return { ok: false, issues: checked.error.issues }
    return { ok: true, outcome: valueResult(envelope, revision, checked.data), isError: false }
  }
  const isError = value.isError === true
  if (output === undefined || (isError && value.structured === undefined)) {
    return { ok: true, outcome: replyResult(envelope, revision, value), isError }
  }
  const checked = output.safeParse(value.structured)
  if (!checked.success) return { ok: false, issues: checked.error.issues }
  return { ok: true, outcome: replyResult(envelope, revision, { ...value, structured: checked.data }), isError }
}

function broken(deps: RunDeps, { tool }: RegisteredTool, error: unknown, caller: Caller): Verdict {
  const { envelope } = deps
  const { revision } = caller
  if (error instanceof ToolFailure) return failed(error.code, failureResult(envelope, revision, error.message))
  if (error instanceof CapabilityMissing && !FEATURES[revision].stateless) {
    const text = `${tool.name} has to ask the client, and ${error.message}.`
    return {
      outcome: 'refused',
      reason: 'capability.missing',
      answer: failureResult(envelope, revision, text),
      ran: true,
    }
  }
  const asked = askedEnd(envelope, caller, error)
  if (asked !== undefined) return { outcome: 'refused', ...asked, ran: true }
  if (error instanceof DatabaseUnavailable) {
    caller.log.warn({ err: error, tool: tool.name }, 'the database is away')
    const text = `${DATA_AWAY} ${error.maybeCommitted ? afterwards(tool.effect) : NOTHING_DONE}`
    return failed('database.away', failureResult(envelope, revision, text))
  }
  caller.log.error({ err: error, tool: tool.name }, 'tool failed unexpectedly')
  return failed('internal', internal(caller))
}

/** What a caller reads whose data cannot be reached. */
export const DATA_AWAY = 'The data of this workspace cannot be reached at the moment.'
const NOTHING_DONE = 'Nothing was changed: try again in a few seconds.'

const afterwards = (effect: string): string =>
  effect === 'reads'
    ? 'Try again, or ask for less.'
    : 'Whether it took effect is not known: look before you call it again.'

/** Tells the caller nothing but the id under which the log has it all. */
export const internal = (caller: Caller): Outcome =>
  refusedWith(CODES.internal, 'Internal error.', { requestId: caller.httpId })
