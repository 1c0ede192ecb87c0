import type { IncomingMessage } from 'node:http'

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
  let first: Buffer | undefined
  let more: Buffer[] | undefined
  let length = 0
  // The request is there for as long as its answer, which may be a stream of hours: neither the body nor who took it stays with it.
  let taker: typeof done | undefined = done
  const give = (body: Buffer | undefined): void => {
    const take = taker
    first = more = taker = undefined
    take?.(body)
  }
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > limit) {
      request.removeAllListeners('data').removeAllListeners('end').resume()
      give(undefined)
    } else if (first === undefined) first = chunk
    else {
      more ??= [first]
      more.push(chunk)
    }
  })
  request.on('end', () => give(more === undefined ? (first ?? NOTHING) : Buffer.concat(more, length)))
}

const NOTHING = Buffer.alloc(0)
