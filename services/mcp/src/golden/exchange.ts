import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'

/** What a client sends. Headers that every request has are added where it is sent. */
export interface Sent {
  readonly method: 'POST' | 'GET' | 'DELETE'
  readonly path?: string
  /** Of another node. */
  readonly port?: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON, or text as it is. */
  readonly body?: unknown
}

export interface Heard {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The last message of the answer, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever came over the wire; the script looks into it
  readonly message: any
}

/** Sends one request and reads its answer to the end, or until `enough`. `heard` sees each piece as it comes. */
export async function exchange(
  port: number,
  { method, path = '/mcp', headers, body }: Sent,
  { opened = () => undefined, heard = () => undefined, enough = () => false }: Listening = {},
): Promise<Heard> {
  const asking = request({ host: '127.0.0.1', port, method, path, headers, agent: false })
  asking.on('error', () => undefined)
  asking.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  answer.setEncoding('utf8')
  await opened()
  let text = ''
  for await (const piece of answer) {
    text += piece
    await heard(text)
    if (enough(text)) break
  }
  return { status: answer.statusCode ?? 0, headers: shownOf(answer.rawHeaders), text, message: lastMessage(text) }
}

export interface Listening {
  /** Its head is there. */
  readonly opened?: () => unknown
  readonly heard?: (text: string) => unknown
  readonly enough?: (text: string) => boolean
}

/** What belongs to the connection, or changes from one request to the next without saying anything. */
const LEFT_OUT = /^(date|connection|keep-alive|content-length|transfer-encoding|x-request-id|(x-)?ratelimit.*)$/

function shownOf(raw: readonly string[]): Record<string, string> {
  const pairs = raw.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), raw[at + 1] ?? '']] : []))
  return Object.fromEntries(pairs.filter(([name = '']) => !LEFT_OUT.test(name)).sort())
}

function lastMessage(text: string): unknown {
  const data = text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .at(-1)
    ?.slice('data: '.length)
  try {
    return JSON.parse(data ?? text)
  } catch {
    return undefined
  }
}
