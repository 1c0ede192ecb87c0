import { setTimeout as pause } from 'node:timers/promises'
import { sql } from '@gatehouse/database'
import { eventually } from '@gatehouse/testkit'
import { type Called, type Calling, startCalling } from './callers.ts'
import { type Changer, startChanging } from './changes.ts'
import { type FaultHouse, uriOf } from './house.ts'
import { listenInSession } from './legacy-listeners.ts'
import { type Listening, listen, readCounter } from './listeners.ts'
import { type Change, type Judged, judge, type Needless, percentile, type ReadSeen } from './oracle.ts'

/** What is going on while faults happen. */
export interface Course {
  readonly listeners: number
  readonly legacyListeners: number
  readonly changesPerSecond: number
  /** The part of them that has to be reached at least, on a machine of its own. Default: what came about is only told. */
  readonly reached?: number
  /** In which each change has to be told, where that is promised. Default: nothing is. */
  readonly toldWithinMs?: number
  readonly callers: number
  readonly say: (line: string) => void
}

export interface Watched {
  readonly judged: Judged
  readonly listeners: readonly Listening[]
  readonly calls: readonly Called[]
  /** What can be said of it in figures. */
  readonly counts: Readonly<Record<string, number>>
}

const URIS = 20
/** Counters that change once at most, those that change over and over, and those that calls change; ids are `c<n>`. */
const ONCE = 2_500
const OFTEN = 1_000
const CALLED = 50
const WINDOW_MS = 600_000
/** One update in so many is read after, while all goes on: more of what changes once, which no later change makes up for. */
const READ_EACH = { once: 2, often: 50 }
const READS_AT_ONCE = 6
/** Fewer would say nothing. */
const LEAST_READS = 3
/** For so long nothing more is published or told: then it is lost, and not only late. */
const STUCK_MS = 60_000
const LOOK_MS = 1_000
const RECORDED_MS = 60_000

const ids = (from: number, count: number): string[] => Array.from({ length: count }, (_, at) => `c${from + at}`)

/**
 * Listeners, changes and calls over all nodes while `faults` happen; afterwards the recorded log of changes is compared with what each client saw.
 * @throws when a change was not told, or late where a time is promised, an update was needless, a read was stale, an answered call is not in the audit log
 * once, or did not do what it said, or when the load was not what was asked for
 */
export async function watchUnder(
  house: FaultHouse,
  course: Course,
  faults: (running: { readonly calling: Calling; readonly changing: Changer }) => Promise<void>,
): Promise<Watched> {
  const { cluster, apiKey } = house
  const url = `${cluster.publicUrl}/mcp`
  const once = ids(1, ONCE)
  const often = ids(ONCE + 1, OFTEN)
  const called = ids(ONCE + OFTEN + 1, CALLED)
  const reads: ReadSeen[] = []
  const changeOnce = new Set(once.map(uriOf))
  const heardOf = { once: 0, often: 0 }
  let [reading, readsRefused] = [0, 0]
  const heard = (uri: string): void => {
    const kind = changeOnce.has(uri) ? 'once' : 'often'
    heardOf[kind] += 1
    if (heardOf[kind] % READ_EACH[kind] !== 0 || reading >= READS_AT_ONCE) return
    reading += 1
    void readCounter(url, apiKey, uri).then((seen) => {
      reading -= 1
      if (seen === undefined) readsRefused += 1
      else reads.push(seen)
    })
  }
  const listeners: Listening[] = []
  for (let at = 0; at < course.listeners + course.legacyListeners; at += 1) {
    const uris = [
      ...Array.from({ length: URIS / 2 }, (_, n) => once[(at * 13 + n * 251) % ONCE]),
      ...Array.from({ length: URIS / 2 }, (_, n) => often[(at * 17 + n * 101) % OFTEN]),
    ].map((id) => uriOf(id ?? ''))
    const options = { url, apiKey, uris: [...new Set(uris)], heard }
    listeners.push(at < course.listeners ? listen(options) : listenInSession(options))
    if (at % 50 === 49) await Promise.all(listeners.map(({ open }) => open))
  }
  await Promise.all(listeners.map(({ open }) => open))
  const firstChange = house.changes.length
  const prefix = `watch-${Date.now()}-`
  course.say(`${listeners.length} listeners`)
  const changing = startChanging(house, { perSecond: course.changesPerSecond, once, often })
  const calling = startCalling({
    url,
    apiKey,
    callers: course.callers,
    everyMs: 50,
    counters: called,
    prefix,
  })
  const began = performance.now()
  try {
    await faults({ calling, changing })
  } finally {
    await Promise.all([calling.stop(), changing.stop()])
  }
  const seconds = (performance.now() - began) / 1_000
  const judgeNow = () => judge(house.changes, listeners, reads, WINDOW_MS)
  const unpublished = (): number => Math.max(0, changing.committed - (house.changes.length - firstChange))
  const waiting = unpublished()
  const settledMs =
    (await settled(unpublished, STUCK_MS, LOOK_MS)) + (await settled(() => judgeNow().missed.length, STUCK_MS, LOOK_MS))
  const readsOfUpdates = reads.length
  for (const uri of new Set(listeners.slice(0, 50).flatMap(({ uris }) => uris.slice(0, 4)))) {
    const seen = await readCounter(url, apiKey, uri)
    if (seen !== undefined) reads.push(seen)
  }
  await Promise.all(listeners.map((listener) => listener.leave()))
  const judged = judgeNow()
  const audit = await auditOf(house, prefix, calling.calls)
  const effects = await effectsOf(house, called, calling.calls)
  const streams = listeners.flatMap(({ streams }) => streams)
  const counts = {
    listeners: listeners.length,
    changes: house.changes.length - firstChange,
    changesPerSecond: Math.round(changing.committed / seconds),
    changesPerSecondAsked: course.changesPerSecond,
    changesWaiting: waiting,
    changesUnpublished: unpublished(),
    settledMs: Math.round(settledMs),
    due: judged.due,
    missed: judged.missed.length,
    updates: judged.updates,
    replayed: judged.replayed,
    needless: judged.needless.length,
    reads: reads.length,
    readsOfUpdates,
    readsRefused,
    stale: judged.stale.length,
    latencyP50: percentile(judged.latencies, 0.5),
    latencyP99: percentile(judged.latencies, 0.99),
    latencyMost: judged.latencies.at(-1) ?? 0,
    ...(course.toldWithinMs === undefined ? {} : { latencyPromised: course.toldWithinMs }),
    streams: streams.length,
    streamsEndedWhole: streams.filter(({ ended }) => ended === 'result').length,
    streamsBroken: streams.filter(({ ended }) => ended === 'broken').length,
    streamsRefused: listeners.flatMap(({ refused }) => [...refused.values()]).reduce((sum, count) => sum + count, 0),
    sessionsLost: listeners.reduce((sum, { sessionsLost }) => sum + sessionsLost, 0),
    calls: calling.calls.length,
    callsDone: calling.calls.filter(({ done }) => done).length,
    callsUnanswered: calling.calls.filter(({ status }) => status === 0 || status === 502).length,
    ...audit,
    ...effects,
  }
  const wrong = ['changesUnpublished', 'missed', 'needless', 'stale', 'auditMissing', 'auditRepeated', 'wrongEffects']
    .filter((name) => (counts as Record<string, number>)[name] !== 0)
    .concat(counts.changesPerSecond < course.changesPerSecond * (course.reached ?? 0) ? ['changesPerSecond'] : [])
    .concat(counts.readsOfUpdates < LEAST_READS ? ['readsOfUpdates'] : [])
    .concat(counts.latencyMost > (course.toldWithinMs ?? Number.POSITIVE_INFINITY) ? ['latencyMost'] : [])
  if (wrong.length > 0) {
    const examples = judged.needless.slice(0, 5).map((one) => explained(one, house.changes))
    throw new Error(JSON.stringify({ wrong, ...counts, examples }))
  }
  return { judged, listeners, calls: calling.calls, counts }
}

/** With the changes of its URI nearest to it: what a needless update comes from can be told from those. */
function explained({ uri, at, askedAt, before }: Needless, changes: readonly Change[]) {
  const near = changes.filter((change) => change.uri === uri && change.time <= at).slice(-3)
  return {
    uri,
    sinceAsked: at - askedAt,
    sinceBefore: before && at - before,
    changesAgo: near.map(({ time }) => at - time),
  }
}

/**
 * Waits until nothing is left, for as long as it becomes less: on a machine that others use, too, late is not lost.
 * @returns how long that took, in milliseconds
 */
export async function settled(left: () => number, stuckMs: number, lookMs: number): Promise<number> {
  const began = performance.now()
  let [least, since] = [Number.POSITIVE_INFINITY, began]
  for (;;) {
    const now = left()
    if (now < least) [least, since] = [now, performance.now()]
    if (now === 0 || performance.now() - since > stuckMs) return performance.now() - began
    await pause(lookMs)
  }
}

/** Refused before it was known whose call it was, or by a balancer, or so that the answer says itself that the log may not have it. */
const NOT_JUDGED = /cannot be checked now|No node can be reached|"recorded":false/
const isJudged = ({ status, text }: Called): boolean => status !== 0 && status !== 502 && !NOT_JUDGED.test(text)

/** Each call with an answer of the node that judged it is in the log once, refused ones too, and none is there twice. */
async function auditOf({ host }: FaultHouse, prefix: string, calls: readonly Called[]) {
  const audit = host.as('gatehouse_audit')
  const count = async (): Promise<ReadonlyMap<string, number>> => {
    const rows = await audit.asPlatform('proof', (tx) =>
      tx.rows<{ id: string; count: bigint }>(sql`
        select request_id as id, count(*) as count from audit.events
        where tool = 'counters_add' and request_id like ${`${prefix}%`} group by request_id`),
    )
    return new Map(rows.map(({ id, count }) => [id, Number(count)]))
  }
  const judged = calls.filter(isJudged)
  const answered = judged.map(({ id }) => id)
  const found = await eventually(RECORDED_MS, 'the audit log to be complete', async () => {
    const counted = await count()
    return answered.every((id) => counted.has(id)) ? counted : undefined
  }).catch(count)
  return {
    callsRefused: judged.filter(({ done }) => !done).length,
    auditMissing: answered.filter((id) => !found.has(id)).length,
    auditRepeated: [...found.values()].filter((times) => times > 1).length,
  }
}

/** Of these it is open whether they took effect: there was no answer, or it says so. */
const isOpen = ({ status, text }: Called): boolean =>
  status === 0 || status === 502 || /not known|"executed":true|unknown/.test(text)

/** Calls that say that they took effect did, and those that say that they did not, did not. */
async function effectsOf({ host, tenant }: FaultHouse, called: readonly string[], calls: readonly Called[]) {
  const row = await host.as('gatehouse_mcp').asTenant(tenant, (tx) =>
    tx.one<{ sum: bigint }>(sql`
      select coalesce(sum(value), 0)::bigint as sum from counters.counters where id = any(${called}::text[])`),
  )
  const effects = Number(row.sum) - (before.get(host) ?? 0)
  before.set(host, Number(row.sum))
  const done = calls.filter((call) => call.done).length
  const open = calls.filter((call) => !call.done && isOpen(call)).length
  return { callsOpen: open, wrongEffects: Math.max(0, done - effects) + Math.max(0, effects - done - open) }
}

/** What calls of an earlier course had added. */
const before = new WeakMap<object, number>()
