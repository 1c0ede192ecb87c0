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

/** The request is there for as long as its answer, which may be a stream of hours: neither the body nor who took it stays with it. */
class Taking implements BodyTaker {
  readonly #limit: number
  #done: ((body: Buffer | undefined) => void) | undefined
  #first: Buffer | undefined
  #more: Buffer[] | undefined
  #length = 0

  constructor(limit: number, done: (body: Buffer | undefined) => void) {
    this.#limit = limit
    this.#done = done
  }

  take(chunk: Buffer): boolean {
    this.#length += chunk.length
    if (this.#length > this.#limit) {
      this.#give(undefined)
      return false
    }
    if (this.#first === undefined) this.#first = chunk
    else {
      this.#more ??= [this.#first]
      this.#more.push(chunk)
    }
    return true
  }

  end(): void {
    this.#give(this.#more === undefined ? (this.#first ?? NOTHING) : Buffer.concat(this.#more, this.#length))
  }

  #give(body: Buffer | undefined): void {
    const done = this.#done
    this.#done = this.#first = this.#more = undefined
    done?.(body)
  }
}
