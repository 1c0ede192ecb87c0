import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Surroundings } from '../cluster/process.ts'
import { type FullParts, startFullParts } from './full-parts.ts'
import { toolName } from './native-catalog.ts'
import type { NativeOptions } from './native-options.ts'
import { type Load, type MeasuredLoad, measureAlternating, type Row, rowsOf } from './rounds.ts'
import type { BenchContext, Figure, Measurements } from './section.ts'
import { type BenchServer, startBenchServer } from './servers.ts'

/** The whole of it: token, limits in Redis, tool, its event stored by NATS, a line in the log, metrics. */
export const FULL_CALL = 'tools/call with Redis, NATS and log'

/** Enough that a cost of each would show. */
const MANY = 1_000
const MANY_ENTRY = 'tools/call, 1,000 tools'

/**
 * Requests to the MCP node alone (`native.ts`), by how many tools it has, whether the event of a call is made, and what is beside the node.
 * Peers take part where they are of use; they have neither credentials nor limits nor events. A node with many tools has one with a single tool
 * beside it, in the same rounds.
 */
const ROWS = [
  { entry: 'tools/call, 1 tool', method: 'tools/call', tools: 1, audit: false, full: false, peers: true },
  { entry: MANY_ENTRY, method: 'tools/call', tools: MANY, audit: false, full: false, peers: false },
  {
    entry: 'tools/call, 1 tool, with its event',
    method: 'tools/call',
    tools: 1,
    audit: true,
    full: false,
    peers: false,
  },
  { entry: FULL_CALL, method: 'tools/call', tools: 1, audit: true, full: true, peers: true },
  { entry: 'tools/list, 50 tools', method: 'tools/list', tools: 50, audit: false, full: false, peers: true },
] as const

type Method = (typeof ROWS)[number]['method']

const NEW = '2026-07-28'
const OLD = '2025-11-25'
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** The same request in the revision without sessions, and as the older SDK takes it. */
function loadOf(url: string, method: Method, revision: typeof NEW | typeof OLD, token?: string): Load {
  const name = toolName(0)
  const call = method === 'tools/call' ? { name, arguments: { text: 'hello there', times: 2 } } : {}
  const modern = revision === NEW
  const meta = {
    'io.modelcontextprotocol/protocolVersion': NEW,
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  return {
    url: `${url}/mcp`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': revision,
      ...(modern ? { 'mcp-method': method } : {}),
      ...(modern && method === 'tools/call' ? { 'mcp-name': name } : {}),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...call, ...(modern ? { _meta: meta } : {}) } }),
  }
}

interface Answered {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

async function answerOf(load: Load): Promise<Answered> {
  const answer = await fetch(load.url, { method: load.method, headers: load.headers, body: load.body ?? '' })
  const body = await answer.text()
  if (answer.status !== 200 || !body.includes('"result"')) throw new Error(`${load.url}: ${answer.status} ${body}`)
  return { body, headers: Object.fromEntries([...answer.headers].filter(([name]) => !OF_NODE.has(name))) }
}

/** What Node.js and Fastify write themselves. */
const OF_NODE: ReadonlySet<string> = new Set(['connection', 'content-length', 'date', 'keep-alive'])

/** Each row against a bare Fastify handler that gets the same request and answers the same, and against both SDKs with the same tools. */
export async function measureNode({ folder, surroundings, ...rounds }: BenchContext): Promise<Measurements> {
  const parts = await startFullParts(folder)
  try {
    return await measureRows(folder, parts, rounds, surroundings)
  } finally {
    await parts.stop()
  }
}

async function measureRows(
  folder: string,
  parts: FullParts,
  options: { readonly rounds: number; readonly seconds: number; readonly connections: number },
  surroundings: Surroundings,
): Promise<Measurements> {
  const rows: Row[] = []
  const figures: Figure[] = []
  for (const { entry, method, tools, audit, full, peers } of ROWS) {
    const tokenFile = join(folder, 'token')
    const answer = join(folder, 'answer.json')
    const servers: BenchServer[] = []
    const names: string[] = []
    const loads: Load[] = []
    const start = async (script: string, args: readonly string[], logFile?: string): Promise<BenchServer> => {
      const server = await startBenchServer(here(script), { args, path: '/mcp', surroundings, logFile })
      servers.push(server)
      return server
    }
    const add = (name: string, { processorSeconds }: BenchServer, load: Load): void => {
      names.push(name)
      loads.push({ ...load, processorSeconds })
    }
    try {
      const native = { tools, tokenFile, audit, database: parts.database, full: full ? parts.full : undefined }
      const node = await start('native.ts', [JSON.stringify(native satisfies NativeOptions)], join(folder, 'log'))
      const token = readFileSync(tokenFile, 'utf8')
      const ours = loadOf(node.url, method, NEW, token)
      writeFileSync(answer, JSON.stringify(await answerOf(ours)))
      const bare = await start('bare.ts', [answer])
      add('bare Fastify, same bytes', bare, loadOf(bare.url, method, NEW, token))
      add('Gatehouse', node, ours)
      if (tools === MANY) {
        const single = await start('native.ts', [JSON.stringify({ ...native, tools: 1 } satisfies NativeOptions)])
        add(SINGLE, single, loadOf(single.url, method, NEW, readFileSync(tokenFile, 'utf8')))
      }
      if (peers) {
        const sdk = await start('sdk-tools.ts', [String(tools)])
        add(SDK_PEERS[0], sdk, loadOf(sdk.url, method, NEW))
        const old = await start('sdk-v1.ts', [String(tools)])
        add(SDK_PEERS[1], old, loadOf(old.url, method, OLD))
      }
      for (const load of loads) await answerOf(load)
      const before = full ? await parts.done() : undefined
      const measured = await measureAlternating(loads, options)
      const found = rowsOf(entry, names, measured)
      rows.push(...found)
      figures.push(...timesThePeers(entry, found))
      if (tools === MANY) figures.push(...costOfATool(found))
      if (before !== undefined) figures.push(...perCall(before, await parts.done(), measured[1]))
    } finally {
      for (const server of servers) await server.stop()
    }
  }
  return { rows, figures }
}

const SDK_PEERS = ['SDK createMcpHandler', 'SDK v1, stateless'] as const
const SINGLE = 'Gatehouse, 1 tool'

/** How many times the requests per second of each peer. The full call is no match: peers have none of what is beside it. */
function timesThePeers(entry: string, rows: readonly Row[]): readonly Figure[] {
  const ours = rows.find(({ server }) => server === 'Gatehouse')
  if (ours === undefined || entry === FULL_CALL) return []
  return SDK_PEERS.flatMap((peer) => {
    const theirs = rows.find(({ server }) => server === peer)
    if (theirs === undefined) return []
    return [
      { name: `${entry}: times the requests of ${peer}`, value: ours.median / theirs.median, unit: '×', atLeast: 20 },
    ]
  })
}

/** Of a call to a node with many tools, beside that of a node with one; less than the rounds differ among themselves is noise. */
function costOfATool(rows: readonly Row[]): readonly Figure[] {
  const [many, one] = ['Gatehouse', SINGLE].map((name) => rows.find(({ server }) => server === name)?.processorMicros)
  if (many === undefined || one === undefined) return []
  return [
    {
      name: `${MANY_ENTRY}: processor time that each further tool adds to a call`,
      value: ((many - one) * 1_000) / (MANY - 1),
      unit: 'ns',
      goal: 2,
    },
  ]
}

type Done = Awaited<ReturnType<FullParts['done']>>

/** What a call asked of the parts, besides what a node asks of them from time to time. */
function perCall(before: Done, after: Done, node: MeasuredLoad | undefined): readonly Figure[] {
  const calls = node?.requests ?? Number.NaN
  const each = (what: keyof Done): number => (after[what] - before[what]) / calls
  return [
    {
      name: 'call with Redis, NATS and log: commands sent to Redis',
      value: each('commands'),
      unit: 'per call',
      goal: 1,
    },
    {
      name: 'call with Redis, NATS and log: transactions of PostgreSQL',
      value: each('transactions'),
      unit: 'per call',
      goal: 0.01,
    },
  ]
}
