import type { Principal, Requirement, Rules, TenantPolicy } from './principal.ts'

/** Why not. Each reason has one answer on the wire; see `services/mcp/src/errors.ts`. */
export type Refusal =
  | { readonly reason: 'tenant.unknown' }
  | { readonly reason: 'tenant.foreign' }
  | { readonly reason: 'plan.without-mcp'; readonly plan: string }
  | { readonly reason: 'tenant.suspended' }
  | { readonly reason: 'mcp.disabled' }
  /** `missing` is what the token lacks; `whole` is what to ask for: granted ∪ needed without narrowing scopes, sorted. */
  | { readonly reason: 'scope.missing'; readonly missing: readonly string[]; readonly whole: readonly string[] }
  | { readonly reason: 'scope.narrowed'; readonly missing: readonly string[] }
  | { readonly reason: 'permission.missing'; readonly missing: readonly string[] }

export type Decision = { readonly allow: true } | ({ readonly allow: false } & Refusal)

const ALLOW: Decision = { allow: true }

/** By host, before a credential is looked at: whether anything is served at a tenant's host. What is not there asks for no credential. */
export function decideHost(tenant: TenantPolicy | undefined, rules: Rules): Decision {
  if (tenant === undefined) return { allow: false, reason: 'tenant.unknown' }
  return hasMcp(tenant, rules) ? ALLOW : { allow: false, reason: 'plan.without-mcp', plan: tenant.plan }
}

const hasMcp = ({ plan }: TenantPolicy, { plansWithMcp }: Rules): boolean =>
  plansWithMcp.size === 0 || plansWithMcp.has(plan)

/** The gates before any operation: does this tenant have MCP at all, now? The order is the order of the answers. */
export function decideTenant(principal: Principal, tenant: TenantPolicy | undefined, rules: Rules): Decision {
  if (tenant === undefined) return { allow: false, reason: 'tenant.unknown' }
  if (tenant.tenant !== principal.tenant) return { allow: false, reason: 'tenant.foreign' }
  if (!hasMcp(tenant, rules)) return { allow: false, reason: 'plan.without-mcp', plan: tenant.plan }
  if (tenant.status === 'suspended') return { allow: false, reason: 'tenant.suspended' }
  if (!tenant.mcp) return { allow: false, reason: 'mcp.disabled' }
  return ALLOW
}

/**
 * The one decision: may this principal do what `requirement` describes, in this tenant, under these rules? Pure.
 * Every surface asks it: lists, calls, reads, subscriptions and deliveries on open streams.
 */
export function decide(
  principal: Principal,
  tenant: TenantPolicy | undefined,
  requirement: Requirement,
  rules: Rules,
): Decision {
  const gate = decideTenant(principal, tenant, rules)
  return gate.allow ? decideRights(principal, requirement, rules) : gate
}

/** What is left of the decision once the gates of the tenant are passed: inside a call that they let in. */
export function decideRights(principal: Principal, requirement: Requirement, rules: Rules): Decision {
  if (!requirement.scopes.every((scope) => holds(principal.scopes, scope, rules))) {
    const lacking = requirement.scopes.filter((scope) => !holds(principal.scopes, scope, rules))
    const transport = lacking.filter((scope) => !rules.narrowing.has(scope))
    if (transport.length > 0) {
      // A narrowing scope is the client's own choice; a challenge that named one would talk others into less access.
      const whole = [...new Set([...principal.scopes, ...requirement.scopes])].filter((s) => !rules.narrowing.has(s))
      return { allow: false, reason: 'scope.missing', missing: transport, whole: whole.sort() }
    }
    // Nobody has consented to more for a key: what it lists is all that it may.
    const narrowed =
      principal.credential === 'api-key' || [...principal.scopes].some((scope) => rules.narrowing.has(scope))
    if (narrowed) return { allow: false, reason: 'scope.narrowed', missing: lacking }
  }

  // A key without a maker and a service have no role: what they may do is their scopes alone.
  const byRole = principal.kind === 'person' || principal.maker !== undefined
  if (!byRole || requirement.permissions.every((permission) => isGiven(permission, principal, rules))) return ALLOW
  const missing = requirement.permissions.filter((permission) => !isGiven(permission, principal, rules))
  return { allow: false, reason: 'permission.missing', missing }
}

function isGiven(permission: string, { roles }: Principal, { permissions }: Rules): boolean {
  for (const role of roles) if (permissions.get(role)?.has(permission) === true) return true
  return false
}

/** Without a set of all that is held: most tokens name themselves what a call asks for. */
function holds(scopes: ReadonlySet<string>, wanted: string, rules: Rules): boolean {
  if (scopes.has(wanted)) return true
  for (const scope of scopes) if (rules.implies.get(scope)?.has(wanted) === true) return true
  return false
}
