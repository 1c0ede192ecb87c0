import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Surroundings } from '../cluster/process.ts'
import { toolName } from './native-catalog.ts'
import { type Load, measureAlternating, type Row } from './rounds.ts'
import { type BenchServer, startBenchServer } from './servers.ts'

/** Requests to the MCP node alone (`native.ts`), by how many tools it has. Peers take part where they are of use. */
const ROWS = [
  { entry: 'tools/call, node alone, 1 tool', method: 'tools/call', tools: 1, peers: true },
  { entry: 'tools/call, node alone, 1,000 tools', method: 'tools/call', tools: 1_000, peers: false },
  { entry: 'tools/list, node alone, 50 tools', method: 'tools/list', tools: 50, peers: true },
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

async function answerOf(load: Load): Promise<string> {
  const answer = await fetch(load.url, { method: load.method, headers: load.headers, body: load.body ?? '' })
  const text = await answer.text()
  if (answer.status !== 200 || !text.includes('"result"')) throw new Error(`${load.url}: ${answer.status} ${text}`)
  return text
}

/** Each row against a bare Fastify handler that answers the same bytes, and against both SDKs with the same tools. */
export async function measureNode(
  folder: string,
  options: { readonly rounds: number; readonly seconds: number; readonly connections: number },
  surroundings: Surroundings,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const { entry, method, tools, peers } of ROWS) {
    const token = join(folder, 'token')
    const bytes = join(folder, 'answer.json')
    const servers: BenchServer[] = []
    const start = async (script: string, args: readonly string[]): Promise<string> => {
      const server = await startBenchServer(here(script), { args, path: '/mcp', surroundings })
      servers.push(server)
      return server.url
    }
    try {
      const node = await start('native.ts', [String(tools), token])
      const ours = loadOf(node, method, NEW, readFileSync(token, 'utf8'))
      writeFileSync(bytes, await answerOf(ours))
      const loads = [
        { server: 'bare Fastify, same bytes', load: loadOf(await start('bare.ts', [bytes]), method, NEW) },
        { server: 'Gatehouse, no audit or Redis', load: ours },
        ...(peers
          ? [
              {
                server: 'SDK createMcpHandler',
                load: loadOf(await start('sdk-tools.ts', [String(tools)]), method, NEW),
              },
              { server: 'SDK v1, stateless', load: loadOf(await start('sdk-v1.ts', [String(tools)]), method, OLD) },
            ]
          : []),
      ]
      for (const { load } of loads) await answerOf(load)
      const measured = await measureAlternating(
        loads.map(({ load }) => load),
        options,
      )
      const base = measured[0]?.median ?? Number.NaN
      for (const [at, one] of measured.entries()) {
        rows.push({ ...one, entry, server: loads[at]?.server ?? '', ratio: one.median / base })
      }
    } finally {
      for (const server of servers) await server.stop()
    }
  }
  return rows
}
