import type { Database, Tx } from '@gatehouse/database'
import { PageFault } from '../http/pages.ts'
import { membership_insert, person_insert } from '../people/people.store.ts'
import { newId } from '../secrets.ts'
import { account_get_for_arrival, upstream_identity_insert, upstream_identity_use } from './identities.store.ts'
import { type ArrivalVerdict, type Join, judgeArrival } from './judge-arrival.ts'
import { invitation_accept, offer_list } from './offers.store.ts'
import type { Provider } from './provider.ts'
import type { Identity } from './relying-party.ts'

/**
 * The person behind an identity, made or linked when the rules say so. Part of the caller's transaction.
 * @throws PageFault with what the person is told
 */
export async function arrive(tx: Tx, provider: Provider, identity: Identity, now: Date): Promise<string> {
  const { issuer, subject } = identity
  const email = identity.email
  const linked = await upstream_identity_use(tx, { issuer, subject, email, now })
  const verdict = judgeArrival({
    identity,
    authoritativeDomains: provider.authoritativeDomains,
    linked,
    account:
      linked === undefined && email !== undefined
        ? await account_get_for_arrival(tx, email, issuer, provider.id)
        : undefined,
    offers: email === undefined ? [] : await offer_list(tx, provider.id, email, now),
  })
  if (verdict.kind === 'refuse') throw new PageFault(verdict.reason)
  const personId = await settle(tx, verdict, identity, now)
  for (const join of verdict.joins) await take(tx, personId, join, now)
  return personId
}

type Settled = Exclude<ArrivalVerdict, { readonly kind: 'refuse' }>

async function settle(tx: Tx, verdict: Settled, { issuer, subject, email = '', name }: Identity, now: Date) {
  if (verdict.kind === 'sign-in') return verdict.personId
  const personId = verdict.kind === 'link' ? verdict.personId : newId('person')
  if (verdict.kind === 'create') {
    const person = { id: personId, email: verdict.email, name: name?.trim() || verdict.email, passwordHash: null }
    // Two first sign-ins at once: the second finds the address taken, and the account the next time.
    if (!(await person_insert(tx, person))) throw new PageFault('upstream.taken')
  }
  if (!(await upstream_identity_insert(tx, { issuer, subject, personId, email, now }))) {
    throw new PageFault('upstream.taken')
  }
  return personId
}

async function take(tx: Tx, personId: string, { tenantId, role, invitation }: Join, now: Date): Promise<void> {
  if (invitation !== undefined && !(await invitation_accept(tx, invitation, now))) return
  // Who belongs already keeps the role that they have.
  await membership_insert(tx, { personId, tenantId, role })
}

/** Adds a way of signing in to the account of somebody who is signed in. @throws PageFault when it is another's */
export async function link(db: Database, personId: string, identity: Identity, now: Date): Promise<void> {
  const { issuer, subject, email = '' } = identity
  await db.asPlatform('upstream', async (tx) => {
    if (await upstream_identity_insert(tx, { issuer, subject, personId, email, now })) return
    const linked = await upstream_identity_use(tx, { issuer, subject, email, now })
    if (linked?.personId !== personId) throw new PageFault('upstream.taken')
  })
}
