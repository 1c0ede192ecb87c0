import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '@gatehouse/contracts'
import type { Database, DatabaseHost } from '@gatehouse/database'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import type { FeedView } from '@gatehouse/token'
import type { RegisteredTool } from '../registry/build.ts'
import { claims_sweep } from './claims.store.ts'
import { HeldTask } from './held.ts'
import { judgeOrphan } from './judge-orphan.ts'
import { type RunDeps, runTask, settle } from './run-task.ts'
import type { OwnedTask, TaskName } from './task.ts'
import { TASKS_CHANNEL, tasks_renew, tasks_sweep, tasks_take } from './tasks.store.ts'
import type { TaskTimes } from './tasks.ts'

export interface KeeperDeps extends Omit<RunDeps, 'graceMs' | 'recordMs' | 'repeatable'> {
  readonly offered: boolean
  readonly tools: ReadonlyMap<string, RegisteredTool>
  readonly feed: FeedView
  readonly db: Database
  readonly host: Pick<DatabaseHost, 'listen'>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly node: string
  readonly times: TaskTimes
  readonly perNode: number
  readonly claimSchemas: readonly string[]
}

export interface Keeper {
  /** Whether one more task may begin here. */
  readonly room: boolean
  run(task: OwnedTask): void
  onChange(heard: (task: TaskName | undefined) => void): void
  look(task: TaskName): void
  check(): Promise<void>
  close(): Promise<void>
}

/** Taken over, and swept, at once. */
const TAKE = 10
const SWEEP = 500
const SWEEP_EVERY_MS = 30_000
const LISTEN_AGAIN_MS = 1_000

/** What of this node's tasks has to go on by itself: leases, news, what other nodes left behind, and what nobody needs any more. */
export function createKeeper(deps: KeeperDeps): Keeper {
  const { db, host, log, node, times, feed, tools } = deps
  const running = deps.metrics.gauge('gatehouse_mcp_tasks', 'Tasks that this node runs.')
  const held = new Map<string, { readonly own: HeldTask; readonly done: Promise<void> }>()
  const listeners: ((task: TaskName | undefined) => void)[] = []
  const tell = (task: TaskName | undefined): void => {
    for (const heard of listeners) heard(task)
  }
  const run: RunDeps = {
    ...deps,
    graceMs: times.graceMs,
    recordMs: times.recordMs,
    repeatable: (own) => repeatable(own),
  }
  let closed = false
  let stopListening: (() => Promise<void>) | undefined

  const repeatable = ({ task, waiting }: HeldTask): boolean => {
    const tool = tools.get(task.tool)?.tool
    return waiting || tool?.idempotent === true || tool?.effect === 'reads'
  }

  const hold = (task: OwnedTask, work: (own: HeldTask) => Promise<void>): void => {
    const own = new HeldTask(task)
    const left = task.expiresAt.getTime() - (times.ttlMs - times.runMs) - deps.clock.now()
    const late = setTimeout(() => own.stop('deadline'), Math.max(0, left))
    late.unref()
    const done = work(own).finally(() => {
      clearTimeout(late)
      if (held.get(task.id)?.own === own) held.delete(task.id)
      running.set(held.size)
    })
    held.set(task.id, { own, done })
    running.set(held.size)
  }
  const begin = (task: OwnedTask): void => hold(task, (own) => runTask(run, own))

  const takeUp = (task: OwnedTask): void => {
    const late = task.expiresAt.getTime() - (times.ttlMs - times.runMs) <= deps.clock.now()
    const verdict = judgeOrphan(task, tools.get(task.tool)?.tool, { late })
    log.info({ task: task.id, tool: task.tool, owner: task.fence, verdict: verdict.kind }, 'a task was left behind')
    if (verdict.kind === 'run') {
      begin(task)
      return
    }
    const { end, reason } = verdict
    const outcome = reason === 'deadline' ? ('timed-out' as const) : ('failed' as const)
    hold(task, (own) =>
      settle(run, own, end, { outcome, reason }).catch((error: unknown) =>
        log.error({ err: error, task: task.id }, 'a task that was left behind could not be ended'),
      ),
    )
  }

  const renew = async (): Promise<void> => {
    if (held.size === 0) return
    const mine = [...held.values()].map(({ own }) => own)
    const renewed = await db.asPlatform('task leases', (tx) =>
      tasks_renew(
        tx,
        mine.map(({ task }) => task),
        times.leaseMs,
      ),
    )
    const still = new Map(renewed.map((row) => [`${row.id} ${row.fence}`, row]))
    for (const own of mine) {
      const row = still.get(`${own.task.id} ${own.task.fence}`)
      // One that ended while this was asked is not lost; it is only no longer held.
      if (row === undefined && held.get(own.task.id)?.own === own) own.stop('lost')
      if (row?.cancelled === true) own.stop('task.cancelled')
      // News that were missed are made up for here.
      own.tell()
    }
  }
  const take = async (): Promise<void> => {
    // What was taken back is not known: no task begins on such ground.
    if (closed || feed.freshness() === 'expired' || held.size >= deps.perNode) return
    const most = Math.min(TAKE, deps.perNode - held.size)
    const taken = await db.asPlatform('task leases', (tx) => tasks_take(tx, node, times.leaseMs, most))
    for (const task of taken) takeUp(task)
    if (taken.length === most) await take()
  }
  const sweep = async (): Promise<void> => {
    for (let count = SWEEP; count === SWEEP && !closed; ) {
      count = await db.asPlatform('task sweep', (tx) => tasks_sweep(tx, SWEEP))
    }
    for (const schema of ['mcp', ...deps.claimSchemas]) {
      for (let count = SWEEP; count === SWEEP && !closed; ) {
        count = await db.asPlatform('task sweep', (tx) => claims_sweep(tx, schema, SWEEP))
      }
    }
  }

  /** One at a time, so that a database that hangs does not gather them. */
  const every = (ms: number, what: string, work: () => Promise<void>): NodeJS.Timeout => {
    let busy = false
    const timer = setInterval(() => {
      if (busy || closed) return
      busy = true
      work()
        .catch((error: unknown) => log.warn({ err: error }, `${what} failed; it is tried again`))
        .finally(() => {
          busy = false
        })
    }, ms)
    timer.unref()
    return timer
  }

  let renewing: Promise<void> | undefined
  let again = false
  /** Of many who ask while one look lasts, one more look serves all. */
  const look = (): void => {
    if (renewing !== undefined) {
      again = true
      return
    }
    renewing = renew()
      .catch((error: unknown) => log.warn({ err: error }, 'tasks cannot be looked at'))
      .finally(() => {
        renewing = undefined
        const more = again && !closed
        again = false
        if (more) look()
      })
  }
  const hear = (payload: string): void => {
    if (closed) return
    if (payload === 'free') {
      take().catch((error: unknown) => log.warn({ err: error }, 'tasks cannot be taken up'))
      return
    }
    const [tenant, id] = payload.split(' ')
    const task = tenant === undefined || id === undefined ? undefined : { tenant, id }
    tell(task)
    if (task === undefined || held.has(task.id)) look()
  }
  const listen = async (): Promise<void> => {
    if (closed) return
    try {
      const stop = await host.listen(TASKS_CHANNEL, hear)
      if (closed) return await stop()
      stopListening = stop
    } catch (error) {
      log.warn({ err: error }, 'news of tasks cannot be heard; trying again')
      setTimeout(() => void listen(), LISTEN_AGAIN_MS).unref()
    }
  }

  const judgeHeld = (): void => {
    for (const { own } of held.values()) if (deps.callerOf(own.task) === undefined) own.stop('credential.revoked')
  }
  const beats = Math.max(50, Math.floor(times.leaseMs / 3))
  const timers = deps.offered ? [every(beats, 'renewing leases', renew), every(beats, 'taking tasks up', take)] : []
  timers.push(every(SWEEP_EVERY_MS, 'sweeping', sweep))
  const listening = deps.offered ? listen() : Promise.resolve()
  const stopFeed = [feed.onRevocation(judgeHeld), feed.onTenant(judgeHeld)]

  const ended = async (withinMs: number): Promise<void> => {
    const late = new AbortController()
    const all = Promise.all([...held.values()].map(({ done }) => done))
    await Promise.race([all, pause(withinMs, undefined, { signal: late.signal }).catch(() => undefined)])
    late.abort()
  }
  const closeAll = async (): Promise<void> => {
    closed = true
    for (const timer of timers) clearInterval(timer)
    for (const stop of stopFeed) stop()
    for (const { own } of held.values()) if (repeatable(own)) own.stop('stopping')
    // What must not run twice gets the time that a call gets to notice; leases last longer than that.
    await ended(times.graceMs)
    for (const { own } of held.values()) own.stop('stopping')
    // What cannot be written or recorded now is judged by another node, once its lease has run out.
    await ended(2 * times.graceMs)
    await listening
    await stopListening?.()
  }
  let closing: Promise<void> | undefined

  return {
    get room() {
      return !closed && held.size < deps.perNode
    },
    run: begin,
    onChange(heard) {
      listeners.push(heard)
    },
    look: tell,
    async check() {
      if (deps.offered && stopListening === undefined) throw new Error('news of tasks are not heard yet')
    },
    close() {
      closing ??= closeAll()
      return closing
    },
  }
}
