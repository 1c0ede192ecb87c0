import type { IncomingMessage } from 'node:http'
import { type BodyTaker, giveBody } from '@gatehouse/service'

/**
 * Reads a body of at most `limit` bytes and gives it to `done`, once; `undefined`: it is larger, and was not read to its end. Of a client that
 * goes before its body is whole nothing is heard.
 */
export function takeBody(request: IncomingMessage, limit: number, done: (body: Buffer | undefined) => void): void {
  const said = request.headers['content-length']
  if (said !== undefined && Number(said) > limit) {
    done(undefined)
    return
  }
  giveBody(request, new Taking(limit, done))
}

const NOTHING = Buffer.alloc(0)

/**
 * The request is there for as long as its answer, which may be a stream of hours: neither the body nor who took it stays with it. What comes in many pieces is
 * copied together as it comes: kept by itself, a piece of one byte takes hundreds.
 */
class Taking implements BodyTaker {
  readonly #limit: number
  #done: ((body: Buffer | undefined) => void) | undefined
  #body: Buffer = NOTHING
  #length = 0

  constructor(limit: number, done: (body: Buffer | undefined) => void) {
    this.#limit = limit
    this.#done = done
  }

  take(chunk: Buffer): boolean {
    const length = this.#length + chunk.length
    if (length > this.#limit) {
      this.#give(undefined)
      return false
    }
    if (this.#length === 0) this.#body = chunk
    else {
      if (length > this.#body.length) this.#grow(Math.min(this.#limit, 2 * length))
      chunk.copy(this.#body, this.#length)
    }
    this.#length = length
    return true
  }

  end(): void {
    this.#give(this.#body.length === this.#length ? this.#body : this.#body.subarray(0, this.#length))
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafe(size)
    this.#body.copy(larger, 0, 0, this.#length)
    this.#body = larger
  }

  #give(body: Buffer | undefined): void {
    const done = this.#done
    this.#done = undefined
    this.#body = NOTHING
    done?.(body)
  }
}
