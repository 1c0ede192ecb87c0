import { type Claim, isReply, ToolFailure } from '@gatehouse/catalog'
import type { Clock } from '@gatehouse/contracts'
import { DatabaseUnavailable } from '@gatehouse/database'
import { confirmCall } from '../confirm/confirm.ts'
import { CODES } from '../errors.ts'
import type { Envelope } from '../protocol/envelope.ts'
import { FEATURES, type Revision } from '../protocol/revisions.ts'
import type { RegisteredTool } from '../registry/build.ts'
import { type Asker, CapabilityMissing } from './asker.ts'
import { askedEnd } from './asking.ts'
import { contextOf } from './context.ts'
import { type Ended, withDeadline } from './deadline.ts'
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
  /** Id of the event that tells how it ended, where it was recorded that it begins. */
  readonly call?: string
  /** The call goes on as a task, and is recorded when that ends. */
  readonly begun?: true
}

export interface RunDeps {
  readonly envelope: Envelope
  readonly clock: Clock
  /** Milliseconds that the handler may take; waiting for a person is not counted. */
  readonly callMs: number
}

/** What a tool asked before it runs: what was answered, by key, and the claim where its person confirmed. */
export type Prepared =
  | { readonly ok: true; readonly answers: Readonly<Record<string, unknown>>; readonly claim?: Claim }
  | { readonly ok: false; readonly verdict: Verdict }

const NOTHING_ASKED: Prepared = { ok: true, answers: {} }

/** The caller, not asked again what was answered already. */
export function knowing(caller: Caller, known: Readonly<Record<string, unknown>>): Caller {
  if (Object.keys(known).length === 0) return caller
  const { asker } = caller
  const isKnown = ([key]: readonly [string, unknown]): boolean => Object.hasOwn(known, key)
  return {
    ...caller,
    asker: {
      async ask(requests, ...how) {
        const open = Object.entries(requests).filter((entry) => !isKnown(entry))
        const answers = open.length === 0 ? {} : await asker.ask(Object.fromEntries(open), ...how)
        return {
          ...Object.fromEntries(Object.entries(known).filter(([key]) => Object.hasOwn(requests, key))),
          ...answers,
        }
      },
    },
  }
}

/** Has the person confirm, where the tool wants it. Without the person's agreement nothing runs. */
export function prepareTool(
  deps: RunDeps,
  registered: RegisteredTool,
  input: unknown,
  caller: Caller,
): Prepared | Promise<Prepared> {
  return registered.tool.confirm === undefined ? NOTHING_ASKED : confirmTool(deps, registered, input, caller)
}

async function confirmTool(
  deps: RunDeps,
  registered: RegisteredTool,
  input: unknown,
  caller: Caller,
): Promise<Prepared> {
  const { tool, domain } = registered
  const answers: Record<string, unknown> = {}
  const ended = await withDeadline(deps.callMs, caller.gone, (running) => {
    const asker: Asker = {
      get dialogue() {
        return caller.asker.dialogue
      },
      async ask(...asked) {
        const answered = await caller.asker.ask(...asked)
        Object.assign(answers, answered)
        return answered
      },
    }
    const asking = { ...caller, asker }
    const context = Object.assign(contextOf(asking, running, deps.clock.now), domain(caller.principal))
    return confirmCall(tool, input, context, asking, running)
  })
  if (ended.kind !== 'done') return { ok: false, verdict: unfinished(deps, registered, ended, caller) }
  const confirmed = ended.value
  if (confirmed.kind === 'refused') {
    const answer = failureResult(deps.envelope, caller.revision, confirmed.text)
    return { ok: false, verdict: { outcome: 'refused', reason: confirmed.reason, answer } }
  }
  return { ok: true, answers, ...(confirmed.kind === 'agreed' ? { claim: confirmed.claim } : {}) }
}

/**
 * Runs a tool on arguments that were judged and validated, with a deadline, and checks what came out. Whoever calls it has decided that the
 * caller may, and records what it came to. `claim`: the person has confirmed.
 */
export function runTool(
  deps: RunDeps,
  registered: RegisteredTool,
  input: unknown,
  caller: Caller,
  claim?: Claim,
): Promise<Verdict> {
  const { tool, domain } = registered
  return withDeadline(deps.callMs, caller.gone, (running) =>
    tool.run(input, Object.assign(contextOf(caller, running, deps.clock.now, claim), domain(caller.principal))),
  ).then((ended) =>
    ended.kind === 'done'
      ? finished(deps, registered, ended.value, caller)
      : unfinished(deps, registered, ended, caller),
  )
}

function unfinished(
  deps: RunDeps,
  registered: RegisteredTool,
  ended: Exclude<Ended<unknown>, { readonly kind: 'done' }>,
  caller: Caller,
): Verdict {
  const { tool } = registered
  switch (ended.kind) {
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
