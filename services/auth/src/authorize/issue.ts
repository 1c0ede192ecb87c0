import type { Tx } from '@gatehouse/database'
import { type Consent, type ConsentKey, consent_extend, consent_lock } from '../grants/consents.store.ts'
import { grant_insert } from '../grants/grants.store.ts'
import type { Resource } from '../resources/resources.store.ts'
import { GENERAL_SCOPES, type Offered } from '../scopes/offered.ts'
import { newId, newSecret, sha256 } from '../secrets.ts'
import { code_insert } from '../token/codes.store.ts'
import { type PendingRequest, request_end } from './requests.store.ts'

/** Life of an authorization code. */
export const CODE_MS = 60_000

/** For whom a code is issued. */
export interface Identified {
  readonly personId: string
  readonly tenantId: string
  readonly authTime: Date
}

export const consentKey = (
  { clientId }: PendingRequest,
  { personId, tenantId }: Identified,
  resource: Resource,
): ConsentKey => ({ personId, tenantId, clientId, resource: resource.identifier })

/** What a code is issued for. */
export interface ToIssue {
  readonly request: PendingRequest
  /** Those of the request. */
  readonly resources: readonly Resource[]
  readonly who: Identified
  /** Whether the person has just said yes; otherwise earlier consents have to cover the scopes. */
  readonly approved: boolean
}

/**
 * A code for this request, with the grant that it opens. Part of the caller's transaction, which holds the request.
 *
 * Who asks for more of a resource than was allowed before steps up: the new grant holds the old scopes, too, which the page told. Who asks
 * for some of it gets that.
 * @returns `undefined` when no consent covers the scopes any more
 */
export async function issueCode(tx: Tx, of: ToIssue, offered: Offered, now: Date): Promise<string | undefined> {
  const { request, who } = of
  const consents = await holdConsents(tx, of, offered, now)
  if (consents === undefined) return undefined
  const kept = consents.flatMap(({ kept }) => kept)
  const [first] = request.resources
  const grantId = newId('grant')
  await grant_insert(tx, {
    id: grantId,
    consentId: consents.find(({ resource }) => resource === first)?.id ?? '',
    ...who,
    clientId: request.clientId,
    resources: request.resources,
    scopes: [...new Set([...request.scopes, ...kept])],
    createdAt: now,
  })
  const code = newSecret()
  await code_insert(tx, {
    hash: sha256(code),
    grantId,
    redirectUri: request.redirectUri,
    challenge: request.challenge,
    nonce: request.nonce,
    expiresAt: new Date(now.getTime() + CODE_MS),
  })
  await request_end(tx, request.id, 'coded')
  return code
}

interface Held extends Consent {
  readonly resource: string
  /** Scopes that were allowed before and go along. */
  readonly kept: readonly string[]
}

/** The consent for each resource, held until the transaction is over; always in the same order, so that no two wait for each other. */
async function holdConsents(tx: Tx, of: ToIssue, offered: Offered, now: Date): Promise<readonly Held[] | undefined> {
  const inOrder = [...of.resources].sort((one, other) => (one.identifier < other.identifier ? -1 : 1))
  const held: Held[] = []
  for (const resource of inOrder) {
    const key = consentKey(of.request, of.who, resource)
    const asked = offered.meantAt(resource, of.request.scopes)
    const before = await consent_lock(tx, key)
    const covered = before !== undefined && asked.every((scope) => before.scopes.includes(scope))
    if (!covered && !of.approved) return undefined
    const consent = of.approved ? await consent_extend(tx, key, { id: newId('consent'), scopes: asked, now }) : before
    if (consent === undefined) return undefined
    const kept = goingAlong(resource, asked, before?.scopes ?? [], offered)
    held.push({ ...consent, resource: resource.identifier, kept })
  }
  return held
}

/**
 * Scopes that were allowed before and go along when more of the same resource is asked for.
 * @param asked all that is asked for
 * @param before scopes of the earlier consent
 */
export function goingAlong(
  resource: Resource,
  asked: readonly string[],
  before: readonly string[],
  offered: Offered,
): readonly string[] {
  const own = (scopes: readonly string[]) =>
    offered.meantAt(resource, scopes).filter((scope) => !GENERAL_SCOPES.has(scope))
  return own(asked).every((scope) => before.includes(scope)) ? [] : own(before)
}
