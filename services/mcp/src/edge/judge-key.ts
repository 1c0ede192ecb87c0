import type { Profile } from '@gatehouse/profiles'
import type { PrincipalFacts } from '../deps.ts'

/** Why a good key is no key for MCP. */
export type KeyFault = 'key.of-project' | 'key.without-grant'

export type JudgedKey =
  | { readonly ok: true; readonly scopes: readonly string[]; readonly maker?: PrincipalFacts['maker'] }
  | { readonly ok: false; readonly fault: KeyFault }

/**
 * What a key may do at the MCP endpoint. Where the profile names grants, one of them lets the key in, as consent lets a client in: it
 * stands for the scopes of transport, and what else the key lists is all that it may do there.
 */
export function judgeKey(
  { kind, scopes, maker }: Pick<PrincipalFacts, 'kind' | 'scopes' | 'maker'>,
  {
    apiKeyGrants,
    apiKeyPermissions,
    defaultScopes,
  }: Pick<Profile, 'apiKeyGrants' | 'apiKeyPermissions' | 'defaultScopes'>,
): JudgedKey {
  if (kind === 'project') return { ok: false, fault: 'key.of-project' }
  const by = apiKeyPermissions === 'maker' && maker !== undefined ? { maker } : {}
  if (apiKeyGrants.length === 0) return { ok: true, scopes, ...by }
  if (!apiKeyGrants.some((grant) => scopes.includes(grant))) return { ok: false, fault: 'key.without-grant' }
  return { ok: true, scopes: [...new Set([...scopes, ...defaultScopes])], ...by }
}
