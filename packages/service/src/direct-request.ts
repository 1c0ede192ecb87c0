import { IncomingMessage } from 'node:http'

/** Who takes a body as it comes. */
export interface BodyTaker {
  /** @returns whether the rest is wanted; else that is read and dropped, and `end` is not called */
  take(chunk: Buffer): boolean
  /** It is whole. Not called when the client goes before. */
  end(): void
}

/** Gives a body to whoever takes it, once. */
export function giveBody(request: IncomingMessage, taker: BodyTaker): void {
  if (request instanceof DirectRequest && request.giveTo(taker)) return
  request.on('data', (chunk: Buffer) => {
    if (taker.take(chunk)) return
    request.removeAllListeners('data').removeAllListeners('end').resume()
  })
  request.on('end', () => taker.end())
}

const NOBODY: BodyTaker = { take: () => true, end: () => undefined }

/**
 * A request whose body goes from Node's parser to its taker by one call for each piece. By way of a stream's buffer, its events and two turns of the
 * queue the body of a small request costs a tenth of the whole answer. Nobody asked yet: it is a stream like any other. One that was given whole on a
 * connection that goes on is never destroyed and emits no 'close': there is nothing left to destroy.
 */
export class DirectRequest extends IncomingMessage {
  #taker: BodyTaker | undefined
  #begun = false
  #given = false

  /** @returns `false` when some of it is in the stream's buffer already, where it has to be read from */
  giveTo(taker: BodyTaker): boolean {
    if (this.#begun) return false
    this.#taker = taker
    // Node reads to its end, in its own way, what nobody has asked for.
    this._read(0)
    return true
  }

  /** Whether it was given to its end: the connection lets go of a request that was read, and does not call it aborted. */
  get given(): boolean {
    return this.#given
  }

  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    const taker = this.#taker
    if (taker === undefined) {
      this.#begun = true
      return super.push(chunk, encoding)
    }
    if (chunk === null) {
      this.#taker = undefined
      this.#given = true
      taker.end()
      // Of a request that was answered before it was whole, the connection waits for this to let go of it.
      if (this.listenerCount('end') > 0) this.emit('end')
    } else if (!taker.take(chunk)) this.#taker = NOBODY
    return true
  }
}

const ended = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(IncomingMessage.prototype), 'readableEnded')
Object.defineProperty(DirectRequest.prototype, 'readableEnded', {
  configurable: true,
  get(this: DirectRequest): boolean {
    return this.given || ended?.get?.call(this)
  },
})
