import { pino } from 'pino'

export type Logger = pino.Logger

/** Where a credential could stand in a logged object. Refusing to start without this list is the caller's duty. */
const REDACTED = [
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
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/** An authorization code, where a form or a query was logged; elsewhere `code` is an error's or a process's. */
const CODES = ['form.code', 'body.code', 'query.code', '*.form.code', '*.body.code', '*.query.code']

/** Structured logs on standard output, one JSON object a line; secrets are replaced by `***`. */
export function createLogger(
  service: string,
  options: { readonly level?: string; readonly destination?: pino.DestinationStream } = {},
): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: ['req.headers.authorization', 'req.headers.cookie', ...CODES, ...REDACTED], censor: '***' },
    },
    options.destination ?? pino.destination({ fd: 1, sync: false }),
  )
}

export const silentLogger: Logger = pino({ level: 'silent' })
