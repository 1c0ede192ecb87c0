import type { Profile } from '@gatehouse/profiles'
import type { Resource } from '../resources/resources.store.ts'

const OPENID = [
  { name: 'openid', text: 'Know who you are' },
  { name: 'profile', text: 'See your name' },
  { name: 'email', text: 'See your email address' },
]
/** OpenID Connect Core section 11. Not a scope of any resource. */
export const OFFLINE = 'offline_access'

/** Scopes that mean the same at every resource, or nothing at any; no resource can have one of these names. */
export const GENERAL_SCOPES: ReadonlySet<string> = new Set([...OPENID.map(({ name }) => name), OFFLINE])

/** The scopes that can be asked for, and what each means to a person. */
export interface Offered {
  /** Those of the profile and the general ones, without those that narrow: what metadata names. */
  readonly names: ReadonlySet<string>
  readonly openid: boolean
  /** What can be asked for together with these resources. */
  namesAt(resources: readonly Resource[]): ReadonlySet<string>
  /** Those of the scopes that mean something at the resource, the general ones included. */
  meantAt(resource: Resource, scopes: readonly string[]): readonly string[]
  /** In the order of `scopes`; one that is no longer offered is shown by its name. */
  textsOf(resources: readonly Resource[], scopes: readonly string[]): { readonly name: string; readonly text: string }[]
}

export function offeredScopes(profile: Profile): Offered {
  const general = [
    ...(profile.openid ? OPENID : []),
    ...(profile.grants.includes('refresh_token')
      ? [{ name: OFFLINE, text: 'Stay connected while you are away, until you revoke it' }]
      : []),
  ]
  const generalNames = general.map(({ name }) => name)
  const scopesOf = (resources: readonly Resource[]) => resources.flatMap(({ scopes }) => scopes)
  return {
    names: new Set([...profile.scopes.filter(({ narrowing }) => !narrowing).map(({ name }) => name), ...generalNames]),
    openid: profile.openid,
    namesAt: (resources) => new Set([...scopesOf(resources).map(({ name }) => name), ...generalNames]),
    meantAt: (resource, scopes) =>
      scopes.filter((name) => GENERAL_SCOPES.has(name) || resource.scopes.some((scope) => scope.name === name)),
    textsOf(resources, scopes) {
      const texts = new Map([...scopesOf(resources), ...general].map(({ name, text }) => [name, text]))
      return scopes.map((name) => ({ name, text: texts.get(name) ?? name }))
    },
  }
}
