import type { Rules } from '@gatehouse/policy'
import type { Profile } from './schema.ts'

/** The rules that decisions rest on, from a profile. `implies` is closed transitively. */
export function rulesOf(profile: Profile): Rules {
  const direct = new Map(profile.scopes.map((scope) => [scope.name, scope.implies]))
  const closure = (name: string, seen: Set<string>): Set<string> => {
    if (seen.has(name)) return seen
    seen.add(name)
    for (const implied of direct.get(name) ?? []) closure(implied, seen)
    return seen
  }
  return {
    plansWithMcp: new Set(profile.plans.withMcp),
    implies: new Map(profile.scopes.map(({ name }) => [name, closure(name, new Set())])),
    permissions: new Map(Object.entries(profile.roles).map(([role, given]) => [role, new Set(given)])),
    narrowing: new Set(profile.scopes.filter((scope) => scope.narrowing).map((scope) => scope.name)),
  }
}
