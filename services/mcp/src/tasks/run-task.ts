import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '@gatehouse/database'
import type { Logger } from '@gatehouse/telemetry'
import { NO_CHANNEL } from '../calls/channel.ts'
import type { Called } from '../calls/event.ts'
import type { Caller, Outcome } from '../calls/outcome.ts'
import { CODES } from '../errors.ts'
import type { HeldTask, StopReason } from './held.ts'
import { CANCELLED_UNKNOWN } from './judge-orphan.ts'
import type { OwnedTask, TaskEnd } from './task.ts'
import { createTaskAsker } from './task-asker.ts'
import { task_end, task_release } from './tasks.store.ts'

/** What a tool came to, as `calls/` sees it. */
export interface Ran {
  readonly outcome: Called['outcome']
  readonly reason?: string
  readonly answer: Outcome
}

export interface RunDeps {
  readonly db: Database
  readonly log: Logger
  /** Decides again and runs the tool; the one place where tools run. */
  readonly runTool: (task: OwnedTask, caller: Caller) => Promise<Ran>
  /** Resolves when the bus has stored the event of the call; `false` when it has not in `waitMs`. */
  readonly record: (
    task: OwnedTask,
    called: Omit<Called, 'tool' | 'given' | 'startedAt'>,
    waitMs: number,
  ) => Promise<boolean>
  /** The workspace as it is now; `undefined` when the call may not run any more. */
  readonly callerOf: (task: OwnedTask) => Omit<Caller, 'asker' | 'channel' | 'gone' | 'log'> | undefined
  /** Whether it does no harm to begin this task again. */
  readonly repeatable: (held: HeldTask) => boolean
  /** A tool that is stopped and does not heed it is waited for so long. */
  readonly graceMs: number
  readonly recordMs: number
}

/** Runs a task of this node to its end and writes that, unless another node has it by then. Never rejects. */
export async function runTask(deps: RunDeps, held: HeldTask): Promise<void> {
  const { task } = held
  try {
    const caller = deps.callerOf(task)
    const ran = caller === undefined ? undefined : await ranOrStopped(deps, held, caller)
    if (held.stopped === 'lost' || ran === 'released') return
    const { end, called } = endOf(ran, caller === undefined ? 'credential.revoked' : held.stopped)
    await settle(deps, held, end, called)
  } catch (error) {
    // What went wrong here is nobody's answer; the lease runs out and the task is judged anew.
    deps.log.error({ err: error, task: task.id }, 'a task could not be ended')
  }
}

async function ranOrStopped(
  deps: RunDeps,
  held: HeldTask,
  caller: NonNullable<ReturnType<RunDeps['callerOf']>>,
): Promise<Ran | 'released' | undefined> {
  const { task, leaving } = held
  const over = new AbortController()
  const patience = async (): Promise<undefined> => {
    await new Promise<void>((resolve) => (leaving.left ? resolve() : leaving.listen(resolve)))
    await pause(deps.graceMs, undefined, { signal: over.signal, ref: false }).catch(() => undefined)
  }
  const running = deps.runTool(task, {
    ...caller,
    log: deps.log,
    channel: NO_CHANNEL,
    asker: createTaskAsker({ db: deps.db, held }),
    gone: leaving,
  })
  const ran = await Promise.race([running, patience()])
  over.abort()
  // Nothing that counts has happened: another node may begin it again.
  const unfinished = ran === undefined || ran.outcome !== 'succeeded'
  if (held.stopped !== 'stopping' || !unfinished || !deps.repeatable(held)) return ran
  await deps.db.asTenant(task.tenant, (tx) => task_release(tx, task))
  return 'released'
}

/** How a task ends: with what the tool came to, unless it was stopped before it came to anything. */
export function endOf(
  ran: Ran | undefined,
  stopped: StopReason | undefined,
): { readonly end: TaskEnd; readonly called: Omit<Called, 'tool' | 'given' | 'startedAt'> } {
  if (ran !== undefined && (stopped === undefined || ran.outcome === 'succeeded')) {
    const { outcome, reason } = ran
    return { end: endOfAnswer(ran.answer), called: { outcome, ...(reason === undefined ? {} : { reason }) } }
  }
  const reason = stopped ?? 'task.cancelled'
  if (reason === 'deadline' || reason === 'stopping' || reason === 'lost') {
    const message =
      reason === 'deadline' ? 'The task did not finish in its time.' : 'The node that ran this task ended.'
    const end: TaskEnd = { status: 'failed', error: { code: CODES.internal, message }, message }
    return { end, called: { outcome: reason === 'deadline' ? 'timed-out' : 'failed', reason } }
  }
  // Without an end of its own the tool may still be at it.
  const message = ran === undefined ? CANCELLED_UNKNOWN : 'Cancelled.'
  return { end: { status: 'cancelled', message }, called: { outcome: 'failed', reason } }
}

function endOfAnswer(answer: Outcome): TaskEnd {
  switch (answer.kind) {
    case 'result':
      return { status: 'completed', resultJson: answer.json.toString() }
    case 'refused': {
      const { code, message, data } = answer.refused
      return { status: 'failed', message, error: { code, message, ...(data === undefined ? {} : { data }) } }
    }
    default: {
      const message = 'This call is not allowed any more.'
      return { status: 'failed', message, error: { code: CODES.invalidParams, message } }
    }
  }
}

const FIRST_PAUSE_MS = 100
const LAST_PAUSE_MS = 2_000

/** The event is stored before anybody can see the end. While the database is away, the end waits. */
export async function settle(
  deps: Pick<RunDeps, 'db' | 'log' | 'record' | 'recordMs'>,
  held: HeldTask,
  end: TaskEnd,
  called: Omit<Called, 'tool' | 'given' | 'startedAt'>,
): Promise<void> {
  const { task } = held
  const recorded = await deps.record(task, called, deps.recordMs)
  const told = recorded ? end : unrecorded(end)
  for (let wait = FIRST_PAUSE_MS; held.stopped !== 'lost'; wait = Math.min(wait * 2, LAST_PAUSE_MS)) {
    try {
      await deps.db.asTenant(task.tenant, (tx) => task_end(tx, task, told))
      return
    } catch (error) {
      deps.log.warn({ err: error, task: task.id }, 'the end of a task cannot be written yet')
      if (held.stopped === 'stopping') return
      await pause(wait, undefined, { ref: false })
    }
  }
}

const UNRECORDED = 'The task ended, but it could not be recorded in the audit log yet. Do not repeat the call blindly.'

const unrecorded = (end: TaskEnd): TaskEnd =>
  end.status === 'completed'
    ? { status: 'failed', message: UNRECORDED, error: { code: CODES.internal, message: UNRECORDED } }
    : end
