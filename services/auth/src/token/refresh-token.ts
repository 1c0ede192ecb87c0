import { DatabaseUnavailable, type Tx } from '@gatehouse/database'
import { followsSelection, type Profile } from '@gatehouse/profiles'
import { doneFor } from '../audit/asked-by.ts'
import { appendIssued, appendReused } from '../audit/tokens.ts'
import { letInNow } from '../client-hosts/let-in.ts'
import { type Reason, Refusal } from '../errors.ts'
import { grant_lock_of_refresh_token } from '../grants/grants.store.ts'
import { endGrant } from '../grants/revoke.ts'
import { openRefreshRing, type RefreshRing } from '../keys/refresh-ring.ts'
import { namedResources } from '../resources/pick.ts'
import type { Resources } from '../resources/registry.ts'
import { sha256 } from '../secrets.ts'
import type { GrantHandler, TokenDeps, TokenRequest } from './deps.ts'
import { asHolder, type Holder } from './holder.ts'
import { refreshEnd, retryWindowMs } from './judge-refresh.ts'
import { type Asked, judgeUse, type Use } from './judge-use.ts'
import type { Issue } from './mint.ts'
import {
  type Family,
  type Rotation,
  refresh_count_try,
  refresh_get,
  refresh_list_chain,
  refresh_rotate,
  refresh_rotate_at_once,
} from './refresh.store.ts'

/** A key on the way to the newest token is not known here: retired, or newer than what this node has read. */
const KEY_UNREAD = { refused: 'refresh.expired' } as const

/** Long enough for whoever repeats so often to notice. */
const TOO_OFTEN_SECONDS = 30

/**
 * `grant_type=refresh_token` (OAuth 2.1, section 4.3), rotated on every use. Nearly every use is of the newest token of a living family that
 * nobody else holds: that is one statement, which does it or does nothing. All else is decided by whoever holds the grant.
 */
export const refreshToken: GrantHandler = async (request, deps) => {
  const token = request.form.need('refresh_token')
  const resources = await deps.resources()
  const { form, client, receivedAt } = request
  const asked = { client, named: namedResources(form, resources), scope: form.get('scope'), receivedAt }
  const ring = await openRefreshRing(deps.refreshRing)
  const presentation = { token, hash: sha256(token), asked, resources, ring }
  return (await rotateAtOnce(presentation, deps)) ?? held(presentation, request, deps)
}

/** What was presented, and what it is judged by. */
interface Presentation {
  readonly token: string
  readonly hash: Uint8Array
  readonly asked: Asked
  readonly resources: Resources
  readonly ring: RefreshRing
}

const judge = (family: Family, { asked, resources }: Presentation, { home, profile }: TokenDeps): Use =>
  judgeUse(family, asked, { home, resources, windowMs: retryWindowMs(profile.refreshRetrySeconds) })

/** @returns nothing when it was not that simple, and nothing was done; or when nobody can know, which a repetition sorts out */
async function rotateAtOnce(presentation: Presentation, deps: TokenDeps): Promise<Issue | undefined> {
  const { profile, clock, db, readFamily, offered } = deps
  // Its event is part of the transaction.
  if (profile.auditRefreshes) return undefined
  const family = await readFamily(presentation.hash)
  if (family?.member === undefined) return undefined
  const use = judge(family, presentation, deps)
  const { grant, member } = family
  if (use.kind !== 'rotate' || member.tenantId !== grant.tenantId) return undefined
  const successor = successorOf(presentation)
  const rotation = () => rotationOf(presentation, family, successor, clock.now(), profile)
  const done = await refresh_rotate_at_once(db, rotation).catch((error: unknown) => {
    if (error instanceof DatabaseUnavailable) return 0
    throw error
  })
  return done === 0 ? undefined : issueOf(asHolder(grant, member), use, successor, offered)
}

/** The whole use of a token in one transaction that holds the grant, so that of many at once one rotates and the others repeat. */
async function held(given: Presentation, request: TokenRequest, deps: TokenDeps): Promise<Issue> {
  const attempt = (presentation: Presentation) =>
    doneFor(request.askedBy, () => deps.db.asPlatform('refresh', (tx) => refresh(tx, presentation, request, deps)))
  let outcome = await attempt(given)
  if (outcome === KEY_UNREAD) {
    // Another node has just brought a key by command: nobody may be locked out for not having read it yet.
    await deps.refreshRing.refresh()
    outcome = await attempt({ ...given, ring: await openRefreshRing(deps.refreshRing) })
  }
  if ('refused' in outcome) {
    throw new Refusal(
      outcome.refused,
      outcome.refused === 'refresh.too-often' ? { retryAfterSeconds: TOO_OFTEN_SECONDS } : {},
    )
  }
  return outcome
}

async function refresh(
  tx: Tx,
  presentation: Presentation,
  { client }: TokenRequest,
  deps: TokenDeps,
): Promise<Issue | { readonly refused: Reason }> {
  const { profile, clock, offered } = deps
  const { hash } = presentation
  const grant = await grant_lock_of_refresh_token(tx, hash)
  const family = grant && (await refresh_get(tx, hash, followsSelection(profile)))
  if (family === undefined) return { refused: 'refresh.unknown' }
  const use = judge(family, presentation, deps)
  if (use.kind === 'refuse') return { refused: use.reason }
  if (use.kind === 'end') {
    const now = new Date(clock.now())
    await endGrant(tx, family.grant.id, 'refresh.reused', now)
    await appendReused(tx, family.grant, now)
    return { refused: 'refresh.reused' }
  }
  const { member } = family
  const { tenantId = family.grant.tenantId } = member ?? {}
  const holder = asHolder({ ...family.grant, tenantId }, member)
  if (tenantId !== family.grant.tenantId && !(await letInNow(tx, client, tenantId, profile))) {
    await endGrant(tx, family.grant.id, 'client.not-let-in', new Date(clock.now()))
    return { refused: 'grant.ended' }
  }
  const successor = use.kind === 'rotate' ? successorOf(presentation) : await newest(tx, presentation, family)
  if (successor === undefined) return KEY_UNREAD
  if (use.kind === 'rotate') {
    await refresh_rotate(tx, rotationOf(presentation, family, successor, clock.now(), profile))
  } else await refresh_count_try(tx, hash)
  if (profile.auditRefreshes) {
    await appendIssued(tx, { holder, type: 'refresh_token', now: new Date(clock.now()) })
  }
  return issueOf(holder, use, successor, offered)
}

const issueOf = (
  holder: Holder,
  { resource, scopes }: Extract<Use, { kind: 'rotate' | 'repeat' }>,
  refreshToken: string,
  offered: TokenDeps['offered'],
): Issue => ({ holder, resource, scopes: offered.meantAt(resource, scopes), refreshToken })

function successorOf({ token, ring }: Presentation): string {
  const successor = ring.successor(token, ring.current)
  if (successor === undefined) throw new Error('the current key of the refresh ring is missing')
  return successor
}

function rotationOf(
  { hash, ring }: Presentation,
  { grant, presented }: Family,
  successor: string,
  nowMs: number,
  profile: Profile,
): Rotation {
  const now = new Date(nowMs)
  const expiresAt = refreshEnd(grant.createdAt, now, profile)
  return {
    hash,
    keyId: ring.current,
    now,
    grantId: grant.id,
    successor: { hash: sha256(successor), generation: presented.generation + 1, expiresAt },
  }
}

/** The family's newest token, computed from an older one. `undefined` when a key on the way is retired. */
async function newest(tx: Tx, { token, ring }: Presentation, { grant, presented }: Family) {
  let reached: string | undefined = token
  for (const { keyId } of await refresh_list_chain(tx, grant.id, presented.generation)) {
    if (reached !== undefined) reached = ring.successor(reached, keyId)
  }
  return reached
}
