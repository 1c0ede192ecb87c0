import type { Rig } from './rig.ts'
import { ORIGIN } from './rig.ts'

export const VERSION = '2026-07-28'
export const META = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'tests', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
const HOST = new URL(ORIGIN).host

export type Headers = Readonly<Record<string, string | undefined>>

/** An answer with its body parsed where there is one. */
export interface Wire {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number | string[] | undefined>>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever came over the wire; tests look into it
  readonly body: any
}

/** POSTs a body as it is. A header given as `undefined` is left out. */
export async function post(rig: Rig, token: string | undefined, body: unknown, headers: Headers = {}): Promise<Wire> {
  const all: Headers = {
    host: HOST,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...headers,
  }
  const answer = await rig.server.inject({
    method: 'POST',
    url: '/mcp',
    headers: present(all),
    payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  })
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: answer.body,
    body: answer.body.startsWith('{') || answer.body.startsWith('[') ? JSON.parse(answer.body) : undefined,
  }
}

/** Headers and body of a request of the stateless revision. */
export function modernRequest(method: string, params: Record<string, unknown> = {}, id: string | number = 1) {
  const name = params.name ?? params.uri
  return {
    headers: {
      'mcp-protocol-version': VERSION,
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
    },
    body: { jsonrpc: '2.0', id, method, params: { ...params, _meta: META } },
  }
}

export function modern(rig: Rig, token: string, method: string, params: Record<string, unknown> = {}): Promise<Wire> {
  const { headers, body } = modernRequest(method, params)
  return post(rig, token, body, headers)
}

export function legacy(
  rig: Rig,
  token: string,
  version: string | undefined,
  method: string,
  params: Record<string, unknown> = {},
): Promise<Wire> {
  return post(rig, token, { jsonrpc: '2.0', id: 1, method, params }, { 'mcp-protocol-version': version })
}

const present = (headers: Headers): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined))
