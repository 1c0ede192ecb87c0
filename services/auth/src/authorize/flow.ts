import type { Clock } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import { type Client, client_get } from '../clients/clients.store.ts'
import { TrustedRedirect } from '../clients/redirects.ts'
import { consent_get } from '../grants/consents.store.ts'
import type { Browser } from '../http/browser.ts'
import type { Params } from '../http/form.ts'
import { PageFault } from '../http/pages.ts'
import { type Membership, membership_selected } from '../people/people.store.ts'
import type { Session } from '../people/sessions.store.ts'
import { findSession } from '../people/sessions.ts'
import type { OpenResources } from '../resources/registry.ts'
import type { Offered } from '../scopes/offered.ts'
import { newSecret } from '../secrets.ts'
import { answerUrl, refusalUrl } from './answer.ts'
import { type Asked, judgeRequest, type Prompt } from './checks.ts'
import { decide, isUnproven } from './decide.ts'
import { consentKey, issueCode } from './issue.ts'
import { type PendingRequest, request_end, request_insert, request_lock } from './requests.store.ts'

export interface FlowDeps {
  readonly issuer: string
  readonly db: Database
  readonly clock: Clock
  readonly offered: Offered
  readonly resources: OpenResources
}

/** The way back to the client, with its answer. */
export interface Departure {
  readonly url: string
  readonly client: { readonly name: string }
}

/** What the browser gets next. */
export type Step =
  | ({ readonly kind: 'redirect' } & Departure)
  | { readonly kind: 'login'; readonly request: PendingRequest; readonly client: Client }
  | {
      readonly kind: 'consent'
      readonly request: PendingRequest
      readonly client: Client
      readonly session: Session
      readonly membership: Membership
      readonly missing: readonly string[]
      readonly granted: readonly string[]
    }

/** How long a person may take. */
const REQUEST_MS = 15 * 60_000

/**
 * Client and redirect of an untrusted request. Until both are proven nothing is redirected (RFC 6749 section 4.1.2.1).
 * @throws PageFault
 */
export async function trust(params: Params, db: Database): Promise<{ client: Client; redirect: TrustedRedirect }> {
  const [clientId, ...otherIds] = params.all('client_id')
  if (clientId === undefined || otherIds.length > 0) throw new PageFault('client.missing')
  const client = await db.asPlatform('authorize', (tx) => client_get(tx, clientId))
  if (client === undefined) throw new PageFault('client.unknown')
  const uris = params.all('redirect_uri')
  if (uris.length > 1) throw new PageFault('redirect.missing')
  const redirect = TrustedRedirect.match(client.redirectUris, uris[0])
  if (redirect === undefined) throw new PageFault(uris.length === 0 ? 'redirect.missing' : 'redirect.foreign')
  return { client, redirect }
}

/** A new request: trust, checks, then what `resume` does. */
export async function begin(params: Params, browser: Browser, deps: FlowDeps): Promise<Step> {
  const { client, redirect } = await trust(params, deps.db)
  const target = { redirectUri: redirect.uri, state: params.get('state') ?? null }
  const verdict = judgeRequest({ params, client, offered: deps.offered, resources: await deps.resources() })
  if ('refused' in verdict) return { kind: 'redirect', url: refusalUrl(target, deps.issuer, verdict.refused), client }
  const nowMs = deps.clock.now()
  return deps.db.asPlatform('authorize', async (tx) => {
    const session = await findSession(tx, browser.hash, nowMs)
    const request: PendingRequest = {
      id: newSecret(),
      clientId: client.id,
      redirectUri: redirect.uri,
      redirectGiven: redirect.given,
      ...kept(verdict.asked),
      unmet: unmetPrompts(verdict.asked, session, nowMs),
      phase: session === undefined ? 'requested' : 'identified',
    }
    const times = { now: new Date(nowMs), expiresAt: new Date(nowMs + REQUEST_MS) }
    await request_insert(tx, request, { browserHash: browser.hash, ...times })
    return next(tx, request, client, session, deps)
  })
}

/** Goes on with a request that this browser began. @throws PageFault when it is over */
export async function resume(id: string, browser: Browser, deps: FlowDeps): Promise<Step> {
  const nowMs = deps.clock.now()
  return deps.db.asPlatform('authorize', async (tx) => {
    // Held, so that two tabs do not get a code each.
    const request = await request_lock(tx, id, browser.hash, new Date(nowMs))
    const client = request && (await client_get(tx, request.clientId))
    if (request === undefined || client === undefined) throw new PageFault('request.expired')
    return next(tx, request, client, await findSession(tx, browser.hash, nowMs), deps)
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
  return deps.db.asPlatform('consent', async (tx) => {
    const request = await request_lock(tx, id, browser.hash, now)
    const client = request && (await client_get(tx, request.clientId))
    if (request === undefined || client === undefined) throw new PageFault('request.expired')
    const refuse = async (reason: 'person.denied' | 'person.without-tenant'): Promise<Departure> => {
      await request_end(tx, id, 'refused')
      return { url: refusalUrl(request, deps.issuer, reason), client }
    }
    if (decision === 'deny') return refuse('person.denied')
    const session = await findSession(tx, browser.hash, now.getTime())
    if (session === undefined || request.unmet.includes('login')) throw new PageFault('request.expired')
    const membership = await membership_selected(tx, session.personId)
    if (membership === undefined) return refuse('person.without-tenant')
    if (shownTenant !== undefined && shownTenant !== membership.tenantId) return undefined
    const who = { personId: session.personId, tenantId: membership.tenantId, authTime: session.authTime }
    const code = await issueCode(tx, request, who, true, now)
    if (code === undefined) throw new PageFault('request.expired')
    return { url: answerUrl(request, deps.issuer, { code }), client }
  })
}

/** One turn of the loop login → consent → issue; the request is new or held. */
async function next(
  tx: Tx,
  request: PendingRequest,
  client: Client,
  session: Session | undefined,
  deps: FlowDeps,
): Promise<Step> {
  const { issuer } = deps
  const membership = session && (await membership_selected(tx, session.personId))
  const who = session &&
    membership && { personId: session.personId, tenantId: membership.tenantId, authTime: session.authTime }
  const granted = (who && (await consent_get(tx, consentKey(request, who)))?.scopes) ?? []
  const open = {
    scopes: request.scopes,
    unmet: new Set<Prompt>(request.unmet),
    unproven: isUnproven(client, request.redirectUri),
  }
  const decision = decide(open, session !== undefined, new Set(granted))
  const refuse = async (reason: Parameters<typeof refusalUrl>[2]): Promise<Step> => {
    await request_end(tx, request.id, 'refused')
    return { kind: 'redirect', url: refusalUrl(request, issuer, reason), client }
  }
  if (decision.kind === 'login') return request.silent ? refuse('login.required') : { kind: 'login', request, client }
  if (session === undefined || membership === undefined || who === undefined) return refuse('person.without-tenant')
  const ask = async (missing: readonly string[], granted: readonly string[]): Promise<Step> =>
    request.silent
      ? refuse('consent.required')
      : { kind: 'consent', request, client, session, membership, missing, granted }
  if (decision.kind === 'consent') return ask(decision.missing, granted)
  const code = await issueCode(tx, request, who, false, new Date(deps.clock.now()))
  // The consent ended between the look at it and the hold on it.
  if (code === undefined) return ask(request.scopes, [])
  return { kind: 'redirect', url: answerUrl(request, issuer, { code }), client }
}

const kept = (asked: Asked) => ({
  state: asked.state ?? null,
  scopes: asked.scopes,
  resource: asked.resource,
  challenge: asked.challenge,
  nonce: asked.nonce ?? null,
  loginHint: asked.loginHint ?? null,
  silent: asked.silent,
})

/** `max_age` that has run out is a login that was asked for. */
function unmetPrompts(asked: Asked, session: Session | undefined, nowMs: number): readonly Prompt[] {
  const tooOld =
    asked.maxAge !== undefined && session !== undefined && nowMs - session.authTime.getTime() > asked.maxAge * 1_000
  return tooOld && !asked.prompts.includes('login') ? [...asked.prompts, 'login'] : asked.prompts
}
