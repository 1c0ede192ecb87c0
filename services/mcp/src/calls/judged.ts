import { decide, type Requirement, type Rules } from '@gatehouse/policy'
import { CODES } from '../errors.ts'
import { type Caller, type Outcome, refusedWith } from './outcome.ts'
import { refusalText } from './refusals.ts'

/** Why this caller may not use what asks for this; `undefined`: it may. For methods whose refusal is no tool result. */
export function refusalFor(requirement: Requirement, caller: Caller, rules: Rules): Outcome | undefined {
  const decision = decide(caller.principal, caller.tenant, requirement, rules)
  if (decision.allow) return undefined
  if (decision.reason === 'scope.missing' && caller.principal.credential === 'oauth') {
    return { kind: 'scope', missing: decision.missing, whole: decision.whole }
  }
  return refusedWith(CODES.invalidParams, refusalText(decision, rules, caller.principal))
}
