import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from '@gatehouse/testkit'
import type { Cluster } from '../cluster/cluster.ts'
import type { Surroundings } from '../cluster/process.ts'
import { openFaultHouse } from '../faults/house.ts'
import { watchUnder } from '../faults/watch.ts'
import { rpc } from '../scenarios/wire.ts'
import { measureOnce, warmUp } from './rounds.ts'
import type { Figure } from './section.ts'
import { processorSeconds, startBenchServer } from './servers.ts'

const WARM = 500
const STREAMS = 5_000
const PUBLISHES = 7
const AT_ONCE = 100
/** What the node's own memory needs to come to rest. */
const OPEN_MS = 120_000
const LATENCY_MS = 10_000

/** What open streams cost a node, and how it is held up by changes. */
export async function measureStreams(folder: string, surroundings: Surroundings): Promise<readonly Figure[]> {
  const tokenFile = join(folder, 'stream-token')
  const script = fileURLToPath(new URL('stream-node.ts', import.meta.url))
  const server = await startBenchServer(script, {
    args: [tokenFile],
    nodeArgs: ['--expose-gc'],
    path: '/healthz',
    surroundings,
  })
  const sockets: Socket[] = []
  try {
    const token = readFileSync(tokenFile, 'utf8')
    const probe = async (path: string) =>
      (await (await fetch(`${server.url}/probe/${path}`)).json()) as Record<string, number>
    const open = async (count: number): Promise<void> => {
      for (let left = count; left > 0; left -= AT_ONCE) {
        const batch = Array.from({ length: Math.min(AT_ONCE, left) }, () =>
          openSocket(server.url, token, `own${sockets.length}`, sockets),
        )
        await Promise.all(batch)
      }
    }
    await open(WARM)
    const before = await probe('memory')
    await open(STREAMS)
    await eventually(OPEN_MS, 'all streams to be open', async () => (await probe('memory')).streams === WARM + STREAMS)
    const after = await probe('memory')
    const perStream = (what: 'rss' | 'heap') => (Number(after[what]) - Number(before[what])) / STREAMS / 1_024
    const one = await publishes(() => probe('publish?id=own7'))
    const all = await publishes(() => probe('publish?id=common'))
    // What the machine does to a node that has nothing to do: others may use it too.
    const nobody = await publishes(() => probe('publish?id=nobody'))
    return [
      { name: `memory of a stream, ${STREAMS} open`, value: perStream('rss'), unit: 'KiB', goal: 20 },
      { name: 'heap of a stream', value: perStream('heap'), unit: 'KiB' },
      { name: `publish that matches 1 of ${STREAMS}: loop held`, value: one.publishMs, unit: 'ms', goal: 1 },
      { name: `publish that matches all of ${STREAMS}: loop held`, value: all.publishMs, unit: 'ms' },
      { name: `publish that matches all of ${STREAMS}: longest stall`, value: all.stallMs, unit: 'ms', goal: 15 },
      { name: 'publish that matches none: longest stall, the machine’s own', value: nobody.stallMs, unit: 'ms' },
    ]
  } finally {
    for (const socket of sockets) socket.destroy()
    await server.stop()
  }
}

/** Medians of a few. */
async function publishes(once: () => Promise<Record<string, number>>) {
  const seen: Record<string, number>[] = []
  for (let at = 0; at < PUBLISHES; at += 1) seen.push(await once())
  const median = (name: string): number =>
    seen.map((each) => Number(each[name])).sort((a, b) => a - b)[Math.floor(PUBLISHES / 2)] ?? Number.NaN
  return { publishMs: median('publishMs'), stallMs: median('stallMs') }
}

/** A stream on a socket that takes what comes and looks at nothing but the first of it. */
function openSocket(url: string, token: string, own: string, sockets: Socket[]): Promise<void> {
  const { hostname, port, host } = new URL(url)
  const uris = [`bench://things/${own}`, 'bench://things/common']
  const { headers, body } = rpc(token, 'subscriptions/listen', { notifications: { resourceSubscriptions: uris } })
  const lines = Object.entries(headers as Record<string, string>).map(([name, value]) => `${name}: ${value}\r\n`)
  const text = String(body)
  const request = `POST /mcp HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n${lines.join('')}\r\n${text}`
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    sockets.push(socket)
    socket.write(request)
    socket.once('data', (first: Buffer) => {
      socket.resume()
      if (first.toString('latin1', 9, 12) === '200') resolve()
      else reject(new Error(first.toString()))
    })
    socket.on('error', reject)
  })
}

/** From a change that is stored to its listener, over two nodes; and calls on one node and on two, with everything that a call has. */
export async function measureNodes(
  folder: string,
  surroundings: Surroundings,
  rounds: { readonly seconds: number; readonly connections: number },
): Promise<readonly Figure[]> {
  const house = await openFaultHouse({ folder, surroundings })
  try {
    const course = { listeners: 200, legacyListeners: 0, changesPerSecond: 100, callers: 1, say: () => undefined }
    const { counts } = await watchUnder(house, course, () => new Promise((resolve) => setTimeout(resolve, LATENCY_MS)))
    const [first, second] = house.cluster.mcp.map(({ url }) => loadOn(url, house.cluster.publicUrl, house.apiKey))
    if (first === undefined || second === undefined) throw new Error('two nodes are needed')
    for (const load of [first, second]) await warmUp(load, rounds.connections)
    const before = spentBy(house.cluster)
    const alone = await measureOnce(first, rounds.seconds, rounds.connections)
    const each = spentBy(house.cluster).map(({ name, spent }, part) => ({
      name: `tools/call on 1 node: processor time of ${name}`,
      value: (since(before[part]?.spent, spent) / alone.requests) * 1e6,
      unit: 'µs',
    }))
    const both = await Promise.all(
      [first, second].map((load) => measureOnce(load, rounds.seconds, Math.ceil(rounds.connections / 2))),
    )
    const sum = both.reduce((total, { perSecond }) => total + perSecond, 0)
    return [
      { name: 'change to client over two nodes, p50', value: Number(counts.latencyP50), unit: 'ms' },
      { name: 'change to client over two nodes, p99', value: Number(counts.latencyP99), unit: 'ms' },
      { name: 'tools/call on 1 node, Redis, NATS and audit', value: alone.perSecond, unit: '/s' },
      { name: 'tools/call on 2 nodes, Redis, NATS and audit', value: sum, unit: '/s' },
      ...each,
    ]
  } finally {
    await house.close()
  }
}

/** Seconds by process. */
type Spent = ReadonlyMap<number, number>

/** Of the parts that a call comes by, from its node to the table of the log. */
function spentBy({ mcp, nats, redis, audit, postgres }: Cluster): readonly { name: string; spent: Spent }[] {
  const of = (...pids: readonly number[]): Spent => new Map(pids.map((pid) => [pid, processorSeconds(pid) ?? 0]))
  return [
    { name: 'the node', spent: of(mcp[0]?.pid ?? 0) },
    { name: 'Redis', spent: of(redis.pid) },
    { name: 'NATS', spent: of(nats.pid) },
    { name: 'audit', spent: of(audit.pid) },
    { name: 'PostgreSQL', spent: of(...childrenOf(postgres.pid)) },
  ]
}

/** One that has ended meanwhile is not counted, one that began is. */
const since = (before: Spent | undefined, after: Spent): number =>
  [...after].reduce((sum, [pid, seconds]) => sum + seconds - (before?.get(pid) ?? 0), 0)

/** Processes that another one has started and that run (Linux, `proc(5)`: field 4 of `stat`). */
function childrenOf(parent: number): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
    } catch {
      return false
    }
  })
}

function loadOn(url: string, publicUrl: string, apiKey: string) {
  const { headers, body } = rpc(apiKey, 'tools/call', { name: 'counters_ping', arguments: {} })
  const own = { ...(headers as Record<string, string>), host: new URL(publicUrl).host }
  return { url: `${url}/mcp`, method: 'POST' as const, headers: own, body: String(body) }
}
