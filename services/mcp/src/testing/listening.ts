import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Rig } from './rig.ts'
import { modernRequest } from './wire.ts'

/** One message of a stream. */
export interface Message {
  readonly method?: string
  readonly id?: string | number
  readonly params?: {
    readonly uri?: string
    readonly notifications?: unknown
    readonly _meta?: Record<string, unknown>
  }
  readonly result?: Record<string, unknown>
}

/** A `subscriptions/listen` stream read over a real socket. */
export interface Listening {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly messages: readonly Message[]
  /** Everything that came, comments too. */
  readonly raw: () => string
  /** The next message that fits, among those not yet taken. Rejects after the deadline or when the stream ends first. */
  next(fits: (message: Message) => boolean, withinMs?: number): Promise<Message>
  /** Resolves when the server has closed the stream. */
  readonly closed: Promise<void>
  /** Stops taking what the server sends; `resume` goes on. */
  readonly response: IncomingMessage
  leave(): void
}

/** Makes the server listen; gives its port. */
export async function listenOn(rig: Rig): Promise<number> {
  await rig.server.listen({ host: '127.0.0.1', port: 0 })
  return (rig.server.server.address() as AddressInfo).port
}

export async function openListen(
  port: number,
  token: string,
  notifications: Record<string, unknown>,
  id: string | number = 1,
): Promise<Listening> {
  return openListenWith(port, token, modernRequest('subscriptions/listen', { notifications }, id))
}

/** The same for a request of the caller's own. */
export async function openListenWith(
  port: number,
  token: string,
  { headers, body }: { readonly headers: Record<string, string>; readonly body: unknown },
): Promise<Listening> {
  const asking = send(port, token, headers, body)
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  return readStream(asking, response)
}

/** Sends a request whose answer is never read; the returned function hangs up. */
export function postAndLeave(port: number, token: string, headers: Record<string, string>, body: unknown): () => void {
  const asking = send(port, token, headers, body)
  asking.on('error', () => undefined)
  return () => asking.destroy()
}

function send(port: number, token: string, headers: Record<string, string>, body: unknown): ClientRequest {
  const asking = request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/mcp',
    headers: {
      ...headers,
      host: 'mcp.example',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
    },
  })
  asking.end(JSON.stringify(body))
  return asking
}

function readStream(asking: ClientRequest, response: IncomingMessage): Listening {
  const messages: Message[] = []
  let text = ''
  let rest = ''
  let taken = 0
  let ended = false
  let look: () => void = () => undefined
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
    const frames = (rest + chunk).split('\n\n')
    rest = frames.pop() ?? ''
    for (const frame of frames) {
      const data = frame.split('\n').find((line) => line.startsWith('data: '))
      if (data !== undefined) messages.push(JSON.parse(data.slice(6)))
    }
    look()
  })
  const closed = new Promise<void>((resolve) => {
    response.once('close', () => {
      ended = true
      look()
      resolve()
    })
  })
  response.on('error', () => undefined)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    messages,
    raw: () => text,
    closed,
    response,
    leave: () => asking.destroy(),
    next: (fits, withinMs = 1_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`nothing fitting within ${withinMs} ms: ${text}`)), withinMs)
        look = () => {
          while (taken < messages.length) {
            const message = messages[taken] as Message
            taken += 1
            if (!fits(message)) continue
            clearTimeout(timer)
            look = () => undefined
            resolve(message)
            return
          }
          if (!ended) return
          clearTimeout(timer)
          reject(new Error(`the stream ended: ${text}`))
        }
        look()
      }),
  }
}
