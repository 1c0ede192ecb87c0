import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from '@gatehouse/policy'
import type { Arrival } from '@gatehouse/service'
import type { Logger } from '@gatehouse/telemetry'
import type { Admitted, Knock } from '../edge/guard.ts'
import type { Answer } from './answer.ts'

/** The members of an answer's head that are there whatever it says. */
export type Head = Record<string, string>

/**
 * One HTTP request and its answer, which goes out in one piece or becomes a stream. It is what the guard reads, too: nothing of a request is
 * copied or parsed before somebody asks for it.
 */
export class Exchange implements Knock {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly headers: IncomingHttpHeaders
  /** The request's id, as logs and answers name it. */
  readonly id: string
  readonly #arrival: Arrival
  readonly #head: Head
  #admitted: Admitted | undefined
  authorization: string | undefined
  methods: ReadonlySet<string> | undefined
  proven: Principal | undefined
  /** The body's bytes; none where it was not read. */
  body: Buffer | undefined
  #answered = false

  constructor(arrival: Arrival) {
    const { request } = arrival
    this.#arrival = arrival
    this.request = request
    this.response = arrival.response
    this.headers = request.headers
    this.id = arrival.id
    this.#head = { 'x-request-id': arrival.id, 'x-content-type-options': 'nosniff' }
    this.authorization = request.headers.authorization
  }

  get log(): Logger {
    return this.#arrival.log
  }

  /** What its guard let in; set once. */
  get admitted(): Admitted | undefined {
    return this.#admitted
  }

  set admitted(admitted: Admitted) {
    this.#admitted = admitted
    this.#arrival.from(admitted.principal)
  }

  /** The span in which it is answered, for the line that says so. */
  traced(traceparent: string): void {
    this.#arrival.traceparent = traceparent
  }

  get method(): string {
    return this.request.method ?? ''
  }

  get address(): string {
    return this.#arrival.address
  }

  get host(): string | undefined {
    return this.#arrival.host
  }

  get origin(): string | undefined {
    return this.headers.origin
  }

  get rawHeaders(): readonly string[] {
    return this.request.rawHeaders
  }

  get tenantHeader(): string | undefined {
    const value = this.headers['x-tenant']
    return typeof value === 'string' ? value.trim() : undefined
  }

  get contentType(): string | undefined {
    return this.headers['content-type']
  }

  get contentEncoding(): string | undefined {
    return this.headers['content-encoding']
  }

  /** Without the query. */
  get path(): string {
    return this.request.url?.split('?', 1)[0] ?? ''
  }

  get query(): URLSearchParams {
    const { url = '' } = this.request
    const at = url.indexOf('?')
    return new URLSearchParams(at === -1 ? '' : url.slice(at + 1))
  }

  /** Whether an answer was sent or is being told: nobody else may write one. */
  get answered(): boolean {
    return this.#answered
  }

  /** Adds to the head of the answer, whichever it becomes; what is said again replaces what was said before. */
  add(headers: Readonly<Record<string, string>>): this {
    Object.assign(this.#head, headers)
    return this
  }

  /** The whole answer. Nothing is written to a client that has gone. @throws when there is an answer already */
  send({ status, headers, body }: Answer): void {
    const head = Object.assign(this.#take(), headers)
    const { response } = this
    if (response.destroyed) return
    if (typeof body === 'string') {
      const length = Buffer.byteLength(body)
      head['content-length'] = String(length)
      // Text of ASCII alone is the same bytes either way, and quicker copied than encoded.
      response.writeHead(status, head).end(body, length === body.length ? 'latin1' : 'utf8')
    } else if (body !== undefined) {
      head['content-length'] = String(body.byteLength)
      response.writeHead(status, head).write(body.head)
      response.write(body.bytes)
      response.end(body.tail)
    } else {
      if (status !== 204) head['content-length'] = '0'
      response.writeHead(status, head).end()
    }
  }

  /** The answer becomes a stream: whoever takes it writes its head, these headers among it, and its body. @throws when there is one already */
  stream(): { readonly raw: ServerResponse; readonly headers: Head } {
    return { raw: this.response, headers: this.#take() }
  }

  #take(): Head {
    if (this.#answered) throw new Error('a request is answered once')
    this.#answered = true
    return this.#head
  }
}
