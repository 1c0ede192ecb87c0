import { setTimeout as pause } from 'node:timers/promises'
import { AUDITED } from '@gatehouse/contracts'
import { type Database, type DatabaseHost, openDatabase, sql } from '@gatehouse/database'
import { eventually } from '@gatehouse/testkit'
import { loadOf } from '../bench/entries.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { callOf, counterOf, kindOf, requestsOf, TOOLS, wordFor } from './call-kinds.ts'
import { compareCalls, FAULTS } from './compare-calls.ts'
import { killInTurn, type Pace } from './kill-in-turn.ts'
import { LeanCaller } from './lean-caller.ts'

export interface Course {
  readonly calls: number
  readonly callers: number
  /** Streams that are held meanwhile, over all nodes. */
  readonly streams: number
  /** How many parts are killed on the way. */
  readonly kills: number
  /** Whether the leases of calls that began are waited for, a minute and a half; else they are over when the calls are. */
  readonly leases: 'waited-for' | 'cut-short'
  readonly apiKey: string
  /** Whose key it is. */
  readonly tenant: string
  readonly say: (line: string) => void
}

const LISTEN = {
  name: '',
  method: 'subscriptions/listen',
  params: { notifications: {} },
}
const PREFIX = 'proof-'
/** Of the calls; a kill may cost those that it meets. */
const LEAST_ANSWERED = 0.95

/**
 * Calls and streams over all nodes while nodes, the audit service and the message bus are killed in turn with SIGKILL, and what the log
 * holds afterwards: of calls that read, that write, and that are refused.
 * @throws when an answered call is missing, or anything is there twice, or an effect is untold, or too few were answered
 */
export async function runExactlyOnce(cluster: Cluster, course: Course): Promise<Record<string, number>> {
  const host = await openDatabase(cluster.postgres.url)
  const audit = host.as('gatehouse_audit')
  try {
    await prepareCounters(host, course)
    const pace: Pace = { calls: course.calls, made: 0, until: 0 }
    const began = performance.now()
    const streams = await holdStreams(cluster, course)
    const calling = callAll(cluster, course, pace)
    const killing = killInTurn(cluster, pace, course.kills, course.say)
    const [heard, killed] = await Promise.all([calling, killing])
    const seconds = (performance.now() - began) / 1_000
    streams.leave()
    course.say(`all calls were made after ${Math.round(seconds)} s`)
    await untilAll(audit, heard)
    await leasesOver(host, course)
    const effects = await effectsOf(host)
    const { why, ...compared } = compareCalls({ heard, recorded: await tally(audit), effects })
    const connections = await eventually(60_000, 'an end for each connection', async () => {
      const all = await countConnections(audit)
      return all.opened >= streams.held && all.open === 0 ? all : undefined
    }).catch(() => countConnections(audit))
    const result = {
      calls: course.calls,
      ...named('killed', killed),
      ...compared,
      ...named('unanswered', why),
      connections: connections.opened,
      connectionsWithoutEnd: connections.open,
      connectionsRepeated: connections.repeated,
      callsPerSecond: Math.round(course.calls / seconds),
    }
    const faults =
      FAULTS.reduce((sum, fault) => sum + compared[fault], 0) +
      connections.open +
      connections.repeated +
      Math.max(0, streams.held - connections.opened)
    if (faults > 0 || compared.answered < LEAST_ANSWERED * course.calls) throw new Error(JSON.stringify(result))
    return result
  } finally {
    await host.close()
  }
}

const named = (what: string, counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${what}.${name}`, count]))

/** One for each call that writes, so that an effect says whose it is. */
const prepareCounters = (host: DatabaseHost, { tenant, calls }: Course) => {
  const ids = Array.from({ length: calls }, (_, call) => call).filter((call) => kindOf(call) === 'write')
  return host
    .as('gatehouse_mcp')
    .asTenant(tenant, (tx) =>
      tx.run(
        sql`insert into counters.counters (tenant, id) select ${tenant}, id from unnest(${ids.map(counterOf)}::text[]) as id`,
      ),
    )
}

async function effectsOf(host: DatabaseHost): Promise<ReadonlyMap<number, number>> {
  const effects = sql`select id, value from counters.counters where id like ${`${PREFIX}%`} and value > 0`
  const rows = await host
    .as('gatehouse_mcp')
    .asPlatform('proof', (tx) => tx.rows<{ id: string; value: bigint }>(effects))
  return new Map(rows.map(({ id, value }) => [callOf(id), Number(value)]))
}

/** A node that answers nothing is left alone for so long. */
const LEFT_ALONE_MS = 250

/**
 * Each id is ours, sent as `X-Request-Id`, and used once: what is not answered is not tried again. Callers pick a node for each call, as a
 * balancer does, and pass over one that has just been away. @returns what was heard of each call, by its number
 */
async function callAll(
  cluster: Cluster,
  { callers, apiKey, say }: Course,
  pace: Pace,
): Promise<readonly (string | undefined)[]> {
  const heard = new Array<string | undefined>(pace.calls).fill(undefined)
  const requestOf = requestsOf(cluster.publicUrl, apiKey)
  /** Until when. */
  const away = new Map<string, number>()
  const pick = (): string | undefined => {
    const now = performance.now()
    const up = cluster.mcp.filter(({ url }) => (away.get(url) ?? 0) <= now)
    const url = up[Math.floor(Math.random() * up.length)]?.url
    // One call finds out for all whether a node is back.
    if (url !== undefined && away.has(url)) away.set(url, now + LEFT_ALONE_MS)
    return url
  }
  const caller = async (): Promise<void> => {
    const ways = new Map<string, LeanCaller>()
    while (pace.made < pace.calls) {
      const url = pace.made < pace.until ? pick() : undefined
      if (url === undefined) {
        await pause(20)
        continue
      }
      const way = ways.get(url) ?? new LeanCaller(url)
      ways.set(url, way)
      const call = pace.made++
      if (call % Math.ceil(pace.calls / 10) === 0) say(`${call} calls`)
      const answer = await way.ask(`${PREFIX}${call}`, requestOf(call))
      heard[call] = wordFor(answer)
      if (typeof answer === 'object' && answer.status === 200) away.delete(url)
      else away.set(url, performance.now() + LEFT_ALONE_MS)
    }
    for (const way of ways.values()) way.close()
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return heard
}

async function holdStreams({ publicUrl }: Cluster, { streams, apiKey }: Course) {
  const leaving = new AbortController()
  const { url, ...load } = loadOf(LISTEN, publicUrl, apiKey)
  const opened = Array.from({ length: streams }, async () => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: load.headers,
      body: load.body ?? '',
      signal: leaving.signal,
    })
    if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`)
    void answer.text().catch(() => undefined)
  })
  await Promise.all(opened)
  return { held: opened.length, leave: () => leaving.abort() }
}

/** The log is still being written while it grows within that time. */
const GROWS_WITHIN_MS = 90_000
const LOOK_EVERY_MS = 1_000

/** Until the log has each call that was judged and grows no more, or does not grow for long. */
async function untilAll(audit: Database, heard: readonly (string | undefined)[]): Promise<void> {
  let rows = -1
  for (let grownAt = performance.now(); performance.now() - grownAt < GROWS_WITHIN_MS; await pause(LOOK_EVERY_MS)) {
    const now = await countRows(audit)
    if (now === rows && compareCalls({ heard, recorded: await tally(audit), effects: new Map() }).missing === 0) return
    if (now !== rows) grownAt = performance.now()
    rows = now
  }
}

const LEASES_MS = 300_000

/** Until each call that began has ended, or is closed since it was not heard of again. */
async function leasesOver(host: DatabaseHost, { leases, say }: Course): Promise<void> {
  const audit = host.as('gatehouse_audit')
  if (leases === 'cut-short')
    await host
      .as('postgres')
      .asPlatform('as if the time were over', (tx) => tx.run(sql`update audit.begun set due_at = now()`))
  say('waiting for the leases of calls that began')
  await eventually(LEASES_MS, 'every lease to be over', async () => {
    await pause(LOOK_EVERY_MS)
    const begun = sql`select count(*) as left from audit.begun`
    const { left } = await audit.asPlatform('proof', (tx) => tx.one<{ left: bigint }>(begun))
    return left === 0n
  })
}

const OF_CALLS = sql`from audit.events where tool = any(${TOOLS}::text[]) and request_id like ${`${PREFIX}%`}`

const countRows = async (audit: Database): Promise<number> => {
  const count = sql`select count(*) as rows ${OF_CALLS}`
  return Number((await audit.asPlatform('proof', (tx) => tx.one<{ rows: bigint }>(count))).rows)
}

/** What the log says of each call, by its number, of one moment. */
const tally = (audit: Database): Promise<ReadonlyMap<number, readonly string[]>> =>
  audit.asPlatform('proof', async (tx) => {
    const found = new Map<number, readonly string[]>()
    // Most calls have the same few outcomes: one list for all of them.
    const lists = new Map<string, readonly string[]>()
    await tx.run(sql`declare all_calls no scroll cursor for select request_id, outcome ${OF_CALLS}`)
    for (;;) {
      const rows = await tx.rows<{ request_id: string; outcome: string }>(sql`fetch 20000 from all_calls`)
      if (rows.length === 0) return found
      for (const { request_id: id, outcome } of rows) {
        const call = Number(id.slice(PREFIX.length))
        const outcomes = [...(found.get(call) ?? []), outcome]
        const key = outcomes.join()
        const list = lists.get(key) ?? outcomes
        lists.set(key, list)
        found.set(call, list)
      }
    }
  })

const countConnections = (audit: Database) =>
  audit.asPlatform('proof', async (tx) => {
    const row = await tx.one<{ opened: bigint; open: bigint; repeated: bigint }>(sql`
      with each as (
        select rest -> 'object' ->> 'id' as id,
          count(*) filter (where type = ${AUDITED.connected.type}) as opens,
          count(*) filter (where type = ${AUDITED.disconnected.type}) as ends
        from audit.events where type in (${AUDITED.connected.type}, ${AUDITED.disconnected.type}) group by 1)
      select count(*) as opened, count(*) filter (where ends = 0) as open,
        count(*) filter (where opens <> 1 or ends > 1) as repeated from each`)
    return { opened: Number(row.opened), open: Number(row.open), repeated: Number(row.repeated) }
  })
