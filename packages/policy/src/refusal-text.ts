import type { Refusal } from './decide.ts'
import type { Principal, Rules } from './principal.ts'

/** What to tell someone who may not do this, when there is no challenge to send: it names what is missing and who can give it. */
export function refusalText(refusal: Refusal, rules: Rules, principal?: Pick<Principal, 'credential'>): string {
  switch (refusal.reason) {
    case 'scope.missing':
    case 'scope.narrowed':
      return `Missing required scope: ${refusal.missing.join(', ')}${whatToDo(refusal.reason, principal)}`
    case 'permission.missing':
      return `Missing permission: ${refusal.missing.join(', ')}. ${whoHas(refusal.missing, rules)}`
    default:
      return 'This workspace does not allow it.'
  }
}

/** A key cannot step up, and a token that was narrowed was so by its client's choice. */
function whatToDo(reason: 'scope.missing' | 'scope.narrowed', principal: Pick<Principal, 'credential'> | undefined) {
  if (principal === undefined) return ''
  if (principal.credential === 'api-key') return '. Who manages the API keys of your workspace can add it to this key.'
  return reason === 'scope.missing'
    ? '. Authorize again and ask for it.'
    : '. This token was narrowed to other scopes: authorize again with this one too, or without any that narrows.'
}

function whoHas(missing: readonly string[], rules: Rules): string {
  const roles = rolesWith(missing, rules)
  return roles.length === 0
    ? 'Ask an administrator of your workspace.'
    : `It comes with the role ${roles.join(' or ')}; an administrator of your workspace can give it.`
}

/** Roles that have all of the permissions. */
export const rolesWith = (missing: readonly string[], rules: Rules): readonly string[] =>
  [...rules.permissions].flatMap(([role, given]) => (missing.every((name) => given.has(name)) ? [role] : []))
