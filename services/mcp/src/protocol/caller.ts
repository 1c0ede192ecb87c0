import { NO_ASKER } from '../calls/asker.ts'
import { NO_CHANNEL } from '../calls/channel.ts'
import type { Caller } from '../calls/outcome.ts'
import type { Admitted } from '../edge/guard.ts'
import type { RpcRequest } from './classify.ts'
import { wishesOf } from './wishes.ts'

// W3C Trace Context, version 00 and later with the same fields.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** Who asks, by a request that has nothing but its answer. */
export function plainCaller(
  message: Pick<RpcRequest, 'params' | 'revision'>,
  { principal, tenant }: Admitted,
  { httpId, log }: Pick<Caller, 'httpId' | 'log'>,
): Caller {
  const { _meta: meta } = message.params
  const traceparent = (meta as { traceparent?: unknown } | undefined)?.traceparent
  const caller = Object.assign(wishesOf(message), {
    principal,
    tenant,
    revision: message.revision,
    httpId,
    log,
    channel: NO_CHANNEL,
    asker: NO_ASKER,
  })
  return typeof traceparent === 'string' && TRACEPARENT.test(traceparent)
    ? Object.assign(caller, { traceparent })
    : caller
}
