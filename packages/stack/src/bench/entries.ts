import type { Load } from './rounds.ts'

/** One row of the table: a request that every server of the run can answer. */
export interface BenchEntry {
  readonly name: string
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly mcpName?: string
}

export const ENTRIES: readonly BenchEntry[] = [
  { name: 'tools/list, cached credential', method: 'tools/list', params: {} },
]

const REVISION = '2026-07-28'

/** The request of an entry at a server, in revision 2026-07-28. */
export function loadOf(entry: BenchEntry, url: string, token: string | undefined): Load {
  return {
    url: `${url}/mcp`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': REVISION,
      'mcp-method': entry.method,
      ...(entry.mcpName === undefined ? {} : { 'mcp-name': entry.mcpName }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: entry.method,
      params: {
        ...entry.params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': REVISION,
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  }
}
