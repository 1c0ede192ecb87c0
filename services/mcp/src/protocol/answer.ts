import type { Outcome } from '../calls/outcome.ts'
import { challenge } from '../edge/challenge.ts'
import { errorBody, type Pieces, type Refused, type RequestId, resultBody } from '../errors.ts'

/** An HTTP answer, ready to be sent. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Absent: no body (202). */
  readonly body?: string | Pieces
}

// RFC 9111: an answer to a POST with a credential is nobody's to keep.
const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }

export const ACCEPTED: Answer = { status: 202, headers: { 'cache-control': 'no-store' } }

export const refusedAnswer = (refused: Refused): Answer => ({
  status: refused.status,
  headers: { ...JSON_HEADERS, ...refused.headers },
  body: errorBody(refused),
})

/** A missing scope on an OAuth token: 403 with the challenge, and the same in the body for clients that do not read headers. */
export function scopeRefused(
  outcome: Outcome & { readonly kind: 'scope' },
  metadataUrl: string | undefined,
  id?: RequestId,
): Refused {
  const scope = outcome.whole.join(' ')
  const description = `Missing required scope: ${outcome.missing.join(', ')}`
  return {
    status: 403,
    code: 403,
    message: `${description}. Authorize again and ask for: ${scope}`,
    data: {
      error: 'insufficient_scope',
      scope,
      ...(metadataUrl === undefined ? {} : { resource_metadata: metadataUrl }),
    },
    id,
    headers: {
      'www-authenticate': challenge({ error: 'insufficient_scope', description, scope: outcome.whole, metadataUrl }),
    },
  }
}

export function answerTo(id: RequestId, outcome: Outcome, metadataUrl: string | undefined): Answer {
  switch (outcome.kind) {
    case 'result':
      return { status: 200, headers: JSON_HEADERS, body: resultBody(id, outcome.json) }
    case 'refused':
      return refusedAnswer({ ...outcome.refused, id })
    case 'scope':
      return refusedAnswer(scopeRefused(outcome, metadataUrl, id))
  }
}

/** Responses of a batch in one array. Each stands for itself, so their HTTP statuses have no place. */
export function answerToBatch(items: readonly { readonly id: RequestId; readonly outcome: Outcome }[]): Answer {
  const parts = items.map(({ id, outcome }) =>
    outcome.kind === 'result'
      ? resultBody(id, outcome.json).toString()
      : errorBody({ ...(outcome.kind === 'refused' ? outcome.refused : scopeRefused(outcome, undefined)), id }),
  )
  const body = `[${parts.join(',')}]`
  return { status: 200, headers: JSON_HEADERS, body }
}
