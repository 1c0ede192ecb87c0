import type { Channel } from '../calls/channel.ts'
import type { Pieces } from '../errors.ts'
import { SSE_HEADERS } from '../streams/frames.ts'
import type { Exchange } from './exchange.ts'

/** What a reader may have untaken before notifications are left out: they are hints, and the answer still goes. */
const MAX_BEHIND_BYTES = 65_536

const frame = (json: string | Pieces): string => `event: message\ndata: ${json}\n\n`

/**
 * The answer of one request, which becomes a stream with its first notification (MCP 2026-07-28: no event ids, nothing to resume). Until then
 * nothing is written, so that a refusal can still have its status.
 */
export class AnswerChannel implements Channel {
  readonly #exchange: Exchange
  #begun = false
  #ended = false

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  get open(): boolean {
    return !this.#ended && !this.#exchange.response.destroyed
  }

  /** Whether the answer has become a stream: then only `end` may complete it. */
  get begun(): boolean {
    return this.#begun
  }

  notify(method: string, params: Readonly<Record<string, unknown>>): void {
    const { response: raw } = this.#exchange
    if (!this.open || raw.writableLength > MAX_BEHIND_BYTES) return
    const json = JSON.stringify({ jsonrpc: '2.0', method, params })
    if (!this.#begun) this.#begin()
    raw.write(frame(json))
  }

  /** Sends the answer as the last message. */
  end(body: string | Pieces): void {
    this.close()
    this.#exchange.response.end(frame(body))
  }

  /** The answer is there: nothing is sent any more that does not belong to it. */
  close(): void {
    this.#ended = true
  }

  #begin(): void {
    this.#begun = true
    const { raw, headers } = this.#exchange.stream()
    // A reader that disappears while something is written is no fault of ours.
    raw.on('error', () => undefined)
    raw.writeHead(200, { ...headers, ...SSE_HEADERS })
  }
}
