import type { FastifyReply } from 'fastify'
import { type Reason, Refusal } from '../errors.ts'

/** A redirect that is proven: what `TrustedRedirect` matched, now or when the request was kept. */
export interface ProvenRedirect {
  readonly redirectUri: string
  readonly state: string | null
}

/** RFC 6749 section 4.1.2 with `iss` (RFC 9207). The registered query is kept as it is. */
export function answerUrl(to: ProvenRedirect, issuer: string, answer: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(answer)
  if (to.state !== null) query.set('state', to.state)
  query.set('iss', issuer)
  const separator = to.redirectUri.includes('?') ? (/[?&]$/.test(to.redirectUri) ? '' : '&') : '?'
  return `${to.redirectUri}${separator}${query}`
}

export const refusalUrl = (to: ProvenRedirect, issuer: string, reason: Reason): string =>
  answerUrl(to, issuer, { ...new Refusal(reason).wire })

/** 303, so that a browser never repeats a form at the next place (RFC 9700 section 4.12). */
export const sendAway = (reply: FastifyReply, url: string): FastifyReply =>
  reply.code(303).headers({ location: url, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).send()
