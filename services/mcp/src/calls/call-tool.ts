import { randomUUID } from 'node:crypto'
import type { Clock } from '@gatehouse/contracts'
import { decide, type Rules } from '@gatehouse/policy'
import type { Metrics } from '@gatehouse/telemetry'
import { CODES, unavailable } from '../errors.ts'
import type { Params } from '../protocol/classify.ts'
import type { Envelope } from '../protocol/envelope.ts'
import { FEATURES } from '../protocol/revisions.ts'
import type { RegisteredTool, Registry } from '../registry/build.ts'
import { tasksMissing } from '../tasks/methods.ts'
import { hasTasks } from '../tasks/task.ts'
import type { Tasks } from '../tasks/tasks.ts'
import { type Called, toolBegunEvent, toolCalledEvent } from './event.ts'
import { measureCalls } from './measure.ts'
import { type Caller, type Outcome, refusedWith } from './outcome.ts'
import type { Coming, Recorder } from './record.ts'
import { refusalText } from './refusals.ts'
import { argumentsText, failureResult } from './results.ts'
import { knowing, type Prepared, prepareTool, runTool, type Verdict } from './run-tool.ts'

export interface CallDeps {
  readonly registry: Registry
  readonly rules: Rules
  readonly envelope: Envelope
  readonly recorder: Recorder
  readonly coming: Coming
  readonly clock: Clock
  readonly metrics: Metrics
  readonly node: string
  /** Milliseconds from the request to its answer. */
  readonly callMs: number
  /** Milliseconds that a client with a session may take to answer a question while its call waits; the deadline stands still then. */
  readonly askMs: number
  readonly auditReads: 'required' | 'when-possible'
  /** Calls that go on after their answer. */
  readonly tasks: Pick<Tasks, 'begin'>
}

/** Recording gets at least so long, however much of the deadline the tool used up. */
const MIN_RECORD_MS = 1_000
/** And no longer, however much is left: a bus that just went away must not keep the caller waiting. */
const MAX_RECORD_MS = 4_000
/** What a call may take beside its deadlines until its event is in the log, a while in the journal among it. */
const LEASE_SLACK_MS = 60_000
/** A client that reports progress may take so many times as long to answer. */
const ASK_TIMES = 4

/**
 * The one place where a tool runs: recorder reachable, decide, validate, record that it begins, run, check what came out, record, answer.
 * Nothing leaves before the event of the call is durable, refused ones too, and no tool that writes or destroys is entered before it
 * is durable that it begins.
 */
export function createToolCalls(deps: CallDeps): (params: Params, caller: Caller) => Promise<Outcome> {
  const measure = measureCalls(deps.metrics)
  const { coming } = deps
  return async (params, caller) => {
    const startedAt = deps.clock.now()
    const { name } = params
    const given = params.arguments ?? {}
    if (typeof name !== 'string') return refusedWith(CODES.invalidParams, 'params.name must be a string.')
    const registered = deps.registry.tools.get(name)

    const relaxed = deps.auditReads === 'when-possible' && registered?.tool.effect === 'reads'
    const asking = deps.recorder.reachable()
    const reachable = typeof asking === 'boolean' ? asking : await asking
    const judging = reachable || relaxed ? judge(deps, registered, { name, given, startedAt }, caller) : withoutAudit()
    let verdict: Verdict
    if (judging instanceof Promise) {
      coming.calls += 1
      try {
        verdict = await judging
      } finally {
        coming.calls -= 1
      }
    } else verdict = judging
    if (verdict.begun === true) return verdict.answer
    measure(registered === undefined ? 'unknown' : name, verdict.outcome, deps.clock.now() - startedAt)
    if (deps.recorder.off === true) return verdict.answer

    const { outcome, reason } = verdict
    const called: Called = { tool: name, given, outcome, startedAt, ...(reason === undefined ? {} : { reason }) }
    const left = Math.min(MAX_RECORD_MS, Math.max(MIN_RECORD_MS, deps.callMs - (deps.clock.now() - startedAt)))
    const event = toolCalledEvent(deps, caller, called)
    const recorded = await deps.recorder.record(
      verdict.call === undefined ? event : { ...event, id: verdict.call },
      // What could not be recorded at its beginning has waited long enough.
      reachable && reason !== 'audit.unavailable' ? left : 0,
    )
    if (recorded || relaxed || !reachable) return verdict.answer
    return verdict.ran === true ? unrecorded() : withoutAudit().answer
  }
}

interface Asked {
  readonly name: string
  readonly given: unknown
  readonly startedAt: number
}

/** What is refused is refused without waiting for anything. */
function judge(
  deps: CallDeps,
  registered: RegisteredTool | undefined,
  asked: Asked,
  caller: Caller,
): Verdict | Promise<Verdict> {
  const { envelope, rules } = deps
  const { name, given } = asked
  const { revision, principal } = caller
  if (registered === undefined) {
    const answer = refusedWith(CODES.invalidParams, `Unknown tool: ${name.slice(0, 128)}`)
    return { outcome: 'refused', reason: 'tool.unknown', answer }
  }
  if (registered.tool.task === 'required' && !takesTasks(caller)) {
    return { outcome: 'refused', reason: 'capability.missing', answer: tasksMissing(caller) }
  }
  const decision = decide(principal, caller.tenant, registered.requirement, rules)
  if (!decision.allow) {
    const { reason } = decision
    if (reason === 'scope.missing' && principal.credential === 'oauth') {
      return { outcome: 'refused', reason, answer: { kind: 'scope', missing: decision.missing, whole: decision.whole } }
    }
    return {
      outcome: 'refused',
      reason,
      answer: failureResult(envelope, revision, refusalText(decision, rules, principal)),
    }
  }
  if (caller.asker.fault !== undefined) {
    return { outcome: 'refused', reason: 'state.invalid', answer: refusedWith(CODES.invalidParams, caller.asker.fault) }
  }
  const parsed = registered.tool.input.safeParse(given)
  if (!parsed.success) {
    const text = argumentsText(name, parsed.error.issues)
    const answer = FEATURES[revision].badArgumentsAsResult
      ? failureResult(envelope, revision, text)
      : refusedWith(CODES.invalidParams, text)
    return { outcome: 'refused', reason: 'arguments.invalid', answer }
  }
  const { data } = parsed
  const prepared = prepareTool(deps, registered, data, caller)
  if (!(prepared instanceof Promise)) return goOn(deps, registered, asked, data, caller, prepared)
  return prepared.then((later) => goOn(deps, registered, asked, data, caller, later))
}

/** Runs what is allowed and confirmed: now, or as a task. */
function goOn(
  deps: CallDeps,
  registered: RegisteredTool,
  asked: Asked,
  input: unknown,
  caller: Caller,
  prepared: Prepared,
): Verdict | Promise<Verdict> {
  if (!prepared.ok) return prepared.verdict
  const { answers, claim } = prepared
  if (registered.tool.task !== undefined && takesTasks(caller)) {
    return runAsTask(deps, registered, asked, caller, prepared)
  }
  const known = knowing(caller, answers)
  if (registered.tool.effect === 'reads') return runTool(deps, registered, input, known, claim)
  return runBegun(deps, asked, caller, () => runTool(deps, registered, input, known, claim))
}

async function runAsTask(
  deps: CallDeps,
  registered: RegisteredTool,
  { given, startedAt }: Asked,
  caller: Caller,
  { answers, claim }: Prepared & { readonly ok: true },
): Promise<Verdict> {
  const asked = { registered, given, caller, answers, startedAt }
  const begun = await deps.tasks.begin(claim === undefined ? asked : { ...asked, claim })
  const { answer } = begun
  return begun.kind === 'begun'
    ? { outcome: 'succeeded', answer, begun: true }
    : { outcome: 'refused', reason: begun.reason, answer }
}

/** Runs what may have an effect, once it is durable that it begins: of a call that is never heard of again the log knows all the same. */
async function runBegun(deps: CallDeps, asked: Asked, caller: Caller, run: () => Promise<Verdict>): Promise<Verdict> {
  const call = randomUUID()
  const leaseMs = deps.callMs + LEASE_SLACK_MS + (FEATURES[caller.revision].stateless ? 0 : ASK_TIMES * deps.askMs)
  const begun = toolBegunEvent(deps, caller, { tool: asked.name, given: asked.given, call, leaseMs })
  const durable = await deps.recorder.record(begun, MAX_RECORD_MS)
  return { ...(durable ? await run() : withoutAudit()), call }
}

/** Whether this call may be answered with a task: by the stateless revision only, and as declared for this very request. */
const takesTasks = ({ revision, client }: Caller): boolean => FEATURES[revision].stateless && hasTasks(client)

const withoutAudit = (): Verdict => ({
  outcome: 'refused',
  reason: 'audit.unavailable',
  answer: { kind: 'refused', refused: unavailable('The audit log cannot be reached, nothing was done.') },
})

const unrecorded = (): Outcome =>
  refusedWith(
    CODES.internal,
    'The call was carried out, but it could not be recorded in the audit log yet. It is recorded as soon as the log can be reached. Do not repeat the call blindly.',
    { executed: true, recorded: false },
  )
