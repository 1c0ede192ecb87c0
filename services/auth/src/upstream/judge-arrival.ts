import type { AccountOfEmail } from './identities.store.ts'
import type { Offer } from './offers.store.ts'
import type { Identity } from './relying-party.ts'

/** What is known of somebody who comes back from a provider. */
export interface Arrival {
  readonly identity: Identity
  /** Email domains of which the provider's word proves the account here. */
  readonly authoritativeDomains: readonly string[]
  /** Whom this account there is linked to. */
  readonly linked: { readonly personId: string; readonly deactivated: boolean } | undefined
  /** Who has that email here. */
  readonly account: AccountOfEmail | undefined
  readonly offers: readonly Offer[]
}

export interface Join {
  readonly tenantId: string
  readonly role: string
  /** The invitation that is used up by it. */
  readonly invitation: string | undefined
}

export type ArrivalVerdict =
  | { readonly kind: 'sign-in'; readonly personId: string; readonly joins: readonly Join[] }
  | { readonly kind: 'link'; readonly personId: string; readonly joins: readonly Join[] }
  | { readonly kind: 'create'; readonly email: string; readonly joins: readonly Join[] }
  | {
      readonly kind: 'refuse'
      readonly reason: 'upstream.stranger' | 'upstream.taken' | 'upstream.unverified' | 'account.deactivated'
    }

const EMAIL = /^[^\s@\p{Cc}]+@([a-z0-9-]+(?:\.[a-z0-9-]+)+)$/iu

/**
 * Who somebody is here. Issuer and subject say so, and nothing else does (OpenID Connect Core section 5.7): an email can be another
 * person's tomorrow, or be claimed by whoever runs a provider. It links an account only where the operator declared the provider
 * authoritative for its domain, or an operator made the account and nobody could sign in to it yet; and only an address that the provider
 * verified, of an account that is not another person's of that provider already.
 */
export function judgeArrival({ identity, authoritativeDomains, linked, account, offers }: Arrival): ArrivalVerdict {
  const email = identity.emailVerified ? identity.email : undefined
  const domain = email === undefined ? undefined : EMAIL.exec(email)?.[1]?.toLowerCase()
  if (linked !== undefined) {
    if (linked.deactivated) return { kind: 'refuse', reason: 'account.deactivated' }
    // Joining by domain is for the first time: who was taken out of a tenant does not come back by signing in.
    return { kind: 'sign-in', personId: linked.personId, joins: domain === undefined ? [] : invited(offers) }
  }
  if (email === undefined || domain === undefined) return { kind: 'refuse', reason: 'upstream.unverified' }
  const joins = firstJoins(offers, domain)
  if (account !== undefined) {
    const proven = authoritativeDomains.includes(domain) || account.waiting
    if (!proven || account.linkedThere) return { kind: 'refuse', reason: 'upstream.taken' }
    if (account.deactivated) return { kind: 'refuse', reason: 'account.deactivated' }
    return { kind: 'link', personId: account.personId, joins }
  }
  return joins.length === 0 ? { kind: 'refuse', reason: 'upstream.stranger' } : { kind: 'create', email, joins }
}

const invited = (offers: readonly Offer[]): readonly Join[] =>
  offers.flatMap(({ tenantId, policy, invitation }) =>
    policy === 'refuse' || invitation === null ? [] : [{ tenantId, role: invitation.role, invitation: invitation.id }],
  )

/** An invitation says more than a domain does. */
function firstJoins(offers: readonly Offer[], domain: string): readonly Join[] {
  const byInvitation = invited(offers)
  const byDomain = offers.flatMap(({ tenantId, policy, domains, role }) =>
    policy === 'join' &&
    role !== null &&
    domains.includes(domain) &&
    !byInvitation.some((join) => join.tenantId === tenantId)
      ? [{ tenantId, role, invitation: undefined }]
      : [],
  )
  return [...byInvitation, ...byDomain]
}
