import type { Health } from './circuit.ts'

/** How one attempt at a request ended. */
export type Ended =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs?: number }
  /** It never left: no address, or nobody listens. */
  | { readonly kind: 'unsent' }
  /** It was not tried: the circuit is open. */
  | { readonly kind: 'resting' }
  /** It left, and no whole answer came back. */
  | { readonly kind: 'lost' }

export interface Asked {
  /** Changes nothing (RFC 9110, section 9.2.1). */
  readonly safe: boolean
  /** Twice leaves what once leaves: by its method (section 9.2.2), or by a key that the API honours. */
  readonly repeatable: boolean
  /** Attempts that may still follow this one. */
  readonly left: number
  /** An earlier attempt may have had the effect. */
  readonly doubt: boolean
  /** The credential was renewed for this request already. */
  readonly renewed: boolean
}

/**
 * `take` the answer; `renew` the credential and ask again; ask `again`; it is `unavailable` and nothing was done; it is `unknown` whether
 * something was done; it is `ours`: a fault that no caller can do anything about.
 */
export type Next = 'take' | 'renew' | 'again' | 'unavailable' | 'unknown' | 'ours'

/** Longer waits are the caller's, who knows better what to do meanwhile. */
export const LONGEST_WAIT_MS = 2_000

/** Gateways and servers that may answer differently a moment later. 500 is not among them: it is a fault that stays. */
const PASSING = new Set([502, 503, 504])

export function judgeAttempt(ended: Ended, { safe, repeatable, left, doubt, renewed }: Asked): Next {
  const may = mayHaveActed(ended)
  const givenUp = !safe && (doubt || may) ? 'unknown' : 'unavailable'
  if (ended.kind === 'resting') return givenUp
  if (ended.kind === 'answered') {
    const { status, retryAfterMs = 0 } = ended
    if (status === 401) return renewed ? 'ours' : 'renew'
    if (status !== 429 && status >= 400 && status < 500) return 'take'
    if (status >= 200 && status < 300) return 'take'
    // Neither is followed a redirect, with a credential of ours, nor is there anything to make of it.
    if (status < 400) return 'ours'
    if (status !== 429 && !PASSING.has(status)) return givenUp
    if (retryAfterMs > LONGEST_WAIT_MS) return givenUp
  }
  return left > 0 && (repeatable || !may) ? 'again' : givenUp
}

/** Whether what was asked may have been done although nobody said so. 401 and 429 are said before anything is done. */
export const mayHaveActed = (ended: Ended): boolean =>
  ended.kind === 'lost' || (ended.kind === 'answered' && ended.status >= 500)

/** What an attempt says about the API itself. A request that the API refuses shows that it is there. */
export const healthOf = (ended: Ended): Health => (ended.kind === 'answered' && ended.status < 500 ? 'well' : 'ill')

/** Milliseconds before the attempt after the `made` ones: 100, 400, 1600, each shortened by up to a half so that callers do not come together. */
export const waitBefore = (made: number, ended: Ended, random: () => number): number => {
  const asked = ended.kind === 'answered' ? ended.retryAfterMs : undefined
  return asked ?? Math.min(LONGEST_WAIT_MS, 100 * 4 ** (made - 1)) * (1 - random() / 2)
}
