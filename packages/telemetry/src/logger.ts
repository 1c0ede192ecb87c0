import { pino, stdSerializers } from 'pino'
import { currentSpan, traceFields } from './tracing.ts'

export type Logger = pino.Logger

/** Members that hold a credential wherever they stand. Logging arguments at all is a mistake; here it shows none of their values. */
const SECRETS = new Set([
  'authorization',
  'cookie',
  'password',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'code_verifier',
  'client_secret',
  'client_assertion',
  'api_key',
  'arguments',
])
/** Members of what a client sent; elsewhere `code` is an error's or a process's. */
const SENT = new Set(['form', 'body', 'query'])
const CENSORED = '***'
/** What lies deeper than anybody reads is not shown: it could hold anything, and itself. */
const DEPTH = 8
const TOO_DEEP = '…'

/** The same object with its credentials replaced; copied only along the way to one. Classes such as errors are left to their serializers. */
function censored<T extends object>(object: T, sent: boolean, depth: number): T {
  let copy: Record<string, unknown> | undefined
  for (const name of Object.keys(object)) {
    const value = (object as Record<string, unknown>)[name]
    const kept = SECRETS.has(name) || (sent && name === 'code') ? CENSORED : inside(name, value, depth)
    if (kept === value) continue
    copy ??= { ...object } as Record<string, unknown>
    copy[name] = kept
  }
  return (copy ?? object) as T
}

function inside(name: string, value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return TOO_DEEP
  if (Array.isArray(value)) {
    const items = value.map((item) => inside(name, item, depth - 1))
    return items.some((item, at) => item !== value[at]) ? items : value
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? censored(value, SENT.has(name), depth - 1) : value
}

/** What a child logger is bound to does not pass the formatter. */
const IN_BINDINGS = Object.fromEntries([...SECRETS].map((name) => [name, () => CENSORED]))

const shown = <T extends object>(object: T): T => censored(object, false, DEPTH)

/** Lines are written together: a write for each costs a tenth of a request. What is fatal, and an end in order, writes all at once. */
const BUFFER_BYTES = 8_192
const FLUSH_MS = 100

/** Asked for each line that is written, which is laid over what it gives: a new object each time. */
const traceOf = (): object => traceFields(currentSpan()?.traceparent)

/** Structured logs on standard output, one JSON object a line, with the trace where there is one; secrets are replaced by `***`. */
export function createLogger(
  service: string,
  options: { readonly level?: string; readonly destination?: pino.DestinationStream } = {},
): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: traceOf,
      formatters: { log: shown },
      serializers: { ...IN_BINDINGS, err: (error) => shown(stdSerializers.err(error)) },
    },
    options.destination ?? pino.destination({ fd: 1, sync: false, minLength: BUFFER_BYTES, periodicFlush: FLUSH_MS }),
  )
}

export const silentLogger: Logger = pino({ level: 'silent' })
