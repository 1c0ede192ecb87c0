import type { Round, Step } from './steps.ts'

/** What a request was answered with; `lost` stands for an answer that never came because the process died. */
export type Answer =
  | { readonly kind: 'tokens'; readonly refreshToken: string; readonly accessToken: string }
  | { readonly kind: 'refused'; readonly status: number; readonly error: string }
  | { readonly kind: 'lost' }

/** The family as a client of perfect memory knows it: every token in its order, and when each was first used. */
export interface Family {
  readonly tokens: string[]
  /** Every access token that was given out with one of them. */
  readonly accessTokens: string[]
  /** Milliseconds since the epoch, by the place of the token. */
  readonly usedAt: Map<number, number>
  alive: boolean
}

/** The token that a step presents, by its place in the family. */
export const placeOf = (family: Family, step: Step): number => Math.max(0, family.tokens.length - 1 - step.age)

/** What is now known after a round: a fault as a line for a person, or nothing. Writes what was learned into `family`. */
export function judgeRound(
  family: Family,
  round: Round,
  now: number,
  windowMs: number,
  presented: readonly number[],
  answers: readonly Answer[],
): string | undefined {
  const wasAlive = family.alive
  const newest = family.tokens.length - 1
  const reuse = round.steps.some((step, at) => {
    const used = family.usedAt.get(presented[at] ?? -1)
    return step.kind === 'refresh' && step.crash !== 'before-commit' && used !== undefined && now - used > windowMs
  })
  const revoked = round.steps.some((step) => step.kind === 'revoke')
  for (const [at, step] of round.steps.entries()) {
    const answer = answers[at]
    if (answer === undefined) return `step ${at} has no answer`
    if (step.kind === 'revoke') {
      if (answer.kind !== 'refused' || answer.status !== 200)
        return `a revocation was answered ${JSON.stringify(answer)}`
      continue
    }
    const fault = judgeRefresh(family, step.crash, answer, wasAlive, reuse || revoked)
    if (fault !== undefined) return `step ${at} presents token ${presented[at]} of ${newest}: ${fault}`
  }
  if (family.tokens.length > newest + 2) return 'two successors came out of one generation'
  const rotated = round.steps.some(
    (step, at) => step.kind === 'refresh' && presented[at] === newest && step.crash !== 'before-commit',
  )
  if (wasAlive && rotated && !family.usedAt.has(newest)) family.usedAt.set(newest, now)
  family.alive = wasAlive && !reuse && !revoked
  return undefined
}

function judgeRefresh(
  family: Family,
  crash: string,
  answer: Answer,
  wasAlive: boolean,
  dies: boolean,
): string | undefined {
  if (answer.kind === 'lost') return crash === 'none' ? 'the answer was lost without a crash' : undefined
  if (crash !== 'none') return `a process that died answered ${JSON.stringify(answer)}`
  if (answer.kind === 'refused') {
    if (answer.status !== 400 || answer.error !== 'invalid_grant')
      return `refused with ${answer.status} ${answer.error}`
    return wasAlive && !dies ? 'a client was locked out of a living family' : undefined
  }
  if (!wasAlive) return 'a dead family gave out tokens'
  family.accessTokens.push(answer.accessToken)
  const place = family.tokens.indexOf(answer.refreshToken)
  if (place === -1) family.tokens.push(answer.refreshToken)
  else if (place < family.tokens.length - 2) return `token ${place} was given out although a newer one was known before`
  return undefined
}
