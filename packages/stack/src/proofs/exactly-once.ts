import { setTimeout as pause } from 'node:timers/promises'
import { AUDITED } from '@gatehouse/contracts'
import { type Database, openDatabase, sql } from '@gatehouse/database'
import { eventually } from '@gatehouse/testkit'
import { loadOf } from '../bench/entries.ts'
import type { Load } from '../bench/rounds.ts'
import type { Cluster } from '../cluster/cluster.ts'

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
  mcpName: 'search.global',
  params: { name: 'search.global', arguments: { q: 'zz' } },
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
    const { answered, unanswered } = await calling.done
    const seconds = (performance.now() - began) / 1_000
    await killing
    streams.leave()
    const counts = await eventually(90_000, `${answered.size} events in the audit log`, async () => {
      const found = await countCalls(audit)
      return [...answered].every((id) => found.has(id)) ? found : undefined
    }).catch(() => countCalls(audit))
    const connections = await eventually(60_000, 'an end for each connection', async () => {
      const all = await countConnections(audit)
      return all.opened >= streams.held && all.open === 0 ? all : undefined
    }).catch(() => countConnections(audit))
    const result = {
      calls: course.calls,
      answered: answered.size,
      unanswered: unanswered.size,
      unansweredRecorded: [...unanswered].filter((id) => counts.has(id)).length,
      missing: [...answered].filter((id) => !counts.has(id)).length,
      repeated: [...counts.values()].filter((count) => count > 1).length,
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

/** Each id is ours, sent as `X-Request-Id`, and used once: what is not answered is not tried again. */
function callAll({ publicUrl }: Cluster, { calls, callers, apiKey }: Course) {
  const load = loadOf(CALL, publicUrl, apiKey)
  const answered = new Set<string>()
  const unanswered = new Set<string>()
  let next = 0
  const caller = async (): Promise<void> => {
    for (let index = next++; index < calls; index = next++) {
      const id = `${PREFIX}${index}`
      const good = await isAnswered(load, id)
      ;(good ? answered : unanswered).add(id)
      // A front without nodes answers at once; whoever calls on would spend all calls on it.
      if (!good) await pause(20)
    }
  }
  const done = Promise.all(Array.from({ length: callers }, caller)).then(() => ({ answered, unanswered }))
  return { done, progress: () => next / calls }
}

async function isAnswered(load: Load, id: string): Promise<boolean> {
  try {
    const headers = { ...load.headers, 'x-request-id': id }
    const answer = await fetch(load.url, { method: 'POST', headers, body: load.body ?? '' })
    const text = await answer.text()
    return answer.status === 200 && text.includes('"result"')
  } catch {
    return false
  }
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

/** How often each request id stands in the log as the end of a call. */
async function countCalls(audit: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await audit.asPlatform('proof', (tx) =>
    tx.rows<{ id: string; count: bigint }>(sql`
      select request_id as id, count(*) as count from audit.events
      where tool = ${CALL.mcpName} and request_id like ${`${PREFIX}%`} group by request_id`),
  )
  return new Map(rows.map(({ id, count }) => [id, Number(count)]))
}

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
