import { connect, type Socket } from 'node:net'

/** A caller that waits no longer takes its connection for dead. */
const WITHIN_MS = 15_000
const END = '\r\n\r\n'

/** What is sent, but for its id. */
export interface LeanRequest {
  /** Lines of the head up to where the id of the request goes. */
  readonly head: string
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly body: string
}

/** Why nothing came: nobody took the connection, it ended, nothing was said for long, or what came was no answer to this. */
export type Silence = 'no-connection' | 'broken' | 'silent' | 'not-ours'

export function leanRequest(
  host: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): LeanRequest {
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`)
  const length = `content-length: ${Buffer.byteLength(body)}`
  return { head: [`POST ${path} HTTP/1.1`, ...lines, length, 'x-request-id: '].join('\r\n'), body }
}

/**
 * One connection that sends requests, each with an id of its own, and knows an answer by that id. It does nothing else, since a proof makes
 * a million calls beside the parts that it is about.
 */
export class LeanCaller {
  readonly #address: URL
  #socket: Socket | undefined
  #why: Silence = 'no-connection'
  #heard = ''
  #asked: { readonly id: string; readonly settle: (heard: Answer | Silence) => void } | undefined

  /** @param url base URL of whoever answers */
  constructor(url: string) {
    this.#address = new URL(url)
  }

  /** The whole answer to this id, or why there is none. Never rejects; one at a time. */
  ask(id: string, { head, body }: LeanRequest): Promise<Answer | Silence> {
    if (this.#asked !== undefined) throw new Error('a connection asks one thing at a time')
    return new Promise((settle) => {
      this.#asked = { id, settle }
      this.#socket ??= this.#open()
      this.#socket.write(`${head}${id}${END}${body}`)
    })
  }

  close(): void {
    this.#socket?.destroy()
  }

  #open(): Socket {
    const socket = connect({ host: this.#address.hostname, port: Number(this.#address.port), noDelay: true })
    this.#why = 'no-connection'
    const end = (why: Silence): void => {
      this.#why = why
      socket.destroy()
    }
    socket.setEncoding('latin1')
    socket.on('connect', () => {
      this.#why = 'broken'
    })
    socket.setTimeout(WITHIN_MS, () => end('silent'))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (this.#socket === socket) this.#lose()
    })
    socket.on('data', (text: string) => {
      this.#heard += text
      this.#read(socket, end)
    })
    return socket
  }

  #read(socket: Socket, fail: (why: Silence) => void): void {
    const heard = this.#heard
    const end = heard.indexOf(END)
    if (end < 0 || this.#asked === undefined) return
    const head = heard.slice(0, end)
    const length = /\r\ncontent-length: (\d+)/i.exec(head)
    // Whoever answers in pieces is none of ours.
    if (length === null) {
      fail('not-ours')
      return
    }
    const whole = end + END.length + Number(length[1])
    if (heard.length < whole) return
    const { id, settle } = this.#asked
    const ours = `${head.toLowerCase()}\r\n`.includes(`\r\nx-request-id: ${id}\r\n`)
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
    this.#asked = undefined
    this.#heard = heard.slice(whole)
    if (/\r\nconnection: close/i.test(head)) this.#leave(socket)
    settle(ours ? { status, body: heard.slice(end + END.length, whole) } : 'not-ours')
  }

  #leave(socket: Socket): void {
    this.#socket = undefined
    this.#heard = ''
    socket.destroy()
  }

  /** What was asked is not known to have been done. */
  #lose(): void {
    const asked = this.#asked
    this.#socket = undefined
    this.#heard = ''
    this.#asked = undefined
    asked?.settle(this.#why)
  }
}
