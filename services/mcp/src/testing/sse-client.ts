import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'

/** One event of an SSE answer. */
export interface SseEvent {
  readonly id?: string
  readonly event?: string
  readonly retry?: string
  readonly data?: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever came over the wire; tests look into it
  readonly json?: any
}

/** An HTTP answer over a real socket; its events are there as they come. */
export interface Hearing {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly events: readonly SseEvent[]
  /** The next event that fits, among those not yet taken. Rejects after the deadline or when the answer ends first. */
  next(fits: (event: SseEvent) => boolean, withinMs?: number): Promise<SseEvent>
  /** The whole body, once the server has ended it. */
  readonly body: Promise<string>
  leave(): void
}

export async function hear(
  url: string,
  options: { readonly method?: string; readonly headers: Record<string, string | undefined>; readonly body?: unknown },
): Promise<Hearing> {
  const headers = Object.fromEntries(
    Object.entries(options.headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  const asking = request(url, { method: options.method ?? 'GET', headers, agent: false })
  asking.end(options.body === undefined ? undefined : JSON.stringify(options.body))
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  asking.on('error', () => undefined)
  return read(response, () => asking.destroy())
}

function read(response: IncomingMessage, leave: () => void): Hearing {
  const events: SseEvent[] = []
  let text = ''
  let rest = ''
  let taken = 0
  let ended = false
  let look: () => void = () => undefined
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) events.push(eventOf(block))
    look()
  })
  response.on('error', () => undefined)
  const body = new Promise<string>((resolve) => {
    response.once('close', () => {
      ended = true
      look()
      resolve(text)
    })
  })
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    body,
    leave,
    next: (fits, withinMs = 3_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`nothing fitting within ${withinMs} ms: ${text}`)), withinMs)
        look = () => {
          while (taken < events.length) {
            const event = events[taken] as SseEvent
            taken += 1
            if (!fits(event)) continue
            clearTimeout(timer)
            look = () => undefined
            resolve(event)
            return
          }
          if (!ended) return
          clearTimeout(timer)
          reject(new Error(`the answer ended: ${text}`))
        }
        look()
      }),
  }
}

function eventOf(block: string): SseEvent {
  const fields = Object.fromEntries(
    block
      .split('\n')
      .filter((line) => !line.startsWith(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
  return fields.data === undefined || fields.data === '' || fields.event !== 'message'
    ? fields
    : { ...fields, json: JSON.parse(fields.data) }
}
