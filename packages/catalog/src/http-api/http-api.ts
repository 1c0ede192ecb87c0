import { setTimeout as pauseFor } from 'node:timers/promises'
import { type Clock, systemClock } from '@gatehouse/contracts'
import { limitedTo } from '@gatehouse/outbound'
import type { z } from 'zod'
import { type Call, ToolFailure, type WithSignal } from '../define.ts'
import { createCircuit, type Health } from './circuit.ts'
import { type Ended, healthOf, judgeAttempt, mayHaveActed, waitBefore } from './judge-attempt.ts'
import { principalHeaders } from './principal-headers.ts'
import { readAnswer } from './read-answer.ts'
import { CredentialUnavailable, type ServiceCredential } from './service-credential.ts'

export interface HttpApiOptions {
  /** Requests go below it: `https://api.example.com/v1`. Plain HTTP is for loopback addresses, unless `plainHttp` says that the network encrypts. */
  readonly baseUrl: string
  readonly plainHttp?: boolean
  readonly credential: ServiceCredential
  /** Of one attempt, in milliseconds; default 5,000. The call's own deadline ends them all. */
  readonly timeoutMs?: number
  /** At most; default 3. Only what may be repeated is. */
  readonly attempts?: number
  /** The API answers a repeated `Idempotency-Key` with its first answer: then a POST that has one may be repeated too. Default: no. */
  readonly honoursIdempotencyKeys?: boolean
  /** Failures in a row after which it is left alone (default 5), and for how many milliseconds (default 10,000). */
  readonly circuit?: { readonly failures: number; readonly restMs: number }
  /** Bytes of the longest answer that is read; default 1 MiB. */
  readonly maxBytes?: number
  readonly clock?: Clock
  readonly fetch?: typeof globalThis.fetch
  readonly random?: () => number
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

export interface ApiRequest<S extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Segments, so that a value which a caller sent stays one: `['tickets', id]`. */
  readonly path: readonly string[]
  readonly query?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** A confirmed tool's is what `claimFirst` gave. */
  readonly idempotencyKey?: string
  /** What a good answer says; `z.undefined()` where it has no body. */
  readonly answer: S
}

/** A refusal (4xx) is the caller's to put into words: `404` may be a failure of the tool, or an answer. */
export type ApiAnswer<T> =
  | { readonly ok: true; readonly status: number; readonly body: T }
  | { readonly ok: false; readonly status: number; readonly body: unknown }

/** What handlers need to say for whom they ask. */
export interface Asker extends WithSignal, Pick<Call, 'principal' | 'traceparent'> {}

export interface HttpApi {
  /**
   * One request, with our credential and the principal in headers; repeated where that does no harm.
   * @throws ToolFailure `product.unavailable` (nothing was done) or `product.unknown` (it may have been done); the signal's reason when the
   * call is over; Error for faults of ours: a credential that is refused, an answer that is none
   */
  request<S extends z.ZodType>(call: Asker, request: ApiRequest<S>): Promise<ApiAnswer<z.output<S>>>
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/
/** Half of a character, which no URL can hold. */
const LONE = /[\ud800-\udfff]/u
const REPEATABLE = new Set(['GET', 'PUT', 'DELETE'])
/** Before anything is sent: nobody there, no such name, no way (Node's codes of a connection that never was). */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

const FAILURES = {
  unavailable: 'The product does not answer at the moment, and nothing was changed. Try again in a minute.',
  unknown:
    'The product did not answer as it should, and it is not known whether it did what was asked. Look before you try again.',
} as const

const failure = (end: keyof typeof FAILURES): ToolFailure => new ToolFailure(`product.${end}`, FAILURES[end])

/** The company's own HTTP API, as the tools of a catalog ask it. @throws TypeError for a base URL that would carry the credential in the clear */
export function createHttpApi(options: HttpApiOptions): HttpApi {
  const { credential, timeoutMs = 5_000, attempts = 3, honoursIdempotencyKeys = false, maxBytes = 1 << 20 } = options
  const { clock = systemClock, fetch = globalThis.fetch, random = Math.random } = options
  const { pause = (ms, signal) => pauseFor(ms, undefined, { signal }) } = options
  const base = baseOf(options)
  const circuit = createCircuit({ clock, ...(options.circuit ?? { failures: 5, restMs: 10_000 }) })

  async function attempt(call: Asker, url: URL, init: RequestInit): Promise<Sent> {
    const told = circuit.enter()
    if (told === undefined) return { ended: { kind: 'resting' } }
    let health: Health = 'unsaid'
    try {
      const sent = await limitedTo(timeoutMs, call.signal, (signal) =>
        send(() => fetch(url, { ...init, signal }), maxBytes),
      )
      // A caller who went away says nothing about the API.
      call.signal.throwIfAborted()
      health = healthOf(sent.ended)
      return sent
    } finally {
      told(health)
    }
  }

  return {
    async request(call, { method, path, query = {}, body, idempotencyKey, answer }) {
      const url = urlOf(base, path, query)
      const safe = method === 'GET'
      const repeatable = REPEATABLE.has(method) || (honoursIdempotencyKeys && idempotencyKey !== undefined)
      let [doubt, renewed] = [false, false]
      for (let made = 1; ; made += 1) {
        const token = await tokenOf(credential, doubt)
        const headers = { ...principalHeaders(call.principal), ...plain(call, token, body, idempotencyKey) }
        const init = {
          method,
          headers,
          redirect: 'manual' as const,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }
        const { ended, body: said } = await attempt(call, url, init)
        const next = judgeAttempt(ended, { safe, repeatable, left: attempts - made, doubt, renewed })
        if (next === 'take' && ended.kind === 'answered') return taken(ended.status, said, answer, safe)
        if (next === 'unavailable' || next === 'unknown') throw failure(next)
        if (next === 'ours') throw new Error(`${url.origin} answers ${method} with ${statusOf(ended)}`)
        doubt ||= mayHaveActed(ended)
        if (next === 'renew') {
          credential.forget(token)
          renewed = true
          made -= 1
        } else await pause(waitBefore(made, ended, random), call.signal)
      }
    },
  }
}

interface Sent {
  readonly ended: Ended
  readonly body?: unknown
}

/** One request, its answer read whole. Never throws. */
async function send(ask: () => Promise<Response>, maxBytes: number): Promise<Sent> {
  let response: Response
  try {
    response = await ask()
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string }
    return { ended: { kind: code !== undefined && NEVER_SENT.has(code) ? 'unsent' : 'lost' } }
  }
  try {
    const body = await readAnswer(response, maxBytes)
    const seconds = /^\d{1,6}$/.exec(response.headers.get('retry-after') ?? '')?.[0]
    const later = seconds === undefined ? {} : { retryAfterMs: Number(seconds) * 1_000 }
    return { ended: { kind: 'answered', status: response.status, ...later }, body }
  } catch {
    return { ended: { kind: 'lost' } }
  }
}

function taken<S extends z.ZodType>(status: number, body: unknown, answer: S, safe: boolean): ApiAnswer<z.output<S>> {
  if (status >= 400) return { ok: false, status, body }
  const parsed = answer.safeParse(body)
  if (parsed.success) return { ok: true, status, body: parsed.data }
  if (!safe) throw failure('unknown')
  const where = parsed.error.issues.map(({ path }) => path.map(String).join('.') || 'the whole')
  throw new TypeError(`the answer of the API is not what was agreed; wrong: ${where.slice(0, 5).join(', ')}`)
}

async function tokenOf(credential: ServiceCredential, doubt: boolean): Promise<string> {
  try {
    return await credential.token()
  } catch (error) {
    throw error instanceof CredentialUnavailable ? failure(doubt ? 'unknown' : 'unavailable') : error
  }
}

const plain = (call: Asker, token: string, body: unknown, key: string | undefined): Record<string, string> => ({
  authorization: `Bearer ${token}`,
  accept: 'application/json',
  // What is sent compressed could be longer than it looks.
  'accept-encoding': 'identity',
  ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  ...(key === undefined ? {} : { 'idempotency-key': key }),
  ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
})

const statusOf = (ended: Ended): string => (ended.kind === 'answered' ? String(ended.status) : ended.kind)

function baseOf({ baseUrl, plainHttp = false }: HttpApiOptions): URL {
  const url = new URL(baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`)
  const encrypted =
    url.protocol === 'https:' || (url.protocol === 'http:' && (plainHttp || LOOPBACK.test(url.hostname)))
  if (!encrypted) throw new TypeError(`${url.origin} would carry a credential in the clear; see plainHttp`)
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    throw new TypeError('a base URL is an origin and a path')
  return url
}

/** @throws ToolFailure for a segment that would lead elsewhere: it can only come from who called */
function urlOf(base: URL, path: readonly string[], query: Readonly<Record<string, string>>): URL {
  for (const segment of path) {
    if (segment !== '' && segment !== '.' && segment !== '..' && !LONE.test(segment)) continue
    throw new ToolFailure('product.name', 'Such a thing cannot exist: an id is neither empty nor made of dots.')
  }
  const url = new URL(path.map(encodeURIComponent).join('/'), base)
  url.search = new URLSearchParams(query).toString()
  return url
}
