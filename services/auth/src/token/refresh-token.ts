import type { Tx } from '@gatehouse/database'
import { followsSelection } from '@gatehouse/profiles'
import { appendIssued, appendReused } from '../audit/tokens.ts'
import { letInNow } from '../client-hosts/let-in.ts'
import { reachable } from '../clients/may-use.ts'
import { isAtHome } from '../clients/of-issuer.ts'
import { type Reason, Refusal } from '../errors.ts'
import { type Grant, grant_lock_of_refresh_token } from '../grants/grants.store.ts'
import { endGrant } from '../grants/revoke.ts'
import { openRefreshRing, type RefreshRing } from '../keys/refresh-ring.ts'
import { type Named, namedResources, pickResource } from '../resources/pick.ts'
import type { Resources } from '../resources/registry.ts'
import { refreshedScopes } from '../scopes/judge.ts'
import { sha256 } from '../secrets.ts'
import type { GrantHandler, TokenDeps, TokenRequest } from './deps.ts'
import { asHolder, holderOf } from './holder.ts'
import { judgeRefresh, refreshEnd, retryWindowMs } from './judge-refresh.ts'
import type { Issue } from './mint.ts'
import { refresh_count_try, refresh_get, refresh_list_chain, refresh_rotate } from './refresh.store.ts'

/** A key on the way to the newest token is not known here: retired, or newer than what this node has read. */
const KEY_UNREAD = { refused: 'refresh.expired' } as const

/** Long enough for whoever repeats so often to notice. */
const TOO_OFTEN_SECONDS = 30

/** `grant_type=refresh_token` (OAuth 2.1, section 4.3), rotated on every use. */
export const refreshToken: GrantHandler = async (request, deps) => {
  const token = request.form.need('refresh_token')
  const resources = await deps.resources()
  const named = namedResources(request.form, resources)
  const attempt = async () => {
    const ring = await openRefreshRing(deps.refreshRing)
    return deps.db.asPlatform('refresh', (tx) => refresh(tx, { token, named, resources, ring }, request, deps))
  }
  let outcome = await attempt()
  if (outcome === KEY_UNREAD) {
    // Another node has just brought a key by command: nobody may be locked out for not having read it yet.
    await deps.refreshRing.refresh()
    outcome = await attempt()
  }
  if ('refused' in outcome) {
    throw new Refusal(
      outcome.refused,
      outcome.refused === 'refresh.too-often' ? { retryAfterSeconds: TOO_OFTEN_SECONDS } : {},
    )
  }
  return outcome
}

/** What was presented, and what it is judged by. */
interface Presentation {
  readonly token: string
  readonly named: Named
  readonly resources: Resources
  readonly ring: RefreshRing
}

/** The whole use of a token in one transaction that holds the grant, so that of many at once one rotates and the others repeat. */
async function refresh(
  tx: Tx,
  { token, named, resources, ring }: Presentation,
  { form, client, receivedAt }: TokenRequest,
  { profile, clock, offered, home }: TokenDeps,
): Promise<Issue | { readonly refused: Reason }> {
  const hash = sha256(token)
  const grant = await grant_lock_of_refresh_token(tx, hash)
  if (grant === undefined || grant.clientId !== client.id || !isAtHome(grant, home))
    return { refused: 'refresh.unknown' }
  if (grant.endedAt !== null) return { refused: 'grant.ended' }
  const resource = pickResource(named, reachable(client, grant.resources), resources)
  const scopes = refreshedScopes(form.get('scope'), grant.scopes)
  const { id, email, name, role, ...presented } = await refresh_get(tx, hash)
  const seen = { ...presented, expiresAt: presented.expiresAt.getTime(), usedAt: presented.usedAt?.getTime() }
  const verdict = judgeRefresh(seen, receivedAt, retryWindowMs(profile.refreshRetrySeconds))
  if (verdict === 'reused') {
    const now = new Date(clock.now())
    await endGrant(tx, grant.id, 'refresh.reused', now)
    await appendReused(tx, grant, now)
    return { refused: 'refresh.reused' }
  }
  if (verdict === 'too-often') return { refused: 'refresh.too-often' }
  if (verdict === 'expired') return { refused: 'refresh.expired' }
  // After the judge: who presents a stolen token may as well ask for a wrong thing. Before the rotation: a mistake costs nothing.
  if (typeof resource === 'string') return { refused: resource }
  if (scopes === undefined) return { refused: 'scope.invalid' }
  const gone = id === null || email === null || name === null || role === null
  const holder = followsSelection(profile)
    ? await holderOf(tx, grant, true)
    : asHolder(grant, gone ? undefined : { id, email, name, role })
  const { tenantId = grant.tenantId } = holder
  if (tenantId !== grant.tenantId && !(await letInNow(tx, client, tenantId, profile))) {
    await endGrant(tx, grant.id, 'client.not-let-in', new Date(clock.now()))
    return { refused: 'grant.ended' }
  }
  const successor =
    verdict === 'rotate'
      ? await rotate(tx, token, presented.generation, grant, ring, { profile, clock })
      : await newest(tx, token, presented.generation, grant, ring)
  if (successor === undefined) return KEY_UNREAD
  if (verdict === 'repeat') await refresh_count_try(tx, hash)
  if (profile.auditRefreshes) {
    await appendIssued(tx, { holder, type: 'refresh_token', now: new Date(clock.now()) })
  }
  return { holder, resource, scopes: offered.meantAt(resource, scopes), refreshToken: successor }
}

async function rotate(
  tx: Tx,
  token: string,
  generation: number,
  grant: Grant,
  ring: RefreshRing,
  { profile, clock }: Pick<TokenDeps, 'profile' | 'clock'>,
): Promise<string> {
  const successor = ring.successor(token, ring.current)
  if (successor === undefined) throw new Error('the current key of the refresh ring is missing')
  const now = new Date(clock.now())
  const expiresAt = refreshEnd(grant.createdAt, now, profile)
  await refresh_rotate(tx, {
    hash: sha256(token),
    keyId: ring.current,
    now,
    grantId: grant.id,
    successor: { hash: sha256(successor), generation: generation + 1, expiresAt },
  })
  return successor
}

/** The family's newest token, computed from an older one. `undefined` when a key on the way is retired. */
async function newest(tx: Tx, token: string, generation: number, grant: Grant, ring: RefreshRing) {
  let reached: string | undefined = token
  for (const { keyId } of await refresh_list_chain(tx, grant.id, generation)) {
    if (reached !== undefined) reached = ring.successor(reached, keyId)
  }
  return reached
}
