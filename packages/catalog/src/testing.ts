import type { Principal } from '@gatehouse/policy'
import type { Call } from './define.ts'

/** A call as a handler sees it whose client can do nothing: no progress, no log, no answers. `over` replaces members. */
export function bareCall(principal: Principal, over: Partial<Call> = {}): Call {
  return {
    principal,
    signal: new AbortController().signal,
    now: new Date(0),
    client: { capabilities: {} },
    progress: () => undefined,
    log: () => undefined,
    ask: () => Promise.reject(new Error('this client cannot be asked')),
    ...over,
  }
}
