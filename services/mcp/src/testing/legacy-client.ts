import type { AddressInfo } from 'node:net'
import { ORIGIN, type Rig } from './rig.ts'
import { type Hearing, hear } from './sse-client.ts'

const HOST = new URL(ORIGIN).host

/** A client of one session, by hand: each request goes to the node that the test names. */
export interface LegacyClient {
  readonly session: string
  readonly version: string
  readonly headers: Record<string, string | undefined>
  post(rig: Rig, message: unknown, headers?: Record<string, string | undefined>): Promise<Hearing>
  request(rig: Rig, id: number | string, method: string, params?: unknown): Promise<Hearing>
  get(rig: Rig, lastEventId?: string, headers?: Record<string, string | undefined>): Promise<Hearing>
  end(rig: Rig): Promise<Hearing>
}

export const urlOf = (rig: Rig): string => `http://127.0.0.1:${(rig.server.server.address() as AddressInfo).port}/mcp`

export const ALL_CAPABILITIES = { elicitation: {}, sampling: {}, roots: {} }

/** Makes each node listen. */
export async function listening<R extends Rig>(...rigs: R[]): Promise<R[]> {
  for (const rig of rigs) await rig.server.listen({ host: '127.0.0.1', port: 0 })
  return rigs
}

export function postTo(
  rig: Rig,
  token: string | undefined,
  body: unknown,
  headers: Record<string, string | undefined> = {},
): Promise<Hearing> {
  return hear(urlOf(rig), {
    method: 'POST',
    body,
    headers: {
      host: HOST,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      authorization: token === undefined ? undefined : `Bearer ${token}`,
      ...headers,
    },
  })
}

export const initialize = (version = '2025-11-25', capabilities: unknown = ALL_CAPABILITIES) => ({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: version, capabilities, clientInfo: { name: 'tests', version: '1' } },
})

export async function openLegacy(
  rig: Rig,
  token: string,
  version = '2025-11-25',
  capabilities: unknown = ALL_CAPABILITIES,
): Promise<LegacyClient> {
  const answer = await postTo(rig, token, initialize(version, capabilities))
  const session = answer.headers['mcp-session-id']
  if (typeof session !== 'string') throw new Error(`no session: ${answer.status} ${await answer.body}`)
  answer.leave()
  const headers = {
    host: HOST,
    authorization: `Bearer ${token}`,
    'mcp-session-id': session,
    'mcp-protocol-version': version === '2025-03-26' ? undefined : version,
  }
  const client: LegacyClient = {
    session,
    version,
    headers,
    post: (at, message, more) => postTo(at, token, message, { ...headers, ...more }),
    request: (at, id, method, params = {}) => client.post(at, { jsonrpc: '2.0', id, method, params }),
    get: (at, lastEventId, more) =>
      hear(urlOf(at), { headers: { ...headers, accept: 'text/event-stream', 'last-event-id': lastEventId, ...more } }),
    end: (at) => hear(urlOf(at), { method: 'DELETE', headers }),
  }
  return client
}
