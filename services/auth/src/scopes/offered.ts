import type { Profile } from '@gatehouse/profiles'

const OPENID = [
  { name: 'openid', text: 'Know who you are' },
  { name: 'profile', text: 'See your name' },
  { name: 'email', text: 'See your email address' },
]
/** OpenID Connect Core section 11. Not a scope of any resource. */
export const OFFLINE = 'offline_access'

/** The scopes that can be asked for, and what each means to a person. */
export interface Offered {
  readonly names: ReadonlySet<string>
  readonly byDefault: readonly string[]
  readonly openid: boolean
  /** In the order in which they are offered; one that is no longer offered is shown by its name. */
  textsOf(scopes: readonly string[]): { readonly name: string; readonly text: string }[]
}

export function offeredScopes(profile: Profile): Offered {
  const texts = new Map<string, string>()
  const all = [
    ...profile.scopes,
    ...(profile.openid ? OPENID : []),
    ...(profile.grants.includes('refresh_token')
      ? [{ name: OFFLINE, text: 'Stay connected while you are away, until you revoke it' }]
      : []),
  ]
  for (const { name, text } of all) texts.set(name, text)
  return {
    names: new Set(texts.keys()),
    byDefault: profile.defaultScopes,
    openid: profile.openid,
    textsOf: (scopes) => scopes.map((name) => ({ name, text: texts.get(name) ?? name })),
  }
}
