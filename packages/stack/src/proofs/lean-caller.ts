import { connect, type Socket } from 'node:net'

/** A caller that waits no longer takes its connection for dead. */
const WITHIN_MS = 15_000
const END = '\r\n\r\n'

export interface LeanRequest {
  /** Base URL of whoever answers. */
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * One connection that sends the same request again and again, each with an id of its own, and knows an answer by that id. It does nothing
 * else, since a proof makes a million calls beside the parts that it is about.
 */
export class LeanCaller {
  readonly #address: URL
  readonly #head: string
  readonly #tail: string
  #socket: Socket | undefined
  #heard = ''
  #asked: { readonly id: string; readonly settle: (answered: boolean) => void } | undefined

  constructor({ url, path, headers, body }: LeanRequest) {
    this.#address = new URL(url)
    const lines = Object.entries({ host: this.#address.host, ...headers }).map(([name, value]) => `${name}: ${value}`)
    this.#head = [
      `POST ${path} HTTP/1.1`,
      ...lines,
      `content-length: ${Buffer.byteLength(body)}`,
      'x-request-id: ',
    ].join('\r\n')
    this.#tail = `${END}${body}`
  }

  /** Whether a whole answer of status 200 with a result came back for this id. Never rejects; one at a time. */
  ask(id: string): Promise<boolean> {
    if (this.#asked !== undefined) throw new Error('a connection asks one thing at a time')
    return new Promise((settle) => {
      this.#asked = { id, settle }
      this.#socket ??= this.#open()
      this.#socket.write(`${this.#head}${id}${this.#tail}`)
    })
  }

  close(): void {
    this.#socket?.destroy()
  }

  #open(): Socket {
    const socket = connect({ host: this.#address.hostname, port: Number(this.#address.port), noDelay: true })
    socket.setEncoding('latin1')
    socket.setTimeout(WITHIN_MS, () => socket.destroy())
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (this.#socket === socket) this.#lose()
    })
    socket.on('data', (text: string) => {
      this.#heard += text
      this.#read(socket)
    })
    return socket
  }

  #read(socket: Socket): void {
    const heard = this.#heard
    const end = heard.indexOf(END)
    if (end < 0 || this.#asked === undefined) return
    const head = heard.slice(0, end)
    const length = /\r\ncontent-length: (\d+)/i.exec(head)
    // Whoever answers in pieces is none of ours.
    if (length === null) return void socket.destroy()
    const whole = end + END.length + Number(length[1])
    if (heard.length < whole) return
    const { id, settle } = this.#asked
    const ours = `${head.toLowerCase()}\r\n`.includes(`\r\nx-request-id: ${id}\r\n`)
    const good = head.startsWith('HTTP/1.1 200 ') && ours && heard.slice(end, whole).includes('"result"')
    this.#asked = undefined
    this.#heard = heard.slice(whole)
    if (/\r\nconnection: close/i.test(head)) this.#leave(socket)
    settle(good)
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
    asked?.settle(false)
  }
}
