import type { Principal, Rules } from '@gatehouse/policy'

/** What a token has to hold, and what a person's role has to permit; profiles name both so. */
export const AUDIT_READ = 'audit:read'

/** Why this principal may not read the log of its tenant, if so. A tenant that is suspended or has no MCP still may: the log is its own. */
export function judgeReader(principal: Principal, rules: Rules): 'scope.missing' | 'permission.missing' | undefined {
  if (!principal.scopes.has(AUDIT_READ)) return 'scope.missing'
  // A service has no role: what it may do is its scopes alone.
  if (principal.kind !== 'person') return undefined
  const permitted = principal.roles.some((role) => rules.permissions.get(role)?.has(AUDIT_READ) === true)
  return permitted ? undefined : 'permission.missing'
}
