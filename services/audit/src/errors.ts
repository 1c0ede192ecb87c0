import { DatabaseUnavailable } from '@gatehouse/database'

interface Problem {
  readonly status: number
  readonly error: string
  readonly description: string
  readonly headers?: Readonly<Record<string, string>>
}

const BEARER = 'Bearer realm="gatehouse-admin"'

/** Reason inside, code outside. */
export const PROBLEMS = {
  'credential.missing': {
    status: 401,
    error: 'invalid_token',
    description: 'Send the admin token as "Authorization: Bearer <token>".',
    // RFC 6750 section 3.1: a request without credentials is told no error code.
    headers: { 'www-authenticate': BEARER },
  },
  'credential.wrong': {
    status: 401,
    error: 'invalid_token',
    description: 'The admin token is not the one of this installation.',
    headers: { 'www-authenticate': `${BEARER}, error="invalid_token", error_description="The admin token is wrong"` },
  },
  'query.invalid': { status: 400, error: 'invalid_request', description: 'The query is not usable.' },
  'cursor.invalid': {
    status: 400,
    error: 'invalid_request',
    description: 'cursor: take it as it stands in nextCursor of the answer before.',
  },
  'database.away': {
    status: 503,
    error: 'temporarily_unavailable',
    description: 'The audit log cannot be read at the moment. Try again.',
    headers: { 'retry-after': '2' },
  },
} as const satisfies Record<string, Problem>

export type Reason = keyof typeof PROBLEMS

/** A request that is not answered with what it asked for. `detail` says what to mend, in words for the caller. */
export class Refusal extends Error {
  readonly reason: Reason
  readonly detail: string | undefined

  constructor(reason: Reason, detail?: string) {
    super(reason)
    this.name = 'Refusal'
    this.reason = reason
    this.detail = detail
  }
}

/** What leaves the process for an error, or `undefined` for one that is not ours to explain. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof DatabaseUnavailable) return PROBLEMS['database.away']
  if (!(error instanceof Refusal)) return undefined
  const problem: Problem = PROBLEMS[error.reason]
  return error.detail === undefined ? problem : { ...problem, description: error.detail }
}
