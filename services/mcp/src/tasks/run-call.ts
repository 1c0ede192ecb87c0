import type { Clock } from '@gatehouse/contracts'
import { decide, type Rules } from '@gatehouse/policy'
import type { Metrics } from '@gatehouse/telemetry'
import { toolCalledEvent, toolCallsOf } from '../calls/event.ts'
import { refusedWith } from '../calls/outcome.ts'
import type { Recorder } from '../calls/record.ts'
import { refusalText } from '../calls/refusals.ts'
import { argumentsText, failureResult } from '../calls/results.ts'
import { runTool } from '../calls/run-tool.ts'
import { CODES } from '../errors.ts'
import type { Envelope } from '../protocol/envelope.ts'
import type { Registry } from '../registry/build.ts'
import type { RunDeps } from './run-task.ts'

/** Runs the call of a task: what was allowed and fitted when it was made is judged again, by whichever node runs it. */
export function createTaskRuns(deps: {
  readonly registry: Registry
  readonly rules: Rules
  readonly envelope: Envelope
  readonly clock: Clock
  /** Milliseconds that the tool may take; waiting for answers is not counted. */
  readonly runMs: number
}): RunDeps['runTool'] {
  const { registry, rules, envelope, clock, runMs } = deps
  return async ({ tool: name, call }, caller) => {
    const registered = registry.tools.get(name)
    if (registered === undefined) {
      const answer = refusedWith(CODES.invalidParams, 'The tool of this task is no longer offered.')
      return { outcome: 'refused', reason: 'tool.unknown', answer }
    }
    const decision = decide(caller.principal, caller.tenant, registered.requirement, rules)
    if (!decision.allow) {
      const answer = failureResult(envelope, caller.revision, refusalText(decision, rules, caller.principal))
      return { outcome: 'refused', reason: decision.reason, answer }
    }
    const parsed = registered.tool.input.safeParse(call.given)
    if (!parsed.success) {
      const answer = failureResult(envelope, caller.revision, argumentsText(name, parsed.error.issues))
      return { outcome: 'refused', reason: 'arguments.invalid', answer }
    }
    return runTool({ envelope, clock, callMs: runMs }, registered, parsed.data, caller, call.claim)
  }
}

/** Records the call of a task: one event, with the same id whichever node records it. */
export function createTaskRecords(
  about: { readonly clock: Clock; readonly node: string; readonly metrics: Metrics },
  recorder: Pick<Recorder, 'record'>,
): RunDeps['record'] {
  const calls = toolCallsOf(about.metrics)
  return ({ tool, eventId, call }, called, waitMs) => {
    calls.of({ tool, outcome: called.outcome })()
    const event = toolCalledEvent(about, call, { ...called, tool, given: call.given, startedAt: call.startedAt })
    return recorder.record({ ...event, id: eventId }, waitMs)
  }
}
