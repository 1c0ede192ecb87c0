import { decideTenant, type Principal, type Rules, type TenantPolicy } from '@gatehouse/policy'
import type { Profile } from '@gatehouse/profiles'
import type { FeedView } from '@gatehouse/token'
import { type EdgeReason, type Refused, refuseAtEdge, unavailable } from '../errors.ts'
import { isJson } from './accept.ts'
import { type Presented, readAuthorization, repeatedHeaders } from './authorization.ts'
import { challenge } from './challenge.ts'
import type { Proven } from './credential.ts'
import { type Doors, judgeDoors } from './origin.ts'
import type { Standing } from './standing.ts'

/** Who came in, and the workspace it acts for. */
export interface Admitted {
  readonly principal: Principal
  readonly tenant: TenantPolicy
}

/** What the guard reads of a request. */
export interface Knock {
  readonly method: string
  /** Of the peer, past known proxies. */
  readonly address: string
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly authorization: string | undefined
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
  /** `principal` is there once a credential was proven: its window still counts the request. */
  | { readonly ok: false; readonly refused: Refused; readonly principal?: Principal }

export interface GuardDeps {
  readonly doors: Doors
  readonly prove: (presented: Presented, address: string) => Proven | Promise<Proven>
  /** What auth says of a credential now. */
  readonly standing: (credential: string) => Promise<Standing>
  readonly feed: FeedView
  readonly profile: Profile
  readonly rules: Rules
  readonly publicUrl: string
  /** Absent where the resource has no OAuth. */
  readonly metadataUrl: string | undefined
}

/**
 * Everything before the body is read, in the order of the answers: Host and Origin, credential, method, workspace, content type.
 * The credential comes before the method, since clients look for the challenge with a GET.
 */
export function createGuard(deps: GuardDeps): (knock: Knock) => Passed | Promise<Passed> {
  const read = createReader()
  return (knock) => {
    const repeated = repeatedHeaders(knock.rawHeaders)
    if (repeated.host) return { ok: false, refused: refuseAtEdge('host.repeated') }
    const door = judgeDoors(deps.doors, knock.host, knock.origin)
    if (door !== undefined) return { ok: false, refused: refuseAtEdge(door) }

    const presented = repeated.authorization ? MALFORMED : read(knock.authorization)
    const proven =
      knock.proven === undefined ? deps.prove(presented, knock.address) : { ok: true as const, principal: knock.proven }
    // A credential that is known is judged without waiting: most are.
    return proven instanceof Promise
      ? proven.then((later) => judgeProven(deps, knock, presented, later))
      : judgeProven(deps, knock, presented, proven)
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

function judgeProven(deps: GuardDeps, knock: Knock, presented: Presented, proven: Proven): Passed | Promise<Passed> {
  if (!proven.ok) return { ok: false, refused: refuseCredential(deps, proven.reason) }
  const { principal } = proven
  if (deps.feed.freshness() === 'fresh' || presented.kind !== 'bearer') return judgeKnock(deps, knock, principal)
  return judgeStanding(deps, presented.value).then((refused) =>
    refused === undefined ? judgeKnock(deps, knock, principal) : { ok: false, refused },
  )
}

function judgeKnock(deps: GuardDeps, knock: Knock, principal: Principal): Passed {
  if (knock.method !== 'POST' && knock.methods?.has(knock.method) !== true) {
    return { ok: false, refused: refuseAtEdge('method.refused', { headers: { allow: 'POST' } }), principal }
  }
  const tenant = deps.feed.tenant(principal.tenant)
  const decision = decideTenant(principal, tenant, deps.rules)
  if (!decision.allow || tenant === undefined) {
    const reason = decision.allow ? 'tenant.unknown' : decision.reason
    return { ok: false, refused: refuseTenant(deps, reason), principal }
  }
  if (knock.contentEncoding !== undefined && knock.contentEncoding.trim().toLowerCase() !== 'identity') {
    const headers = { 'accept-encoding': 'identity' }
    return { ok: false, refused: refuseAtEdge('encoding.unsupported', { headers }), principal }
  }
  if (knock.method === 'POST' && !isJson(knock.contentType)) {
    return { ok: false, refused: refuseAtEdge('type.unsupported'), principal }
  }
  return { ok: true, admitted: { principal, tenant } }
}

/** Revocations do not reach this node: auth is asked, and only where it does not answer the credential is believed, for the grace. */
async function judgeStanding(deps: GuardDeps, credential: string): Promise<Refused | undefined> {
  const standing = await deps.standing(credential)
  if (standing === 'inactive') return refuseCredential(deps, 'refused')
  if (standing === 'suspended') return refuseTenant(deps, 'tenant.suspended')
  return standing === 'away' && deps.feed.freshness() === 'expired'
    ? unavailable('It cannot be checked now whether this credential is still good.')
    : undefined
}

function refuseCredential(deps: GuardDeps, reason: (Proven & { readonly ok: false })['reason']): Refused {
  if (reason === 'throttled') return refuseAtEdge('keys.exceeded', { headers: { 'retry-after': '60' } })
  if (reason === 'unavailable') return unavailable('The credential cannot be checked now. Try again.')
  if (reason === 'missing') return challenged(deps, 'credential.missing')
  if (reason === 'malformed') return challenged(deps, 'credential.malformed', 'invalid_request')
  return challenged(deps, 'credential.refused', 'invalid_token')
}

function refuseTenant(deps: GuardDeps, reason: string): Refused {
  if (reason === 'tenant.suspended') {
    const { billing } = deps.profile.paths
    return refuseAtEdge(
      'tenant.suspended',
      billing === undefined ? {} : { hint: `See ${deps.publicUrl}${billing} to restore it.` },
    )
  }
  if (reason === 'mcp.disabled' || reason === 'plan.without-mcp') return refuseAtEdge(reason)
  return challenged(deps, 'tenant.unknown', 'invalid_token')
}

function challenged(deps: GuardDeps, reason: EdgeReason, error?: 'invalid_token' | 'invalid_request'): Refused {
  const oauth = deps.metadataUrl !== undefined
  const value = challenge({
    ...(error === undefined ? {} : { error, description: refuseAtEdge(reason).message }),
    // A challenge names what to ask for: only an authorization server can be asked.
    ...(oauth ? { scope: deps.profile.defaultScopes.filter((scope) => !deps.rules.narrowing.has(scope)) } : {}),
    metadataUrl: deps.metadataUrl,
  })
  return refuseAtEdge(reason, { headers: { 'www-authenticate': value } })
}
