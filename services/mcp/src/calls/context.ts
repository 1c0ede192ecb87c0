import type { Call } from '@gatehouse/catalog'
import type { Caller } from './outcome.ts'

/** What a handler is given about its call. */
export function contextOf({ principal, traceparent }: Caller, signal: AbortSignal, now: Date): Call {
  return {
    principal,
    signal,
    now,
    ...(traceparent === undefined ? {} : { traceparent }),
    client: { capabilities: {} },
    progress: () => undefined,
    log: () => undefined,
    ask: () => Promise.reject(new Error('this client cannot be asked')),
  }
}
