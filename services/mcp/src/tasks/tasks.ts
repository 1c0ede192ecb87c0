import type { Claim } from '@gatehouse/catalog'
import type { Clock } from '@gatehouse/contracts'
import { type Database, type DatabaseHost, DatabaseUnavailable } from '@gatehouse/database'
import { decideTenant, type Rules } from '@gatehouse/policy'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import type { FeedView } from '@gatehouse/token'
import type { Caller, Outcome } from '../calls/outcome.ts'
import { failureResult } from '../calls/results.ts'
import { unavailable } from '../errors.ts'
import type { Envelope } from '../protocol/envelope.ts'
import type { RegisteredTool, Registry } from '../registry/build.ts'
import { createKeeper } from './keeper.ts'
import { createTaskMethods, holderOf, type TaskMethods } from './methods.ts'
import type { RunDeps } from './run-task.ts'
import { isTaskId, newTaskId, type TaskName, taskMembers } from './task.ts'
import { task_insert, tasks_held } from './tasks.store.ts'

/** Durations in milliseconds. */
export interface TaskTimes {
  /** From a task's creation; until then it can be read. */
  readonly ttlMs: number
  /** From its creation; what has not ended by then fails. Less than `ttlMs`. */
  readonly runMs: number
  /** What clients are told to wait between two looks. */
  readonly pollMs: number
  /** A node that has not renewed for so long has lost its tasks. */
  readonly leaseMs: number
  readonly graceMs: number
  readonly recordMs: number
}

export interface TaskDeps {
  readonly registry: Registry
  readonly rules: Rules
  readonly envelope: Envelope
  readonly feed: FeedView
  readonly db: Database
  readonly host: Pick<DatabaseHost, 'listen'>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly node: string
  readonly times: TaskTimes
  readonly perNode: number
  readonly perPrincipal: number
  readonly perTenant: number
  readonly runTool: RunDeps['runTool']
  readonly record: RunDeps['record']
  /** Schemas with a table `claims`, beside the service's own. */
  readonly claimSchemas: readonly string[]
}

/** A call that is to become a task, after everything that had to be asked first. */
export interface Beginning {
  readonly registered: RegisteredTool
  readonly given: unknown
  readonly caller: Caller
  readonly answers: Readonly<Record<string, unknown>>
  readonly claim?: Claim
  readonly startedAt: number
}

/** `begun` has its event once it ends; what did not begin is recorded by whoever asked. */
export type Begun =
  | { readonly kind: 'begun'; readonly answer: Outcome }
  | { readonly kind: 'refused'; readonly reason: string; readonly answer: Outcome }

export interface Tasks extends TaskMethods {
  /** Whether some tool may run as a task: only then the extension is offered. */
  readonly offered: boolean
  /** Makes a task durable, begins it, and answers with its handle. */
  begin(beginning: Beginning): Promise<Begun>
  /** Which of these the caller began and can still be told of. */
  held(
    caller: Caller,
    ids: readonly string[],
  ): Promise<{ readonly ok: true; readonly ids: readonly string[] } | { readonly ok: false; readonly refused: Outcome }>
  /** Hears of tasks that changed; without a task: of all, something may have been missed. */
  onChange(heard: (task: TaskName | undefined) => void): void
  /** Tells those who hear of a task of it as if it had changed. */
  look(tenant: string, id: string): void
  /** @throws while other nodes cannot be heard */
  check(): Promise<void>
  /** Hands over what others can run, waits a little for the rest. */
  close(): Promise<void>
}

/** Tool calls that outlive their request. Their rows are every node's; what runs them is this one. */
export function createTasks(deps: TaskDeps): Tasks {
  const { registry, rules, feed, db, envelope, times } = deps
  const offered = [...registry.tools.values()].some(({ tool }) => tool.task !== undefined)
  const keeper = createKeeper({
    ...deps,
    offered,
    tools: registry.tools,
    callerOf: ({ call }) => {
      const tenant = feed.tenant(call.principal.tenant)
      const allowed = !feed.revoked(call.principal) && decideTenant(call.principal, tenant, rules).allow
      if (!allowed || tenant === undefined) return undefined
      const { principal, revision, httpId, client, traceparent } = call
      return {
        principal,
        tenant,
        revision,
        httpId,
        client,
        ...(traceparent === undefined ? {} : { traceparent }),
      }
    },
  })

  const begin = async ({ registered, given, caller, answers, claim, startedAt }: Beginning): Promise<Begun> => {
    const { principal, client, revision, httpId, traceparent } = caller
    const call = {
      given,
      principal,
      client,
      revision,
      httpId,
      answers,
      startedAt,
      ...(traceparent === undefined ? {} : { traceparent }),
      // All tasks of one agreement have begun when it expires, and have ended this much later: until then its use is remembered.
      ...(claim === undefined
        ? {}
        : { claim: { id: claim.id, expiresAt: new Date(claim.expiresAt.getTime() + times.ttlMs) } }),
    }
    const task = { id: newTaskId(), tool: registered.tool.name, call, node: deps.node }
    const made = keeper.room
      ? await db.asTenant(principal.tenant, (tx) => task_insert(tx, task, times, deps))
      : ('node-full' as const)
    if (typeof made === 'string') {
      return { kind: 'refused', reason: 'tasks.exceeded', answer: failureResult(envelope, revision, FULL[made]) }
    }
    keeper.run(made.task)
    const json = envelope.result(revision, taskMembers(made.view, times.pollMs), 'task')
    return { kind: 'begun', answer: { kind: 'result', json } }
  }

  return {
    offered,
    ...createTaskMethods({ db, registry, rules, envelope, pollMs: times.pollMs }),
    async begin(beginning) {
      try {
        return await begin(beginning)
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error
        beginning.caller.log.warn({ err: error }, 'a task cannot be made: the database is away')
        const refused = unavailable('Tasks cannot be begun at the moment. Try again.')
        return { kind: 'refused', reason: 'database.away', answer: { kind: 'refused', refused } }
      }
    },
    async held({ principal, log }, ids) {
      try {
        const known = ids.filter(isTaskId)
        const held = await db.asTenant(principal.tenant, (tx) => tasks_held(tx, holderOf(principal), known))
        return { ok: true, ids: held }
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error
        log.warn({ err: error }, 'the database is away')
        return {
          ok: false,
          refused: { kind: 'refused', refused: unavailable('Tasks cannot be reached at the moment.') },
        }
      }
    },
    onChange: keeper.onChange,
    look: (tenant, id) => keeper.look({ tenant, id }),
    check: keeper.check,
    close: keeper.close,
  }
}

const FULL = {
  'principal-full': 'Too many tasks of yours are running. Wait until one has ended, or cancel one.',
  'tenant-full': 'Too many tasks of this workspace are running. Wait until some have ended.',
  'node-full': 'Too many tasks are running at the moment. Try again in a few seconds.',
}
