import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import type { Test } from 'tap'
import type { Target } from '../connect.ts'
import type { OutboundOptions } from '../outbound.ts'

export { selfSigned } from './certificate.ts'

/** A web of a few hosts that a test writes, over one real server on this machine. */
export interface Web {
  /** What `createOutbound` is given to reach it and nothing else. */
  readonly options: Required<Pick<OutboundOptions, 'resolve' | 'connect'>>
  /** What is served; a host without an entry has no address. A test may change it. */
  readonly hosts: Map<string, RequestListener>
  /** Every connection that was made, in order. */
  readonly connections: readonly Target[]
  /** `<host><path>` of every request, in order. */
  readonly requests: readonly string[]
}

/** A public address that is nobody's here: the connector never goes there. */
export const PUBLIC = '93.184.216.34'

/** Serves JSON. */
export const jsonHost =
  (body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

export async function openWeb(t: Test, hosts: Record<string, RequestListener> = {}): Promise<Web> {
  const served = new Map(Object.entries(hosts))
  const connections: Target[] = []
  const requests: string[] = []
  const server = createServer((request, response) => {
    const host = request.headers.host ?? ''
    requests.push(`${host}${request.url}`)
    const listener = served.get(host)
    if (listener === undefined) response.writeHead(421).end()
    else listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    hosts: served,
    connections,
    requests,
    options: {
      resolve: async (name) => (served.has(name) ? [PUBLIC] : []),
      connect: async (target) => {
        connections.push(target)
        return connectTcp({ host: '127.0.0.1', port })
      },
    },
  }
}
