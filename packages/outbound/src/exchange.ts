import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import type { Fault } from './outbound.ts'

/** An answer with status 200 whose body was read to its end. */
export interface Answer {
  readonly headers: IncomingMessage['headers']
  readonly body: Uint8Array
}

export interface Limits {
  readonly maxBytes: number
  readonly maxHeaderBytes: number
}

/** Thrown inside this package; outside it is a value. */
export class FetchFault extends Error {
  readonly fault: Fault
  readonly status: number | undefined

  constructor(fault: Fault, options: { readonly cause?: unknown; readonly status?: number } = {}) {
    super(fault, { cause: options.cause })
    this.name = 'FetchFault'
    this.fault = fault
    this.status = options.status
  }
}

/** One GET over a connection that is up, which is closed afterwards. @throws FetchFault */
export async function exchange(socket: Socket, url: URL, limits: Limits, signal: AbortSignal): Promise<Answer> {
  try {
    const answer = await ask(socket, url, limits, signal)
    judgeHead(answer, limits)
    return { headers: answer.headers, body: await bodyOf(answer, limits) }
  } catch (error) {
    if (error instanceof FetchFault) throw error
    throw new FetchFault(signal.aborted ? 'timeout' : 'broken', { cause: error })
  } finally {
    socket.destroy()
  }
}

const ask = (socket: Socket, url: URL, limits: Limits, signal: AbortSignal) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    const asking = request({
      createConnection: () => socket,
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      setHost: false,
      headers: {
        host: url.host,
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': 'Gatehouse',
        connection: 'close',
      },
      maxHeaderSize: limits.maxHeaderBytes,
      insecureHTTPParser: false,
      signal,
    })
    asking.on('error', reject)
    asking.on('close', () => reject(new Error('the connection was closed')))
    asking.on('response', resolve)
    asking.on('upgrade', () => reject(new Error('the other side changed the protocol')))
    asking.end()
  })

const JSON_TYPE = /^application\/(?:json|[a-z0-9!#$&^_.-]+\+json)\s*(?:;\s*charset="?utf-8"?\s*)?$/i

function judgeHead({ statusCode: status = 0, headers }: IncomingMessage, { maxBytes }: Limits): void {
  if (status >= 300 && status < 400) throw new FetchFault('redirect', { status })
  if (status !== 200) throw new FetchFault('status', { status })
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding.toLowerCase() !== 'identity') throw new FetchFault('encoding')
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) throw new FetchFault('type')
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw new FetchFault('too-large')
}

async function bodyOf(answer: IncomingMessage, { maxBytes }: Limits): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of answer as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > maxBytes) throw new FetchFault('too-large')
    parts.push(part)
  }
  if (!answer.complete) throw new FetchFault('broken')
  return Buffer.concat(parts)
}
