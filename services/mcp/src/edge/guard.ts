import { decideTenant, type Principal, type Rules, type TenantPolicy } from '@gatehouse/policy'
import type { Profile } from '@gatehouse/profiles'
import type { FeedView } from '@gatehouse/token'
import { type EdgeReason, type Refused, refuseAtEdge, unavailable } from '../errors.ts'
import { isJson } from './accept.ts'
import { type Presented, readAuthorization, repeatedHeaders } from './authorization.ts'
import { challenge } from './challenge.ts'
import type { Proven } from './credential.ts'
import { type Arrive, judgeNamed, type Place } from './places.ts'
import type { Standing } from './standing.ts'

/** Who came in, and the workspace it acts for. */
export interface Admitted {
  readonly principal: Principal
  readonly tenant: TenantPolicy
  /** What a challenge points to; absent where the resource has no OAuth. */
  readonly metadataUrl: string | undefined
}

/** What the guard reads of a request. */
export interface Knock {
  readonly method: string
  /** Of the peer, past known proxies. */
  readonly address: string
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly authorization: string | undefined
  /** `X-Tenant`. */
  readonly tenantHeader: string | undefined
  readonly rawHeaders: readonly string[]
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  /** Methods that may be used beside POST: those of a session, for a request that names one. */
  readonly methods: ReadonlySet<string> | undefined
  /** Who it is, where something else than a credential has proven it. */
  readonly proven: Principal | undefined
}

export type Passed =
  | { readonly ok: true; readonly admitted: Admitted }
  /** `known` is there once a credential was proven: its window still counts the request, and the audit log is told. */
  | { readonly ok: false; readonly refused: Refused; readonly known?: Known }

/** Who was turned away, and why. */
export interface Known {
  readonly principal: Principal
  readonly reason: EdgeReason
}

export interface GuardDeps {
  /** Where a request came in. */
  readonly arrive: Arrive
  /** What auth says of a credential now. */
  readonly standing: (credential: string) => Promise<Standing>
  readonly feed: FeedView
  readonly profile: Profile
  readonly rules: Rules
}

/**
 * Everything before the body is read, in the order of the answers: Host and Origin, by host the tenant and its plan, credential, method,
 * workspace, content type. The credential comes before the method, since clients look for the challenge with a GET.
 */
export function createGuard(deps: GuardDeps): (knock: Knock) => Passed | Promise<Passed> {
  const read = createReader()
  return (knock) => {
    const repeated = repeatedHeaders(knock.rawHeaders)
    if (repeated.host) return { ok: false, refused: refuseAtEdge('host.repeated') }
    const arrived = deps.arrive(knock)
    if (typeof arrived === 'string') return { ok: false, refused: refuseAtEdge(arrived) }

    const presented = repeated.authorization ? MALFORMED : read(knock.authorization)
    const proven =
      knock.proven === undefined ? arrived.prove(presented, knock) : { ok: true as const, principal: knock.proven }
    // A credential that is known is judged without waiting: most are.
    return proven instanceof Promise
      ? proven.then((later) => judgeProven(deps, { knock, arrived, presented }, later))
      : judgeProven(deps, { knock, arrived, presented }, proven)
  }
}

/** Reads headers, but the one that came last not again: most clients send many requests in a row. */
function createReader(): (header: string | undefined) => Presented {
  let last: string | undefined
  let presented = readAuthorization(undefined, false)
  return (header) => {
    if (header !== last) {
      presented = readAuthorization(header, false)
      last = header
    }
    return presented
  }
}

const MALFORMED: Presented = { kind: 'malformed' }

interface Visit {
  readonly knock: Knock
  readonly arrived: Place
  readonly presented: Presented
}

function judgeProven(deps: GuardDeps, visit: Visit, proven: Proven): Passed | Promise<Passed> {
  const { arrived, presented } = visit
  if (!proven.ok) return { ok: false, refused: refuseCredential(deps, arrived, proven.reason) }
  const { principal } = proven
  if (deps.feed.freshness() === 'fresh' || presented.kind !== 'bearer') return judgeKnock(deps, visit, principal)
  return judgeStanding(deps, visit, principal, presented.value)
}

function judgeKnock(deps: GuardDeps, { knock, arrived }: Visit, principal: Principal): Passed {
  if (knock.method !== 'POST' && knock.methods?.has(knock.method) !== true) {
    return turnAway(principal, 'method.refused', { headers: { allow: 'POST' } })
  }
  const tenant = deps.feed.tenant(principal.tenant)
  const named = judgeNamed(deps.profile, arrived, { principal, tenant, header: knock.tenantHeader })
  if (named !== undefined) return turnAway(principal, named)
  const decision = decideTenant(principal, tenant, deps.rules)
  if (!decision.allow || tenant === undefined) {
    return turnAwayTenant(deps, arrived, principal, decision.allow ? 'tenant.unknown' : decision.reason)
  }
  if (knock.contentEncoding !== undefined && knock.contentEncoding.trim().toLowerCase() !== 'identity') {
    return turnAway(principal, 'encoding.unsupported', { headers: { 'accept-encoding': 'identity' } })
  }
  if (knock.method === 'POST' && !isJson(knock.contentType)) {
    return turnAway(principal, 'type.unsupported')
  }
  return { ok: true, admitted: { principal, tenant, metadataUrl: arrived.metadataUrl } }
}

const turnAway = (principal: Principal, reason: EdgeReason, more?: Parameters<typeof refuseAtEdge>[1]): Passed => ({
  ok: false,
  refused: refuseAtEdge(reason, more),
  known: { principal, reason },
})

/** Revocations do not reach this node: auth is asked, and only where it does not answer the credential is believed, for the grace. */
async function judgeStanding(deps: GuardDeps, visit: Visit, principal: Principal, credential: string): Promise<Passed> {
  const { arrived } = visit
  const standing = await deps.standing(credential)
  if (standing === 'inactive') return { ok: false, refused: refuseCredential(deps, arrived, 'refused') }
  if (standing === 'suspended') return turnAwayTenant(deps, arrived, principal, 'tenant.suspended')
  if (standing === 'away' && deps.feed.freshness() === 'expired') {
    return { ok: false, refused: unavailable('It cannot be checked now whether this credential is still good.') }
  }
  return judgeKnock(deps, visit, principal)
}

function refuseCredential(
  deps: GuardDeps,
  arrived: Place,
  reason: (Proven & { readonly ok: false })['reason'],
): Refused {
  if (reason === 'key.of-project' || reason === 'key.without-grant') {
    const grants = deps.profile.apiKeyGrants.join(' or ')
    return refuseAtEdge(reason, reason === 'key.without-grant' ? { hint: `Create one with the grant ${grants}.` } : {})
  }
  if (reason === 'throttled') return refuseAtEdge('keys.exceeded', { headers: { 'retry-after': '60' } })
  if (reason === 'unavailable') return unavailable('The credential cannot be checked now. Try again.')
  if (reason === 'missing') {
    const keysAlone = !deps.profile.credentials.includes('oauth')
    return challenged(deps, arrived, keysAlone ? 'key.missing' : 'credential.missing')
  }
  if (reason === 'malformed') return challenged(deps, arrived, 'credential.malformed', 'invalid_request')
  return challenged(deps, arrived, 'credential.refused', 'invalid_token')
}

function turnAwayTenant(deps: GuardDeps, arrived: Place, principal: Principal, reason: string): Passed {
  if (reason === 'tenant.suspended') {
    const { billing } = deps.profile.paths
    const hint = `See ${arrived.origin}${billing} to restore it.`
    return turnAway(principal, reason, billing === undefined ? {} : { hint })
  }
  if (reason === 'mcp.disabled' || reason === 'plan.without-mcp') return turnAway(principal, reason)
  const refused = challenged(deps, arrived, 'tenant.unknown', 'invalid_token')
  return { ok: false, refused, known: { principal, reason: 'tenant.unknown' } }
}

function challenged(
  deps: GuardDeps,
  { metadataUrl }: Place,
  reason: EdgeReason,
  error?: 'invalid_token' | 'invalid_request',
): Refused {
  const oauth = metadataUrl !== undefined
  const value = challenge({
    ...(error === undefined ? {} : { error, description: refuseAtEdge(reason).message }),
    // A challenge names what to ask for: only an authorization server can be asked.
    ...(oauth ? { scope: deps.profile.defaultScopes.filter((scope) => !deps.rules.narrowing.has(scope)) } : {}),
    metadataUrl,
  })
  return refuseAtEdge(reason, { headers: { 'www-authenticate': value } })
}
