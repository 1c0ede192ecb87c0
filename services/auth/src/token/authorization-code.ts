import type { Tx } from '@gatehouse/database'
import { followsSelection } from '@gatehouse/profiles'
import { doneFor } from '../audit/asked-by.ts'
import { appendIssued } from '../audit/tokens.ts'
import { reachable } from '../clients/may-use.ts'
import { isAtHome } from '../clients/of-issuer.ts'
import { type Reason, Refusal } from '../errors.ts'
import { grant_lock, grant_touch } from '../grants/grants.store.ts'
import { endGrant } from '../grants/revoke.ts'
import { type Named, namedResources, pickResource } from '../resources/pick.ts'
import type { Resources } from '../resources/registry.ts'
import { newSecret, sha256 } from '../secrets.ts'
import { code_consume, code_get, code_get_grant } from './codes.store.ts'
import type { GrantHandler, TokenDeps, TokenRequest } from './deps.ts'
import { holderOf } from './holder.ts'
import { type CodeForm, isVerifier, judgeCode } from './judge-code.ts'
import { refreshEnd } from './judge-refresh.ts'
import type { Issue } from './mint.ts'
import { refresh_insert } from './refresh.store.ts'

/** `grant_type=authorization_code` (OAuth 2.1, section 4.1.3). */
export const authorizationCode: GrantHandler = async (request, deps) => {
  const { form, client } = request
  const code = form.need('code')
  const verifier = form.get('code_verifier')
  if (!isVerifier(verifier)) throw new Refusal('pkce.missing')
  const resources = await deps.resources()
  const given = {
    clientId: client.id,
    redirectUri: form.get('redirect_uri'),
    verifier,
    named: namedResources(form, resources),
  }
  const outcome = await doneFor(request.askedBy, () =>
    deps.db.asPlatform('exchange', (tx) => exchange(tx, sha256(code), given, request, resources, deps)),
  )
  if ('refused' in outcome) throw new Refusal(outcome.refused)
  return outcome
}

type Given = Omit<CodeForm, 'resource'> & { readonly named: Named }

/**
 * Code, token family and revocation in one transaction that holds the grant. The refusal of a replay is returned and not thrown: a
 * throw would roll the revocation back.
 */
async function exchange(
  tx: Tx,
  hash: Uint8Array,
  { named, ...form }: Given,
  { client }: TokenRequest,
  resources: Resources,
  { profile, clock, offered, home }: TokenDeps,
): Promise<Issue | { readonly refused: Reason }> {
  const owner = await code_get_grant(tx, hash)
  const grant = owner && (await grant_lock(tx, owner.grantId))
  if (grant === undefined || !isAtHome(grant, home)) return { refused: 'code.unknown' }
  const code = await code_get(tx, hash)
  const now = new Date(clock.now())
  const resource = pickResource(named, reachable(client, grant.resources), resources)
  const verdict = judgeCode({ ...form, resource }, code, grant, now)
  if (verdict.kind === 'refuse') return { refused: verdict.reason }
  if (verdict.kind === 'replay') {
    await endGrant(tx, grant.id, 'code.replayed', now)
    return { refused: 'code.replayed' }
  }
  // The judge refuses what is no resource.
  if (typeof resource === 'string') return { refused: resource }
  const holder = await holderOf(tx, grant, followsSelection(profile))
  await code_consume(tx, hash, now)
  await grant_touch(tx, grant.id, now)
  const refreshes = profile.grants.includes('refresh_token') && client.grantTypes?.includes('refresh_token') !== false
  const refreshToken = refreshes ? newSecret() : undefined
  if (refreshToken !== undefined) {
    const expiresAt = refreshEnd(grant.createdAt, now, profile)
    await refresh_insert(tx, { hash: sha256(refreshToken), grantId: grant.id, generation: 0, expiresAt })
  }
  await appendIssued(tx, { holder, type: 'authorization_code', now })
  return {
    holder,
    resource,
    scopes: offered.meantAt(resource, grant.scopes),
    refreshToken,
    nonce: code.nonce ?? undefined,
  }
}
