import { BusUnavailable } from '@gatehouse/bus'
import { DatabaseUnavailable } from '@gatehouse/database'
import { ADMIN_SCOPE } from '@gatehouse/policy'

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
    description: 'Send the admin token, or a token for this resource, as "Authorization: Bearer <token>".',
    // RFC 6750 section 3.1: a request without credentials is told no error code.
    headers: { 'www-authenticate': BEARER },
  },
  'credential.wrong': {
    status: 401,
    error: 'invalid_token',
    description: 'The token is not the admin token of this installation, nor a good access token for this.',
    headers: { 'www-authenticate': `${BEARER}, error="invalid_token", error_description="The token is not good here"` },
  },
  'token.unverifiable': {
    status: 503,
    error: 'temporarily_unavailable',
    description: 'Tokens cannot be checked at the moment. Try again.',
    headers: { 'retry-after': '2' },
  },
  'operator.not-allowed': {
    status: 403,
    error: 'insufficient_scope',
    description: 'The access token is not one of a program that may administer.',
    headers: { 'www-authenticate': `${BEARER}, error="insufficient_scope", scope="${ADMIN_SCOPE}"` },
  },
  'ring.unknown': { status: 404, error: 'not_found', description: 'There is no such keyring here.' },
  'ring.kept': {
    status: 409,
    error: 'conflict',
    description: 'What the keys of this ring signed has to be verifiable for ever: none of them can be retired.',
  },
  'ring.left-empty': {
    status: 400,
    error: 'invalid_request',
    description: 'retireOthers goes with now: without it no key would be in use.',
  },
  'scope.missing': {
    status: 403,
    error: 'insufficient_scope',
    description: 'The token lacks the scope audit:read.',
    headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="audit:read"' },
  },
  'permission.missing': {
    status: 403,
    error: 'access_denied',
    description:
      'The role of this person does not permit audit:read. An owner of the organisation can change the role.',
  },
  'class.unknown': { status: 404, error: 'not_found', description: 'There is no such retention class.' },
  'tails.many': {
    status: 429,
    error: 'temporarily_unavailable',
    description: 'Too many live tails are open at this process, or by this person.',
    headers: { 'retry-after': '10' },
  },
  'query.invalid': { status: 400, error: 'invalid_request', description: 'The query is not usable.' },
  'cursor.invalid': {
    status: 400,
    error: 'invalid_request',
    description: 'cursor: take it as it stands in nextCursor of the answer before.',
  },
  'bus.away': {
    status: 503,
    error: 'temporarily_unavailable',
    description: 'The published heads cannot be read at the moment. Try again.',
    headers: { 'retry-after': '2' },
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
  if (error instanceof BusUnavailable) return PROBLEMS['bus.away']
  if (!(error instanceof Refusal)) return undefined
  const problem: Problem = PROBLEMS[error.reason]
  return error.detail === undefined ? problem : { ...problem, description: error.detail }
}
