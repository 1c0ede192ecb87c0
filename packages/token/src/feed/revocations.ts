import type { Revocation } from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'

/** Everything that was taken back and can still matter: id → `at` in seconds. */
export interface Revocations {
  /** `false` when it says nothing new. */
  add(revocation: Revocation): boolean
  revoked(principal: Principal): boolean
  /** The principal as it is since its person selected another tenant; itself where nothing was selected since. */
  current(principal: Principal): Principal
  /** Forgets what is older than `before` (seconds). */
  forget(before: number): void
  readonly count: number
}

export function createRevocations(): Revocations {
  const kinds = {
    token: new Map<string, number>(),
    grant: new Map<string, number>(),
    key: new Map<string, number>(),
    client: new Map<string, number>(),
    person: new Map<string, number>(),
  }
  /** Key → the version that it has since, and `at`. */
  const versions = new Map<string, { readonly below: number; readonly at: number }>()
  /** person → tenant → `at`. */
  const memberships = new Map<string, Map<string, number>>()
  /** person → tenant switched to → `at`. An earlier switch still counts after a later one back. */
  const switches = new Map<string, Map<string, number>>()
  /** person → the newest switch that tokens follow. */
  const selected = new Map<string, Selection>()

  return {
    add(revocation) {
      switch (revocation.kind) {
        case 'token':
          return raise(kinds.token, revocation.jti, revocation.at)
        case 'membership':
          return raise(inner(memberships, revocation.person), revocation.tenant, revocation.at)
        case 'tenant-switch':
          if (revocation.roles !== undefined) return select(selected, revocation.person, revocation, revocation.roles)
          return raise(inner(switches, revocation.person), revocation.tenant, revocation.at)
        case 'grant':
          return raise(kinds.grant, revocation.grant, revocation.at)
        case 'key':
          return revocation.below === undefined
            ? raise(kinds.key, revocation.key, revocation.at)
            : raiseVersion(versions, revocation.key, { below: revocation.below, at: revocation.at })
        case 'client':
          return raise(kinds.client, revocation.client, revocation.at)
        case 'person':
          return raise(kinds.person, revocation.person, revocation.at)
      }
    },
    revoked(principal) {
      const { credentialId, issuedAt, grant, client, subject, tenant } = principal
      // These three are dead for good once taken back, whatever two clocks say of the moment.
      if (principal.credential === 'api-key') {
        return (
          kinds.key.has(credentialId) || (principal.credentialVersion ?? 0) < (versions.get(credentialId)?.below ?? 0)
        )
      }
      if (kinds.token.has(credentialId)) return true
      if (grant !== undefined && kinds.grant.has(grant)) return true
      if (client !== undefined && reaches(kinds.client.get(client), issuedAt)) return true
      if (principal.kind !== 'person') return false
      if (reaches(kinds.person.get(subject), issuedAt)) return true
      // Who left a tenant and came back selected it later: what was taken back before is over.
      const since = Math.max(issuedAt, principal.selectedAt ?? 0)
      // What is issued in the second of a change may be older or newer than it: the token itself says which one it knows of.
      const changed = memberships.get(subject)?.get(tenant)
      if (reaches(changed, since) && (changed ?? 0) > (principal.rolesAt ?? 0)) return true
      const selection = selected.get(subject)
      if (selection !== undefined && selection.tenant !== tenant && since <= selection.at) return true
      for (const [target, at] of switches.get(subject) ?? []) {
        if (target !== tenant && issuedAt <= at) return true
      }
      return false
    },
    current(principal) {
      if (principal.kind !== 'person') return principal
      const selection = selected.get(principal.subject)
      if (selection === undefined || principal.issuedAt > selection.at) return principal
      const known = selection.moved.get(principal)
      if (known !== undefined) return known
      const { tenant, roles, at } = selection
      // The change that the token knows of was one of another membership.
      const { rolesAt: _, ...same } = principal
      const moved: Principal = { ...same, tenant, roles, selectedAt: at }
      selection.moved.set(principal, moved)
      return moved
    },
    forget(before) {
      for (const map of Object.values(kinds)) forgetOld(map, before)
      for (const [person, { at }] of selected) if (at < before) selected.delete(person)
      for (const [key, { at }] of versions) if (at < before) versions.delete(key)
      for (const outer of [memberships, switches]) {
        for (const [person, map] of outer) {
          forgetOld(map, before)
          if (map.size === 0) outer.delete(person)
        }
      }
    },
    get count() {
      const nested = [...memberships.values(), ...switches.values()]
      return [...Object.values(kinds), versions, selected, ...nested].reduce((sum, map) => sum + map.size, 0)
    },
  }
}

interface Selection {
  readonly tenant: string
  readonly roles: readonly string[]
  readonly at: number
  readonly order: number
  /** Principals of older tokens as they are since: made once each. */
  readonly moved: WeakMap<Principal, Principal>
}

/** Of two the later counts, in whichever order they come. */
function select(
  into: Map<string, Selection>,
  person: string,
  of: { readonly tenant: string; readonly at: number; readonly order?: number | undefined },
  roles: readonly string[],
): boolean {
  const { tenant, at, order = at * 1_000 } = of
  const known = into.get(person)
  if (known !== undefined && known.order >= order) return false
  into.set(person, { tenant, roles, at, order, moved: new WeakMap() })
  return true
}

const reaches = (at: number | undefined, issuedAt: number): boolean => at !== undefined && issuedAt <= at

function raiseVersion(
  map: Map<string, { readonly below: number; readonly at: number }>,
  key: string,
  to: { readonly below: number; readonly at: number },
): boolean {
  if (to.below <= (map.get(key)?.below ?? 0)) return false
  map.set(key, to)
  return true
}

/** A repeated or an older message changes nothing. */
function raise(map: Map<string, number>, id: string, at: number): boolean {
  const known = map.get(id)
  if (known !== undefined && known >= at) return false
  map.set(id, at)
  return true
}

function inner(outer: Map<string, Map<string, number>>, key: string): Map<string, number> {
  const known = outer.get(key)
  if (known !== undefined) return known
  const made = new Map<string, number>()
  outer.set(key, made)
  return made
}

function forgetOld(map: Map<string, number>, before: number): void {
  for (const [id, at] of map) if (at < before) map.delete(id)
}
