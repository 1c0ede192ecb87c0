import type { FastifyReply } from 'fastify'
import type { Channel } from '../calls/channel.ts'
import { SSE_HEADERS } from '../streams/frames.ts'

/** What a reader may have untaken before notifications are left out: they are hints, and the answer still goes. */
const MAX_BEHIND_BYTES = 65_536

const frame = (json: string | Buffer): string => `event: message\ndata: ${json}\n\n`

/**
 * The answer of one request, which becomes a stream with its first notification (MCP 2026-07-28: no event ids, nothing to resume). Until then
 * nothing is written, so that a refusal can still have its status.
 */
export class AnswerChannel implements Channel {
  readonly #reply: FastifyReply
  #begun = false
  #ended = false

  constructor(reply: FastifyReply) {
    this.#reply = reply
  }

  get open(): boolean {
    return !this.#ended && !this.#reply.raw.destroyed
  }

  /** Whether the answer has become a stream: then only `end` may complete it. */
  get begun(): boolean {
    return this.#begun
  }

  notify(method: string, params: Readonly<Record<string, unknown>>): void {
    const { raw } = this.#reply
    if (!this.open || raw.writableLength > MAX_BEHIND_BYTES) return
    const json = JSON.stringify({ jsonrpc: '2.0', method, params })
    if (!this.#begun) this.#begin()
    raw.write(frame(json))
  }

  /** Sends the answer as the last message. */
  end(body: string | Buffer): void {
    this.close()
    this.#reply.raw.end(frame(body))
  }

  /** The answer is there: nothing is sent any more that does not belong to it. */
  close(): void {
    this.#ended = true
  }

  #begin(): void {
    this.#begun = true
    const headers = this.#reply.getHeaders() as Record<string, string | number | string[]>
    this.#reply.hijack()
    const { raw } = this.#reply
    // A reader that disappears while something is written is no fault of ours.
    raw.on('error', () => undefined)
    raw.writeHead(200, { ...headers, ...SSE_HEADERS })
  }
}
