import { NO_ASKER } from '../calls/asker.ts'
import { NO_CHANNEL } from '../calls/channel.ts'
import type { Caller, CallerLog } from '../calls/outcome.ts'
import type { Admitted } from '../edge/guard.ts'
import type { RpcRequest } from './classify.ts'
import type { Exchange } from './exchange.ts'
import { addWishes, clientOf } from './wishes.ts'

// W3C Trace Context, version 00 and later with the same fields.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

type From = Pick<Exchange, 'log'> & Partial<Pick<Exchange, 'traced'>>

/**
 * The log of the request that a call came with, which most calls never write to. An object of its own, since a getter in the caller's literal
 * would give every caller a shape of its own.
 */
class CallLog implements CallerLog {
  readonly #from: From

  constructor(from: From) {
    this.#from = from
  }

  get error(): CallerLog['error'] {
    const { log } = this.#from
    return log.error.bind(log)
  }

  get warn(): CallerLog['warn'] {
    const { log } = this.#from
    return log.warn.bind(log)
  }

  traced(traceparent: string): void {
    this.#from.traced?.(traceparent)
  }
}

/** Who asks, by a request that has nothing but its answer. */
export function plainCaller(
  message: Pick<RpcRequest, 'params' | 'revision'>,
  { principal, tenant }: Admitted,
  from: From & Pick<Exchange, 'id'> & { readonly headers?: Exchange['headers'] },
): { -readonly [K in keyof Caller]: Caller[K] } {
  const { _meta: meta } = message.params
  // Of the message; several may share a request, whose own is in its header.
  const traceparent = (meta as { traceparent?: unknown } | undefined)?.traceparent ?? from.headers?.traceparent
  const caller: { -readonly [K in keyof Caller]: Caller[K] } = {
    principal,
    tenant,
    revision: message.revision,
    httpId: from.id,
    log: new CallLog(from),
    channel: NO_CHANNEL,
    asker: NO_ASKER,
    client: clientOf(message),
  }
  addWishes(caller, message)
  if (typeof traceparent === 'string' && TRACEPARENT.test(traceparent)) caller.traceparent = traceparent
  return caller
}
