import type { Tx } from '@gatehouse/database'
import { type ConsentKey, consent_extend, consent_lock } from '../grants/consents.store.ts'
import { grant_insert } from '../grants/grants.store.ts'
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

export const consentKey = (request: PendingRequest, { personId, tenantId }: Identified): ConsentKey => ({
  personId,
  tenantId,
  clientId: request.clientId,
  resource: request.resource,
})

/**
 * A code for this request, with the grant that it opens. Part of the caller's transaction, which holds the request.
 * @param approved whether the person has just said yes; otherwise an earlier consent has to cover the scopes
 * @returns `undefined` when none does any more
 */
export async function issueCode(
  tx: Tx,
  request: PendingRequest,
  who: Identified,
  approved: boolean,
  now: Date,
): Promise<string | undefined> {
  const key = consentKey(request, who)
  const consent = approved
    ? await consent_extend(tx, key, { id: newId('consent'), scopes: request.scopes, now })
    : await coveringConsent(tx, key, request.scopes)
  if (consent === undefined) return undefined
  const grantId = newId('grant')
  const { clientId, resource, scopes } = request
  await grant_insert(tx, { id: grantId, consentId: consent.id, ...who, clientId, resource, scopes }, now)
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

async function coveringConsent(tx: Tx, key: ConsentKey, scopes: readonly string[]) {
  const consent = await consent_lock(tx, key)
  return consent !== undefined && scopes.every((scope) => consent.scopes.includes(scope)) ? consent : undefined
}
