import type { Refusal } from './decide.ts'
import type { Rules } from './principal.ts'

/** What to tell someone who may not do this, when there is no challenge to send: it names what is missing and who can give it. */
export function refusalText(refusal: Refusal, rules: Rules): string {
  switch (refusal.reason) {
    case 'scope.missing':
    case 'scope.narrowed':
      return `Missing required scope: ${refusal.missing.join(', ')}`
    case 'permission.missing':
      return `Missing permission: ${refusal.missing.join(', ')}. ${whoHas(refusal.missing, rules)}`
    default:
      return 'This workspace does not allow it.'
  }
}

function whoHas(missing: readonly string[], rules: Rules): string {
  const roles = [...rules.permissions]
    .filter(([, given]) => missing.every((name) => given.has(name)))
    .map(([role]) => role)
  return roles.length === 0
    ? 'Ask an administrator of your workspace.'
    : `It comes with the role ${roles.join(' or ')}; an administrator of your workspace can give it.`
}
