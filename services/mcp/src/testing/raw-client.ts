import { connect, type Socket } from 'node:net'

/** A request as bytes: nothing checks or corrects what a test sends. */
export interface RawRequest {
  readonly method: string
  readonly path: string
  /** In order, repeats too. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: Buffer | undefined
}

/** One message of an answer: a member of JSON-RPC, whatever it holds. */
export type RawMessage = Readonly<Record<string, unknown>>

export interface RawAnswer {
  /** 0: the server closed without a word. */
  readonly status: number
  readonly type: string
  /** Raw head, for a person who reads a failure. */
  readonly head: string
  readonly text: string
  readonly messages: readonly RawMessage[]
  /** Whether the server ended it; otherwise the reader had enough. */
  readonly ended: boolean
}

export const bytesOf = ({ method, path, headers, body }: RawRequest): Buffer => {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const length = body === undefined ? '' : `Content-Length: ${body.length}\r\n`
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines}${length}\r\n`, 'utf8'),
    body ?? Buffer.alloc(0),
  ])
}

/**
 * Sends bytes over a connection of their own and reads the answer, until the server ends it, `enough` is true of its messages, or the time is
 * over. @throws Error when no whole answer came in time
 */
export async function sendRaw(
  port: number,
  bytes: Buffer,
  enough: (answer: RawAnswer) => boolean = () => false,
  withinMs = 10_000,
): Promise<RawAnswer> {
  const socket = connect({ host: '127.0.0.1', port })
  const parts: Buffer[] = []
  try {
    return await new Promise<RawAnswer>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no end within ${withinMs} ms: ${Buffer.concat(parts).toString().slice(0, 500)}`))
      }, withinMs)
      // The head of an answer to HEAD says how long a body would be that does not come.
      const bodyless = bytes.subarray(0, 5).toString() === 'HEAD '
      const settle = (ended: boolean): void => {
        const answer = readAnswer(Buffer.concat(parts), ended || (bodyless && parts.length > 0))
        if (answer === undefined || (!answer.ended && !enough(answer))) return
        clearTimeout(timer)
        resolve(answer)
      }
      socket.on('data', (chunk: Buffer) => {
        parts.push(chunk)
        settle(false)
      })
      socket.on('error', () => settle(true))
      socket.on('close', () => settle(true))
      socket.write(bytes)
    })
  } finally {
    socket.destroy()
  }
}

const NOTHING: RawAnswer = { status: 0, type: '', head: '', text: '', messages: [], ended: true }

function readAnswer(bytes: Buffer, closed: boolean): RawAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return closed ? NOTHING : undefined
  const head = bytes.subarray(0, end).toString('latin1')
  const rest = bytes.subarray(end + 4)
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0)
  const field = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim() ?? ''
  const chunked = field('transfer-encoding').toLowerCase() === 'chunked' ? unchunk(rest) : undefined
  const length = field('content-length')
  const ended = closed || status === 204 || (chunked?.ended ?? (length !== '' && rest.length >= Number(length)))
  const text = (chunked?.body ?? (length === '' ? rest : rest.subarray(0, Number(length)))).toString('utf8')
  const type = field('content-type')
  return { status, type, head, text, messages: messagesOf(type, text, ended), ended }
}

function unchunk(bytes: Buffer): { readonly body: Buffer; readonly ended: boolean } {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return { body: Buffer.concat(parts), ended: false }
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16)
    if (size === 0) return { body: Buffer.concat(parts), ended: true }
    if (bytes.length < line + 2 + size + 2) return { body: Buffer.concat(parts), ended: false }
    parts.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}

/** @throws SyntaxError for an answer that says it is JSON and is not */
function messagesOf(type: string, text: string, ended: boolean): readonly RawMessage[] {
  if (type.startsWith('text/event-stream')) {
    return text
      .split('\n\n')
      .slice(0, -1)
      .flatMap((frame) => {
        const data = frame.split('\n').find((line) => line.startsWith('data: {') || line.startsWith('data: ['))
        return data === undefined ? [] : [JSON.parse(data.slice(6))].flat()
      })
  }
  return ended && type.startsWith('application/json') && text !== '' ? [JSON.parse(text)].flat() : []
}

/** Bytes over one connection that stays open; `take` gives what came since. */
export function openRaw(port: number): { readonly socket: Socket; readonly closed: Promise<void> } {
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => undefined)
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve())) }
}
