import { setTimeout as pause } from 'node:timers/promises'
import { AUDITED } from '@gatehouse/contracts'
import { type Database, openDatabase, sql } from '@gatehouse/database'
import { eventually } from '@gatehouse/testkit'
import { loadOf } from '../bench/entries.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { LeanCaller } from './lean-caller.ts'

export interface Course {
  readonly calls: number
  readonly callers: number
  /** Streams that are held meanwhile, over all nodes. */
  readonly streams: number
  /** How many parts are killed on the way. */
  readonly kills: number
  readonly apiKey: string
  readonly say: (line: string) => void
}

const CALL = {
  name: '',
  method: 'tools/call',
  mcpName: 'counters_ping',
  params: { name: 'counters_ping', arguments: {} },
}
const LISTEN = {
  name: '',
  method: 'subscriptions/listen',
  params: { notifications: {} },
}
const PREFIX = 'proof-'

/**
 * Calls and streams over all nodes while nodes, the audit service and the message bus are killed in turn with SIGKILL, and what the log
 * holds afterwards. @throws when an answered call is missing, or anything is there twice
 */
export async function runExactlyOnce(cluster: Cluster, course: Course): Promise<Record<string, number>> {
  const host = await openDatabase(cluster.postgres.url)
  const audit = host.as('gatehouse_audit')
  try {
    const began = performance.now()
    const streams = await holdStreams(cluster, course)
    const calling = callAll(cluster, course)
    const killing = killInTurn(cluster, course, () => calling.progress())
    const answered = await calling.done
    const seconds = (performance.now() - began) / 1_000
    await killing
    streams.leave()
    course.say(`all calls were made after ${Math.round(seconds)} s`)
    const recorded = await untilAll(audit, answered)
    const connections = await eventually(60_000, 'an end for each connection', async () => {
      const all = await countConnections(audit)
      return all.opened >= streams.held && all.open === 0 ? all : undefined
    }).catch(() => countConnections(audit))
    const result = {
      calls: course.calls,
      ...compare(answered, recorded),
      connections: connections.opened,
      connectionsWithoutEnd: connections.open,
      connectionsRepeated: connections.repeated,
      callsPerSecond: Math.round(course.calls / seconds),
    }
    const { missing, repeated, connectionsWithoutEnd, connectionsRepeated } = result
    const streamsMissing = Math.max(0, streams.held - connections.opened)
    if (missing + repeated + connectionsWithoutEnd + connectionsRepeated + streamsMissing > 0) {
      throw new Error(JSON.stringify(result))
    }
    return result
  } finally {
    await host.close()
  }
}

/** @param answered 1 for each call whose answer arrived, by its number; `recorded`: how often it stands in the log */
function compare(answered: Uint8Array, recorded: Uint8Array) {
  const found = { answered: 0, unanswered: 0, unansweredRecorded: 0, missing: 0, repeated: 0 }
  for (const [call, was] of answered.entries()) {
    const times = recorded[call] ?? 0
    if (was === 1) found.answered += 1
    else found.unanswered += 1
    if (was === 1 && times === 0) found.missing += 1
    if (was === 0 && times > 0) found.unansweredRecorded += 1
    if (times > 1) found.repeated += 1
  }
  return found
}

/** A node that answers nothing is left alone for so long. */
const LEFT_ALONE_MS = 250

/**
 * Each id is ours, sent as `X-Request-Id`, and used once: what is not answered is not tried again. Callers pick a node for each call, as a
 * balancer does, and pass over one that has just been away.
 */
function callAll(cluster: Cluster, { calls, callers, apiKey, say }: Course) {
  const answered = new Uint8Array(calls)
  const { headers, body = '' } = loadOf(CALL, cluster.publicUrl, apiKey)
  const own = { ...headers, host: new URL(cluster.publicUrl).host }
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
  let next = 0
  const caller = async (): Promise<void> => {
    const ways = new Map<string, LeanCaller>()
    while (next < calls) {
      const url = pick()
      if (url === undefined) {
        await pause(20)
        continue
      }
      const way = ways.get(url) ?? new LeanCaller({ url, path: '/mcp', headers: own, body })
      ways.set(url, way)
      const call = next++
      if (call % Math.ceil(calls / 10) === 0) say(`${call} calls`)
      if (await way.ask(`${PREFIX}${call}`)) {
        answered[call] = 1
        away.delete(url)
      } else away.set(url, performance.now() + LEFT_ALONE_MS)
    }
    for (const way of ways.values()) way.close()
  }
  const done = Promise.all(Array.from({ length: callers }, caller)).then(() => answered)
  return { done, progress: () => next / calls }
}

/** Nodes, the audit service, the bus, and again, spread over the calls. */
async function killInTurn(cluster: Cluster, { kills, say }: Course, progress: () => number): Promise<void> {
  const node = (at: number) => async () => {
    const victim = cluster.mcp[at % cluster.mcp.length]
    if (victim === undefined) return
    await victim.kill()
    await cluster.restartNode(victim)
  }
  const turns: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a node', node(0)],
    ['the audit service', () => cluster.audit.kill().then(() => cluster.restart('audit'))],
    [
      'the message bus',
      () =>
        cluster.nats
          .kill()
          .then(() => pause(1_000))
          .then(() => cluster.nats.start()),
    ],
    ['the other node', node(1)],
  ]
  for (let kill = 0; kill < kills; kill += 1) {
    const from = (kill + 1) / (kills + 2)
    while (progress() < from) await pause(20)
    const [name, strike] = turns[kill % turns.length] ?? turns[0] ?? ['', async () => undefined]
    say(`kill -9: ${name}, at ${Math.round(progress() * 100)} % of the calls`)
    await strike()
  }
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

/**
 * How often each call stands in the log as one that ended, when the log has as many as were answered and grows no more, or when it does not
 * grow for long.
 */
async function untilAll(audit: Database, answered: Uint8Array): Promise<Uint8Array> {
  const wanted = answered.reduce((sum, was) => sum + was, 0)
  let rows = -1
  for (let grownAt = performance.now(); performance.now() - grownAt < GROWS_WITHIN_MS; await pause(LOOK_EVERY_MS)) {
    const now = await countRows(audit)
    if (now === rows && rows >= wanted) {
      const recorded = await tally(audit, answered.length)
      if (compare(answered, recorded).missing === 0) return recorded
    }
    if (now !== rows) grownAt = performance.now()
    rows = now
  }
  return tally(audit, answered.length)
}

const OF_CALLS = sql`from audit.events where tool = ${CALL.mcpName} and request_id like ${`${PREFIX}%`}`

const countRows = async (audit: Database): Promise<number> => {
  const [row] = await audit.readAsPlatform<{ rows: bigint }>('proof', sql`select count(*) as rows ${OF_CALLS}`)
  return Number(row?.rows)
}

/** Of one moment, by number of the call; 255 stands for more, too. */
const tally = (audit: Database, calls: number): Promise<Uint8Array> =>
  audit.asPlatform('proof', async (tx) => {
    const found = new Uint8Array(calls)
    await tx.run(sql`declare all_calls no scroll cursor for select request_id ${OF_CALLS}`)
    for (;;) {
      const rows = await tx.rows<{ request_id: string }>(sql`fetch 20000 from all_calls`)
      if (rows.length === 0) return found
      for (const { request_id: id } of rows) {
        const call = Number(id.slice(PREFIX.length))
        found[call] = Math.min(255, (found[call] ?? 0) + 1)
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
