import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type Route, type ServiceName, serviceFor } from '@gatehouse/contracts'

export interface BalancerOptions {
  readonly routes: readonly Route[]
  /** Base URLs per service, read at each request so that nodes may come and go. */
  readonly targets: () => Readonly<Record<ServiceName, readonly string[]>>
  /** Picks a number in [0, count). Injected so that a test can choose. */
  readonly pick?: (count: number) => number
}

/** Of one connection only. Trailers are not passed on, and a request that announces some without chunks cannot be sent at all. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const IDLE_MS = 60_000

/**
 * A reverse proxy that picks a node at random for every request, so that nothing can rest on affinity. Streams pass
 * through unbuffered; when either side goes away the other is ended. A node that refuses the connection is passed over.
 */
export function createBalancer(options: BalancerOptions): Server {
  // What waits is closed before the nodes would (75 s), as common balancers do: else a call may meet a connection that is just being closed.
  const agent = new Agent({ keepAlive: true, maxSockets: 1024, timeout: IDLE_MS })
  const pick = options.pick ?? ((count: number) => Math.floor(Math.random() * count))
  const server = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? '/').split('?', 1)[0] ?? '/'
    const service = serviceFor(options.routes, path)
    if (service === undefined) return refuse(outgoing, 404, 'not_found', 'Nothing is served at this path.')
    const nodes = [...options.targets()[service]]
    forward(incoming, outgoing, nodes, agent, pick)
  })
  server.keepAliveTimeout = 70_000
  server.on('close', () => agent.destroy())
  return server
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  nodes: string[],
  agent: Agent,
  pick: (count: number) => number,
): void {
  const [node] = nodes.splice(pick(nodes.length), 1)
  if (node === undefined) {
    refuse(outgoing, 503, 'temporarily_unavailable', 'No node can be reached.')
    return
  }
  const target = new URL(node)
  const upstream = request({
    agent,
    host: target.hostname,
    port: target.port,
    method: incoming.method,
    path: incoming.url,
    headers: forwardedHeaders(incoming),
  })
  let connected = false
  upstream.on('socket', (socket) => {
    const ready = () => {
      connected = true
      incoming.pipe(upstream)
    }
    if (socket.connecting) socket.once('connect', ready)
    else ready()
  })
  upstream.on('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, rawHeaders(answer))
    outgoing.flushHeaders()
    answer.pipe(outgoing)
    answer.on('error', () => outgoing.destroy())
    answer.on('aborted', () => outgoing.destroy())
  })
  upstream.on('error', ({ code = 'no code' }: NodeJS.ErrnoException) => {
    if (!connected) return forward(incoming, outgoing, nodes, agent, pick)
    if (outgoing.headersSent) outgoing.destroy()
    else {
      const where = upstream.reusedSocket ? 'on a kept connection' : 'on a new connection'
      refuse(outgoing, 502, 'temporarily_unavailable', `The node went away before it answered (${code} ${where}).`)
    }
  })
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) upstream.destroy()
  })
}

function forwardedHeaders(incoming: IncomingMessage): string[] {
  const headers: string[] = []
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    const name = incoming.rawHeaders[index] ?? ''
    const lower = name.toLowerCase()
    if (HOP_BY_HOP.has(lower) || lower.startsWith('x-forwarded-') || lower === 'forwarded') continue
    headers.push(name, incoming.rawHeaders[index + 1] ?? '')
  }
  const host = incoming.headers.host
  if (host !== undefined) headers.push('X-Forwarded-Host', host)
  headers.push('X-Forwarded-For', incoming.socket.remoteAddress ?? '', 'X-Forwarded-Proto', 'http')
  if (incoming.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked')
  return headers
}

function rawHeaders(answer: IncomingMessage): string[] {
  const headers: string[] = []
  for (let index = 0; index < answer.rawHeaders.length; index += 2) {
    const name = answer.rawHeaders[index] ?? ''
    if (!HOP_BY_HOP.has(name.toLowerCase())) headers.push(name, answer.rawHeaders[index + 1] ?? '')
  }
  return headers
}

function refuse(outgoing: ServerResponse, status: number, error: string, description: string): void {
  const headers: Record<string, string> = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  if (status === 503) headers['retry-after'] = '1'
  outgoing.writeHead(status, headers)
  outgoing.end(JSON.stringify({ error, error_description: description }))
}
