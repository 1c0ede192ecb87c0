import type { ClientFacts, LogLevel } from '@gatehouse/catalog'
import type { Principal, TenantPolicy } from '@gatehouse/policy'
import type { Logger } from '@gatehouse/telemetry'
import type { Refused } from '../errors.ts'
import type { Revision } from '../protocol/revisions.ts'
import type { Asker } from './asker.ts'
import type { Channel } from './channel.ts'
import type { Leaving } from './leaving.ts'

/** What a call has to tell the operator. */
export type CallerLog = Pick<Logger, 'error' | 'warn'> & {
  /** Told the span of the call, for what is written when that has ended. */
  traced?(traceparent: string): void
}

/** Who asks, in which revision, and until when. */
export interface Caller {
  readonly principal: Principal
  readonly tenant: TenantPolicy
  readonly revision: Revision
  /** The HTTP request's id, as logs and answers name it. */
  readonly httpId: string
  /** W3C trace context, if the client sent a well-formed one. */
  readonly traceparent?: string
  /** Fires when the client went away, or cancelled; only where that means cancellation. */
  readonly gone?: Leaving
  readonly log: CallerLog
  /** What the client declared, with this request or for its session. */
  readonly client: ClientFacts
  readonly channel: Channel
  readonly asker: Asker
  /** The client wants to be told of progress under this token. */
  readonly progressToken?: string | number
  /** The least severe log messages that the client wants; absent: none. */
  readonly logLevel?: LogLevel
  /** The session of a legacy client; absent where it has none. */
  readonly session?: SessionOfCall
}

/** What a request can change about its session. All throw KeyValueUnavailable. */
export interface SessionOfCall {
  setLevel(level: LogLevel): Promise<void>
  /** `false`: it has too many already. */
  subscribe(uri: string): Promise<boolean>
  unsubscribe(uri: string): Promise<void>
}

/** What a method came to. */
export type Outcome =
  /** JSON text of the result. */
  | { readonly kind: 'result'; readonly json: string | Buffer }
  | { readonly kind: 'refused'; readonly refused: Refused }
  /** An OAuth token lacks scopes: HTTP 403 with a challenge that names `whole`. */
  | { readonly kind: 'scope'; readonly missing: readonly string[]; readonly whole: readonly string[] }

export const refusedWith = (code: number, message: string, data?: unknown): Outcome => ({
  kind: 'refused',
  refused: { status: 200, code, message, ...(data === undefined ? {} : { data }) },
})
