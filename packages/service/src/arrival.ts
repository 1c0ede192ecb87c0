import type { IncomingMessage, ServerResponse } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import type { Logger } from '@gatehouse/telemetry'

/** Whether a peer's `X-Forwarded-*` is believed; by its address and how many hops it is away. */
export type TrustsPeer = (address: string, hop: number) => boolean

/** @throws TypeError for what is neither an address nor a range */
export const trustOf = (proxies: readonly string[] | undefined): TrustsPeer | undefined =>
  proxies === undefined ? undefined : proxyAddr.compile([...proxies])

/** Whose request it is, as far as that was found out. What lines of its log name; nothing of it is a secret. */
export interface Asking {
  readonly tenant: string
  readonly client?: string | undefined
}

/** A request as it came in, and the answer that is still to be written: nothing was read and nothing was said yet. */
export class Arrival {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly id: string
  readonly #log: Logger
  readonly #trusts: TrustsPeer | undefined
  #own: Logger | undefined
  #asking: Asking | undefined
  /** W3C `traceparent` of the span in which it is answered; absent where nothing is traced. */
  traceparent: string | undefined

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    id: string,
    about: { readonly log: Logger; readonly trusts: TrustsPeer | undefined },
  ) {
    this.request = request
    this.response = response
    this.id = id
    this.#log = about.log
    this.#trusts = about.trusts
  }

  /** Lines of this log name the request, and whose it is. Made when it is asked for first: most requests have nothing to say. */
  get log(): Logger {
    this.#own ??= this.#log.child({
      reqId: this.id,
      ...(this.#asking && { tenant: this.#asking.tenant, client: this.#asking.client }),
    })
    return this.#own
  }

  /** Whose request it is: said once it is known, and no more than kept until a line is written. */
  from(asking: Asking): void {
    this.#asking = asking
    this.#own = undefined
  }

  /** Absent: nothing was found out yet. */
  get asking(): Asking | undefined {
    return this.#asking
  }

  /** Of the peer, past known proxies. */
  get address(): string {
    return this.#trusts === undefined
      ? (this.request.socket.remoteAddress ?? '')
      : proxyAddr(this.request, this.#trusts)
  }

  /** What the client named as the host, past known proxies. */
  get host(): string | undefined {
    const { headers, socket } = this.request
    const forwarded = this.#trusts === undefined ? undefined : headers['x-forwarded-host']
    if (typeof forwarded === 'string' && this.#trusts?.(socket.remoteAddress ?? '', 0) === true) {
      return forwarded.slice(forwarded.lastIndexOf(',') + 1).trim()
    }
    return headers.host
  }
}

/** Answers a request from its first byte to its last. Never throws; what goes wrong is its own to tell. */
export type Serve = (arrival: Arrival) => void
