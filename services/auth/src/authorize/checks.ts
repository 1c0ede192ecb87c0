import { ADMIN_SCOPE } from '@gatehouse/policy'
import type { Client } from '../clients/clients.store.ts'
import type { Reason } from '../errors.ts'
import type { Params } from '../http/form.ts'
import { isResourceUri, type Resources } from '../resources/registry.ts'
import type { Resource } from '../resources/resources.store.ts'
import { askedScopes } from '../scopes/judge.ts'
import { OFFLINE, type Offered } from '../scopes/offered.ts'

export type Prompt = 'login' | 'consent'

/** A request that has passed every check. */
export interface Asked {
  readonly scopes: readonly string[]
  /** What the grant is bound to, at least one; a token is for one of them. */
  readonly resources: readonly Resource[]
  readonly challenge: string
  readonly state: string | undefined
  readonly nonce: string | undefined
  readonly loginHint: string | undefined
  readonly prompts: readonly Prompt[]
  /** `prompt=none`. */
  readonly silent: boolean
  /** Seconds; a sign-in that is older has to be repeated. */
  readonly maxAge: number | undefined
}

/** What a check may look at. */
export interface Circumstances {
  readonly params: Params
  readonly client: Client
  readonly offered: Offered
  readonly resources: Resources
  /** Whether the client sent it ahead, to /oauth/par (RFC 9126). */
  readonly pushed: boolean
  readonly pushedRequired: boolean
}

type Check = (of: Circumstances) => Reason | undefined

const MAX_STATE = 4_096
const MAX_RESOURCES = 8
const PROMPTS = ['none', 'login', 'consent', 'select_account']

/**
 * Every check of a request whose client and redirect are proven, in the order of the answers. The first that fails is what the client
 * is told at its redirect URI.
 */
export const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  [
    'pushed, if it has to be',
    ({ client, pushed, pushedRequired }) =>
      pushed || !(pushedRequired || client.metadata.require_pushed_authorization_requests === true)
        ? undefined
        : 'pushed.required',
  ],
  ['no parameter twice', ({ params }) => (params.repeated === undefined ? undefined : 'request.malformed')],
  [
    'response_type is there',
    ({ params }) => (params.get('response_type') === undefined ? 'response-type.missing' : undefined),
  ],
  [
    'response_type is code',
    ({ params }) => (params.get('response_type') === 'code' ? undefined : 'response-type.unsupported'),
  ],
  [
    'the client may use codes',
    ({ client }) => (client.grantTypes?.includes('authorization_code') === false ? 'grant.not-allowed' : undefined),
  ],
  [
    'response_mode is query',
    ({ params }) =>
      ['query', undefined].includes(params.get('response_mode')) ? undefined : 'response-mode.unsupported',
  ],
  ['no request object', ({ params }) => (params.get('request') ? 'request-object.unsupported' : undefined)],
  [
    'no reference to a request object',
    ({ params }) => (params.get('request_uri') ? 'request-uri.unsupported' : undefined),
  ],
  [
    'a challenge is there',
    ({ params }) => (params.get('code_challenge') === undefined ? 'challenge.missing' : undefined),
  ],
  // An absent method means `plain` (RFC 7636 section 4.3).
  [
    'the challenge is S256',
    ({ params }) => (params.get('code_challenge_method') === 'S256' ? undefined : 'challenge.method'),
  ],
  [
    'the challenge is a SHA-256',
    ({ params }) =>
      /^[A-Za-z0-9_-]{43}$/.test(params.get('code_challenge') ?? '') ? undefined : 'challenge.malformed',
  ],
  ['something known is asked for', (of) => (scopesOf(of) === undefined ? 'scope.invalid' : undefined)],
  [
    'resource is a URI',
    ({ params }) => (params.all('resource').every(isResourceUri) ? undefined : 'resource.malformed'),
  ],
  [
    'the resources are registered, and the client may have tokens for them',
    (of) => (resourcesOf(of) === undefined ? 'resource.unknown' : undefined),
  ],
  ['prompt is known', ({ params }) => (promptsOf(params) === undefined ? 'prompt.invalid' : undefined)],
  [
    'max_age is a number',
    ({ params }) => (/^\d{1,9}$/.test(params.get('max_age') ?? '0') ? undefined : 'request.malformed'),
  ],
  [
    'state and nonce are of bearable length',
    ({ params }) =>
      (params.get('state') ?? '').length > MAX_STATE || (params.get('nonce') ?? '').length > MAX_STATE
        ? 'request.malformed'
        : undefined,
  ],
]

/** The first failed check, or the request as it is to be answered. */
export function judgeRequest(of: Circumstances): { readonly refused: Reason } | { readonly asked: Asked } {
  for (const [, check] of CHECKS) {
    const refused = check(of)
    if (refused !== undefined) return { refused }
  }
  const { params } = of
  const prompts = promptsOf(params) ?? []
  const maxAge = params.get('max_age')
  return {
    asked: {
      scopes: scopesOf(of) ?? [],
      resources: resourcesOf(of) ?? [],
      challenge: params.get('code_challenge') ?? '',
      state: params.get('state'),
      nonce: params.get('nonce'),
      loginHint: params.get('login_hint')?.slice(0, 320),
      prompts: shownPrompts(prompts),
      silent: prompts.includes('none'),
      maxAge: maxAge === undefined ? undefined : Number(maxAge),
    },
  }
}

/** Who wants to choose an account does so at the sign-in form, which takes any. */
function shownPrompts(prompts: readonly string[]): readonly Prompt[] {
  const login = prompts.includes('login') || prompts.includes('select_account')
  return [...(login ? ['login' as const] : []), ...(prompts.includes('consent') ? ['consent' as const] : [])]
}

/** A grant can be for several resources; several names of one are one. Without any it is the default (RFC 8707 section 2). */
function resourcesOf({ params, resources, client }: Circumstances): readonly Resource[] | undefined {
  const named = params.all('resource')
  const found = named.length === 0 ? [resources.byDefault] : named.map((name) => resources.find(name))
  const distinct = [...new Set(found)]
  const allowed = distinct.filter((one) => one !== undefined && client.resources?.includes(one.identifier) !== false)
  return allowed.length === distinct.length && distinct.length <= MAX_RESOURCES ? (allowed as Resource[]) : undefined
}

/** Where the resources are not known, the next check says so. Who cannot refresh is not promised to stay connected; no person gives away what administers. */
function scopesOf(of: Circumstances): readonly string[] | undefined {
  const { params, offered, client, resources } = of
  const at = resourcesOf(of) ?? resources.all
  const names = new Set(offered.namesAt(at))
  names.delete(ADMIN_SCOPE)
  if (client.grantTypes?.includes('refresh_token') === false) names.delete(OFFLINE)
  const byDefault = [...new Set(at.flatMap(({ defaultScopes }) => defaultScopes))].filter((name) => names.has(name))
  return askedScopes(params.get('scope'), names, byDefault)
}

/** OpenID Connect Core section 3.1.2.1: `none` stands alone. */
function promptsOf(params: Params): readonly string[] | undefined {
  const prompts = params.get('prompt')?.split(' ') ?? []
  if (prompts.some((prompt) => !PROMPTS.includes(prompt))) return undefined
  return prompts.includes('none') && prompts.length > 1 ? undefined : prompts
}
