import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, startPostgres } from '@gatehouse/testkit'
import type { Surroundings } from '../cluster/process.ts'
import { toolName } from './native-catalog.ts'
import { type Load, measureAlternating, type Row, rowsOf } from './rounds.ts'
import { type BenchServer, startBenchServer } from './servers.ts'

/**
 * Requests to the MCP node alone (`native.ts`), by how many tools it has and whether the event of a call is made. Peers take part where they
 * are of use.
 */
const ROWS = [
  { entry: 'tools/call, 1 tool', method: 'tools/call', tools: 1, audit: 'no-audit', peers: true },
  { entry: 'tools/call, 1,000 tools', method: 'tools/call', tools: 1_000, audit: 'no-audit', peers: false },
  { entry: 'tools/call, 1 tool, with its event', method: 'tools/call', tools: 1, audit: 'audit', peers: false },
  { entry: 'tools/list, 50 tools', method: 'tools/list', tools: 50, audit: 'no-audit', peers: true },
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
export async function measureNode(
  folder: string,
  options: { readonly rounds: number; readonly seconds: number; readonly connections: number },
  surroundings: Surroundings,
): Promise<readonly Row[]> {
  const dir = join(folder, 'node-postgres')
  mkdirSync(dir, { mode: 0o711 })
  chmodSync(folder, 0o711)
  const postgres = await startPostgres({ dir, port: await freePort() })
  try {
    return await measureRows(folder, postgres.url, options, surroundings)
  } finally {
    await postgres.stop()
  }
}

async function measureRows(
  folder: string,
  database: string,
  options: { readonly rounds: number; readonly seconds: number; readonly connections: number },
  surroundings: Surroundings,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const { entry, method, tools, audit, peers } of ROWS) {
    const tokenFile = join(folder, 'token')
    const answer = join(folder, 'answer.json')
    const servers: BenchServer[] = []
    const names: string[] = []
    const loads: Load[] = []
    const start = async (script: string, args: readonly string[]): Promise<BenchServer> => {
      const server = await startBenchServer(here(script), { args, path: '/mcp', surroundings })
      servers.push(server)
      return server
    }
    const add = (name: string, { processorSeconds }: BenchServer, load: Load): void => {
      names.push(name)
      loads.push({ ...load, processorSeconds })
    }
    try {
      const node = await start('native.ts', [String(tools), tokenFile, audit, database])
      const token = readFileSync(tokenFile, 'utf8')
      const ours = loadOf(node.url, method, NEW, token)
      writeFileSync(answer, JSON.stringify(await answerOf(ours)))
      const bare = await start('bare.ts', [answer])
      add('bare Fastify, same bytes', bare, loadOf(bare.url, method, NEW, token))
      add('Gatehouse', node, ours)
      if (peers) {
        const sdk = await start('sdk-tools.ts', [String(tools)])
        add('SDK createMcpHandler', sdk, loadOf(sdk.url, method, NEW))
        const old = await start('sdk-v1.ts', [String(tools)])
        add('SDK v1, stateless', old, loadOf(old.url, method, OLD))
      }
      for (const load of loads) await answerOf(load)
      rows.push(...rowsOf(entry, names, await measureAlternating(loads, options)))
    } finally {
      for (const server of servers) await server.stop()
    }
  }
  return rows
}
