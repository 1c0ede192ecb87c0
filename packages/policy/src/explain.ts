import { type Decision, decide, type Refusal } from './decide.ts'
import type { Principal, Requirement, Rules, TenantPolicy } from './principal.ts'
import { refusalText, rolesWith } from './refusal-text.ts'

/** The gates behind the credential, in the order in which they are asked. */
export const GATES = ['tenant', 'plan', 'status', 'mcp', 'scope', 'narrowing', 'permission'] as const
export type Gate = (typeof GATES)[number]

export interface Explanation {
  readonly allow: boolean
  /** What a refusal is called, in the audit log too. */
  readonly reason?: Refusal['reason']
  readonly missing: readonly string[]
  /** `not-asked`: an earlier one refused. */
  readonly gates: readonly { readonly gate: Gate; readonly answer: 'passed' | 'refused' | 'not-asked' }[]
  /** One or two sentences: what was missing and what to do. */
  readonly text: string
  /** Roles of the tenant that have what is missing. */
  readonly roles: readonly string[]
}

const GATE_OF: Readonly<Record<Refusal['reason'], Gate>> = {
  'tenant.unknown': 'tenant',
  'tenant.foreign': 'tenant',
  'plan.without-mcp': 'plan',
  'tenant.suspended': 'status',
  'mcp.disabled': 'mcp',
  'scope.missing': 'scope',
  'scope.narrowed': 'narrowing',
  'permission.missing': 'permission',
}

/** Why the one decision is what it is: the same function is asked, and its answer is put into words. */
export function explain(
  principal: Principal,
  tenant: TenantPolicy | undefined,
  requirement: Requirement,
  rules: Rules,
): Explanation {
  const decision = decide(principal, tenant, requirement, rules)
  if (decision.allow) {
    const gates = GATES.map((gate) => ({ gate, answer: 'passed' as const }))
    return { allow: true, missing: [], gates, text: 'Nothing stands in the way.', roles: [] }
  }
  const refusing = GATES.indexOf(GATE_OF[decision.reason])
  const missing = 'missing' in decision ? decision.missing : []
  return {
    allow: false,
    reason: decision.reason,
    missing,
    gates: GATES.map((gate, at) => ({
      gate,
      answer: at < refusing ? 'passed' : at === refusing ? 'refused' : 'not-asked',
    })),
    text: textOf(decision, principal, rules),
    roles: decision.reason === 'permission.missing' ? rolesWith(missing, rules) : [],
  }
}

function textOf(decision: Decision & { readonly allow: false }, principal: Principal, rules: Rules): string {
  switch (decision.reason) {
    case 'tenant.unknown':
      return 'The organisation is not known. An operator looks whether auth and mcp share a bus: tenants come over it.'
    case 'tenant.foreign':
      return 'The credential is of another organisation. Use one of this organisation.'
    case 'plan.without-mcp':
      return `The plan ${decision.plan} has no MCP. A change of plan brings it; an operator makes it.`
    case 'tenant.suspended':
      return 'The organisation is suspended. Its owner settles that with the platform; an operator lifts it.'
    case 'mcp.disabled':
      return 'MCP is off for the organisation. An operator switches it on.'
    default:
      return refusalText(decision, rules, principal)
  }
}
