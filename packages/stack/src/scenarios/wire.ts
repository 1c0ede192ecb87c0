import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'

/** One HTTP answer, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Whether the answer came before all of the request had been sent. */
  readonly early: boolean
  /** @throws SyntaxError when the body is not JSON */
  json(): Record<string, unknown>
}

export interface Sent {
  readonly method?: string
  /** As pairs, so that a header can stand there twice; an object otherwise. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array | URLSearchParams | undefined
  readonly withinMs?: number
}

/** Nothing may keep a caller waiting for longer, whatever is away. */
export const WITHIN_MS = 5_000

/**
 * Sends a request as it is given, on a connection of its own. A form gets its content type.
 * @param url the path goes out as it stands here
 * @throws when there is no answer in time, or the connection is lost before it
 */
export function ask(url: string, sent: Sent = {}): Promise<Answer> {
  const { origin, hostname, port } = new URL(url)
  const { method = sent.body === undefined ? 'GET' : 'POST', withinMs = WITHIN_MS } = sent
  const body = sent.body instanceof URLSearchParams ? sent.body.toString() : sent.body
  const pairs = Array.isArray(sent.headers) ? sent.headers : Object.entries(sent.headers ?? {})
  const names = new Set(pairs.map(([name]) => name.toLowerCase()))
  const headers = pairs.flat()
  if (!names.has('host')) headers.push('host', new URL(url).host)
  if (sent.body instanceof URLSearchParams && !names.has('content-type')) {
    headers.push('content-type', 'application/x-www-form-urlencoded')
  }
  if (method !== 'GET' && !names.has('transfer-encoding')) {
    headers.push('content-length', `${Buffer.byteLength(body ?? '')}`)
  }
  const options: RequestOptions = {
    hostname,
    port,
    method,
    path: url.slice(origin.length) || '/',
    headers,
    agent: false,
  }
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => outgoing.destroy(new Error(`${method} ${url}: no answer in ${withinMs} ms`)),
      withinMs,
    )
    let answered = false
    const outgoing = request(options, (incoming) => {
      answered = true
      const early = !outgoing.writableFinished
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        clearTimeout(late)
        const text = Buffer.concat(chunks).toString('utf8')
        const { statusCode: status = 0, headers } = incoming
        resolve({ status, headers, text, early, json: () => JSON.parse(text) as Record<string, unknown> })
      })
    })
    outgoing.on('error', (error) => {
      clearTimeout(late)
      // A body that nobody wants any more: the server has answered and closed its side.
      if (!answered) reject(error)
    })
    outgoing.end(body)
  })
}

export const MCP_VERSION = '2026-07-28'

/** Headers and body of a request of the stateless revision. */
export function rpc(token: string | undefined, method: string, params: Record<string, unknown> = {}): Sent {
  const name = params.name ?? params.uri
  return {
    method: 'POST',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': MCP_VERSION,
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method,
      params: {
        ...params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': MCP_VERSION,
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  }
}
