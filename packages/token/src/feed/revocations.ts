import type { Revocation } from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'

/** Everything that was taken back and can still matter: id → `at` in seconds. */
export interface Revocations {
  /** `false` when it says nothing new. */
  add(revocation: Revocation): boolean
  revoked(principal: Principal): boolean
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
  /** person → tenant → `at`. */
  const memberships = new Map<string, Map<string, number>>()
  /** person → tenant switched to → `at`. An earlier switch still counts after a later one back. */
  const switches = new Map<string, Map<string, number>>()

  return {
    add(revocation) {
      switch (revocation.kind) {
        case 'token':
          return raise(kinds.token, revocation.jti, revocation.at)
        case 'membership':
          return raise(inner(memberships, revocation.person), revocation.tenant, revocation.at)
        case 'tenant-switch':
          return raise(inner(switches, revocation.person), revocation.tenant, revocation.at)
        case 'grant':
          return raise(kinds.grant, revocation.grant, revocation.at)
        case 'key':
          return raise(kinds.key, revocation.key, revocation.at)
        case 'client':
          return raise(kinds.client, revocation.client, revocation.at)
        case 'person':
          return raise(kinds.person, revocation.person, revocation.at)
      }
    },
    revoked(principal) {
      const { credentialId, issuedAt, grant, client, subject, tenant } = principal
      // These three are dead for good once taken back, whatever two clocks say of the moment.
      if (principal.credential === 'api-key') return kinds.key.has(credentialId)
      if (kinds.token.has(credentialId)) return true
      if (grant !== undefined && kinds.grant.has(grant)) return true
      if (client !== undefined && reaches(kinds.client.get(client), issuedAt)) return true
      if (principal.kind !== 'person') return false
      if (reaches(kinds.person.get(subject), issuedAt)) return true
      if (reaches(memberships.get(subject)?.get(tenant), issuedAt)) return true
      for (const [target, at] of switches.get(subject) ?? []) {
        if (target !== tenant && issuedAt <= at) return true
      }
      return false
    },
    forget(before) {
      for (const map of Object.values(kinds)) forgetOld(map, before)
      for (const outer of [memberships, switches]) {
        for (const [person, map] of outer) {
          forgetOld(map, before)
          if (map.size === 0) outer.delete(person)
        }
      }
    },
    get count() {
      const nested = [...memberships.values(), ...switches.values()]
      return [...Object.values(kinds), ...nested].reduce((sum, map) => sum + map.size, 0)
    },
  }
}

const reaches = (at: number | undefined, issuedAt: number): boolean => at !== undefined && issuedAt <= at

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
