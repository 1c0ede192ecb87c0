import type { Clock } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import { followsSelection, type Profile } from '@gatehouse/profiles'
import { appendAudited } from '../audit/append.ts'
import { letIn } from '../client-hosts/let-in.ts'
import { type Client, client_get } from '../clients/clients.store.ts'
import type { FindClient } from '../clients/find.ts'
import type { Home } from '../clients/of-issuer.ts'
import type { Reason } from '../errors.ts'
import { consent_get, consent_get_tenant } from '../grants/consents.store.ts'
import type { Browser } from '../http/browser.ts'
import type { Params } from '../http/form.ts'
import { PageFault } from '../http/pages.ts'
import { type Membership, membership_selected } from '../people/people.store.ts'
import type { Session } from '../people/sessions.store.ts'
import { findSession } from '../people/sessions.ts'
import type { OpenResources, Resources } from '../resources/registry.ts'
import type { Resource } from '../resources/resources.store.ts'
import type { Offered } from '../scopes/offered.ts'
import { newSecret } from '../secrets.ts'
import { answerUrl, refusalUrl } from './answer.ts'
import { type Asked, judgeRequest, type Prompt } from './checks.ts'
import { decide, isUnproven, unmetPrompts } from './decide.ts'
import { consentKey, goingAlong, type Identified, issueCode } from './issue.ts'
import { type PendingRequest, request_end, request_insert, request_lock } from './requests.store.ts'
import { shownSha256 } from './shown.ts'
import { isSelfMade, trust } from './trust.ts'

export interface FlowDeps {
  readonly profile: Profile
  readonly issuer: string
  readonly db: Database
  readonly clock: Clock
  readonly findClient: FindClient
  readonly offered: Offered
  readonly resources: OpenResources
  readonly home: Home | undefined
}

/** The way back to the client, with its answer. */
export interface Departure {
  readonly url: string
  readonly client: { readonly name: string }
}

/** What the browser gets next. */
export type Step =
  | ({ readonly kind: 'redirect' } & Departure)
  /** Refused, and the way back is not gone unasked. */
  | ({ readonly kind: 'refused'; readonly reason: Reason } & Departure)
  | { readonly kind: 'login'; readonly request: PendingRequest; readonly client: Client }
  | {
      readonly kind: 'consent'
      readonly request: PendingRequest
      readonly client: Client
      readonly session: Session
      readonly membership: Membership
      readonly resources: readonly Resource[]
      /** What was asked for and not yet allowed. */
      readonly missing: readonly string[]
      /** What was allowed before and goes along, asked for or not. */
      readonly granted: readonly string[]
    }

/** How long a person may take. */
const REQUEST_MS = 15 * 60_000

/** A request as it came. */
export interface Begun {
  readonly params: Params
  /** Whether it came by /oauth/par. */
  readonly pushed: boolean
  /** Whose it is, as limits count them. */
  readonly sender: string
}

/** A new request: trust, checks, then what `resume` does. */
export async function begin({ params, pushed, sender }: Begun, browser: Browser, deps: FlowDeps): Promise<Step> {
  const { client, redirect } = await trust(params, sender, deps.findClient)
  const nowMs = deps.clock.now()
  const resources = await deps.resources()
  const pushedRequired = deps.profile.requirePushedRequests
  const verdict = judgeRequest({ params, client, offered: deps.offered, resources, pushed, pushedRequired })
  return deps.db.asPlatform('authorize', async (tx) => {
    const session = await findSession(tx, browser.hash, nowMs)
    if ('refused' in verdict) {
      const target = { redirectUri: redirect.uri, state: params.get('state') ?? null }
      const url = refusalUrl(target, deps.issuer, verdict.refused)
      if (session === undefined && isSelfMade(client)) return { kind: 'refused', reason: verdict.refused, url, client }
      return { kind: 'redirect', url, client }
    }
    const request: PendingRequest = {
      id: newSecret(),
      clientId: client.id,
      redirectUri: redirect.uri,
      redirectGiven: redirect.given,
      ...kept(verdict.asked),
      unmet: unmetPrompts(verdict.asked, session?.authTime, nowMs),
      phase: session === undefined ? 'requested' : 'identified',
    }
    const times = { now: new Date(nowMs), expiresAt: new Date(nowMs + REQUEST_MS) }
    await request_insert(tx, request, { browserHash: browser.hash, ...times })
    return next(tx, { request, client, session, resources }, deps)
  })
}

/** Goes on with a request that this browser began. @throws PageFault when it is over */
export async function resume(id: string, browser: Browser, deps: FlowDeps): Promise<Step> {
  const nowMs = deps.clock.now()
  const resources = await deps.resources()
  return deps.db.asPlatform('authorize', async (tx) => {
    // Held, so that two tabs do not get a code each.
    const request = await request_lock(tx, id, browser.hash, new Date(nowMs))
    const client = request && (await client_get(tx, request.clientId))
    if (request === undefined || client === undefined) throw new PageFault('request.expired')
    const session = await findSession(tx, browser.hash, nowMs)
    return next(tx, { request, client, session, resources }, deps)
  })
}

/**
 * The person's answer to a page.
 * @param shownTenant the organisation that the page named
 * @returns where the browser goes; nothing when another organisation is selected by now, so that the page has to be shown anew
 * @throws PageFault when there is nothing to answer
 */
export async function answer(
  id: string,
  decision: 'approve' | 'deny',
  shownTenant: string | undefined,
  browser: Browser,
  deps: FlowDeps,
): Promise<Departure | undefined> {
  const now = new Date(deps.clock.now())
  const registered = await deps.resources()
  return deps.db.asPlatform('consent', async (tx) => {
    const request = await request_lock(tx, id, browser.hash, now)
    const client = request && (await client_get(tx, request.clientId))
    if (request === undefined || client === undefined) throw new PageFault('request.expired')
    const refuse = async (
      reason: 'person.denied' | 'person.without-tenant' | 'client.not-let-in',
    ): Promise<Departure> => {
      await request_end(tx, id, 'refused')
      return { url: refusalUrl(request, deps.issuer, reason), client }
    }
    const session = await findSession(tx, browser.hash, now.getTime())
    const membership = session && (await membership_selected(tx, session.personId, deps.home?.tenantId))
    const resources = stillRegistered(request, registered)
    const decided = (outcome: 'succeeded' | 'refused', reason?: string) =>
      appendAudited(tx, 'consented', {
        tenant: membership?.tenantId,
        actor: { ...(session ? { kind: 'person', id: session.personId } : { kind: 'nobody' }), client: client.id },
        outcome,
        ...(reason === undefined ? {} : { reason }),
        object: { kind: 'client', id: client.id },
        fields: [...request.scopes],
        argumentsSha256: shownSha256(client, resources, request.scopes, deps.offered),
        now,
      })
    if (decision === 'deny') {
      await decided('refused', 'person.denied')
      return refuse('person.denied')
    }
    if (session === undefined || request.unmet.includes('login')) throw new PageFault('request.expired')
    if (membership === undefined) return refuse('person.without-tenant')
    if (shownTenant !== undefined && shownTenant !== membership.tenantId) return undefined
    if (!(await letIn(tx, client, membership.tenantId, deps.profile))) {
      await decided('refused', 'client.not-let-in')
      return refuse('client.not-let-in')
    }
    const who = await identified(tx, { request, session, membership }, deps.profile)
    const code = await issueCode(tx, { request, resources, who, approved: true }, deps.offered, now)
    if (code === undefined) throw new PageFault('request.expired')
    await decided('succeeded')
    return { url: answerUrl(request, deps.issuer, { code }), client }
  })
}

interface Turn {
  /** New or held. */
  readonly request: PendingRequest
  readonly client: Client
  readonly session: Session | undefined
  readonly resources: Resources
}

/** One turn of the loop login → consent → issue. */
async function next(tx: Tx, turn: Turn, deps: FlowDeps): Promise<Step> {
  const { request, client, session } = turn
  const { issuer, offered } = deps
  const resources = stillRegistered(request, turn.resources)
  const membership = session && (await membership_selected(tx, session.personId, deps.home?.tenantId))
  const who = session && membership && (await identified(tx, { request, session, membership }, deps.profile))
  const before = who === undefined ? [] : await allowed(tx, request, resources, who)
  const open = {
    scopes: request.scopes,
    unmet: new Set<Prompt>(request.unmet),
    unproven: isUnproven(client, request.redirectUri),
  }
  const decision = decide(open, session !== undefined, coveredBy(before, request.scopes, offered))
  const refuse = async (reason: Reason): Promise<Step> => {
    await request_end(tx, request.id, 'refused')
    return { kind: 'redirect', url: refusalUrl(request, issuer, reason), client }
  }
  if (decision.kind === 'login') return request.silent ? refuse('login.required') : { kind: 'login', request, client }
  if (session === undefined || membership === undefined || who === undefined) return refuse('person.without-tenant')
  if (!(await letIn(tx, client, membership.tenantId, deps.profile))) return refuse('client.not-let-in')
  const ask = async (missing: readonly string[], granted: readonly string[]): Promise<Step> =>
    request.silent
      ? refuse('consent.required')
      : { kind: 'consent', request, client, session, membership, resources, missing, granted }
  if (decision.kind === 'consent') {
    const earlier = before.flatMap(({ resource, scopes }) => goingAlong(resource, request.scopes, scopes, offered))
    return ask(decision.missing, [...new Set(earlier)])
  }
  const toIssue = { request, resources, who, approved: false }
  const code = await issueCode(tx, toIssue, offered, new Date(deps.clock.now()))
  // The consent ended between the look at it and the hold on it.
  if (code === undefined) return ask(request.scopes, [])
  return { kind: 'redirect', url: answerUrl(request, issuer, { code }), client }
}

/** For whom it is: in the organisation that is selected, or, where tokens follow what is selected, in the one where the client was allowed first. */
async function identified(
  tx: Tx,
  of: { readonly request: PendingRequest; readonly session: Session; readonly membership: Membership },
  profile: Profile,
): Promise<Identified> {
  const { personId, authTime } = of.session
  const earlier = followsSelection(profile)
    ? await consent_get_tenant(tx, { personId, clientId: of.request.clientId })
    : undefined
  return { personId, tenantId: earlier?.tenantId ?? of.membership.tenantId, authTime }
}

interface Allowed {
  readonly resource: Resource
  readonly scopes: readonly string[]
}

async function allowed(
  tx: Tx,
  request: PendingRequest,
  resources: readonly Resource[],
  who: Identified,
): Promise<readonly Allowed[]> {
  const found: Allowed[] = []
  for (const resource of resources) {
    const consent = await consent_get(tx, consentKey(request, who, resource))
    found.push({ resource, scopes: consent?.scopes ?? [] })
  }
  return found
}

/** The scopes that are allowed at every resource where they mean something. */
function coveredBy(before: readonly Allowed[], asked: readonly string[], offered: Offered): ReadonlySet<string> {
  const uncovered = before.flatMap(({ resource, scopes }) =>
    offered.meantAt(resource, asked).filter((scope) => !scopes.includes(scope)),
  )
  return new Set(before.length === 0 ? [] : asked.filter((scope) => !uncovered.includes(scope)))
}

/** @throws PageFault when one of them was removed meanwhile */
function stillRegistered(request: PendingRequest, resources: Resources): readonly Resource[] {
  return request.resources.map((identifier) => {
    const resource = resources.find(identifier)
    if (resource === undefined) throw new PageFault('request.expired')
    return resource
  })
}

const kept = (asked: Asked) => ({
  state: asked.state ?? null,
  scopes: asked.scopes,
  resources: asked.resources.map(({ identifier }) => identifier),
  challenge: asked.challenge,
  nonce: asked.nonce ?? null,
  loginHint: asked.loginHint ?? null,
  maxAge: asked.maxAge ?? null,
  silent: asked.silent,
})
