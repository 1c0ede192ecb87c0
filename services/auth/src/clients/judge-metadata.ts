import type { JSONWebKeySet } from 'jose'
import { z } from 'zod'
import type { AuthMethod } from './clients.store.ts'
import { CLIENT_ALGORITHMS, judgeJwks } from './keys/judge-jwks.ts'
import { judgeRedirect, type RedirectPolicy } from './redirects.ts'

const text = (max: number) => z.string().max(max)
const https = z.url({ protocol: /^https$/ }).max(2_000)

/** Fields of RFC 7591 section 2 that are understood; others are ignored, `software_statement` too. `null` counts as absent. */
export const clientMetadata = z.object({
  redirect_uris: z.array(z.string()).min(1).max(20),
  token_endpoint_auth_method: z.string().optional(),
  token_endpoint_auth_signing_alg: z.enum(CLIENT_ALGORITHMS).optional(),
  post_logout_redirect_uris: z.array(z.string()).max(20).optional(),
  grant_types: z.array(text(200)).max(20).optional(),
  response_types: z.array(text(100)).max(20).optional(),
  client_name: text(200).optional(),
  client_uri: https.optional(),
  logo_uri: https.optional(),
  tos_uri: https.optional(),
  policy_uri: https.optional(),
  scope: text(2_000).optional(),
  contacts: z.array(text(320)).max(10).optional(),
  application_type: z.enum(['web', 'native']).optional(),
  software_id: text(200).optional(),
  software_version: text(100).optional(),
  require_pushed_authorization_requests: z.boolean().optional(),
  jwks: z.unknown().optional(),
  jwks_uri: z.unknown().optional(),
})
export type ClientMetadata = z.infer<typeof clientMetadata>

export interface Registration {
  readonly name: string
  readonly redirectUris: readonly string[]
  readonly authMethod: AuthMethod
  readonly jwks: JSONWebKeySet | null
  readonly jwksUri: string | null
  readonly grantTypes: readonly string[] | null
  /** The rest, as it is given back. */
  readonly metadata: Readonly<Record<string, unknown>>
}

type RefusedAs = 'metadata.malformed' | 'metadata.refused' | 'metadata.redirect'

export type MetadataVerdict =
  | { readonly ok: true; readonly registration: Registration }
  | { readonly ok: false; readonly reason: RefusedAs; readonly text: string }

export interface MetadataRules {
  /** Grants that are offered to clients that nobody vouches for. */
  readonly grants: readonly string[]
  readonly redirects?: RedirectPolicy | undefined
}

export const refuse = (reason: RefusedAs, text: string) => ({ ok: false, reason, text }) as const

const METHODS: readonly string[] = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
] satisfies AuthMethod[]
/** NUL and lone surrogates, as `JSON.stringify` writes them: no database stores them as text. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/
/** Grants that do not exist in OAuth 2.1: whoever asks for them expects something that will not work. */
const GONE: readonly string[] = ['implicit', 'password']

/**
 * What may be registered. Grants that are not offered are left out rather than refused (clients list whatever they could do);
 * `scope` is kept for display and is no ceiling, since clients ask for more later with the same id.
 */
export function judgeMetadata(body: unknown, rules: MetadataRules): MetadataVerdict {
  const read = readMetadata(clientMetadata, body)
  if ('reason' in read) return read
  const { fields } = read
  const authMethod = fields.token_endpoint_auth_method ?? 'client_secret_basic'
  if (!METHODS.includes(authMethod)) return refuse('metadata.refused', 'token_endpoint_auth_method is not offered.')
  for (const [index, uri] of fields.redirect_uris.entries()) {
    const verdict = judgeRedirect(uri, authMethod === 'none', rules.redirects)
    if (!verdict.ok) return refuse('metadata.redirect', `redirect_uris[${index}] ${verdict.fault}.`)
  }
  for (const [index, uri] of (fields.post_logout_redirect_uris ?? []).entries()) {
    const verdict = judgeRedirect(uri, authMethod === 'none', rules.redirects)
    if (!verdict.ok) return refuse('metadata.refused', `post_logout_redirect_uris[${index}] ${verdict.fault}.`)
  }
  const gone = fields.grant_types?.find((grant) => GONE.includes(grant))
  if (gone !== undefined) return refuse('metadata.refused', `The grant type ${gone} is not offered.`)
  const grantTypes = fields.grant_types?.filter((grant) => rules.grants.includes(grant)) ?? null
  if (grantTypes !== null && !grantTypes.includes('authorization_code')) {
    return refuse('metadata.refused', 'grant_types must name authorization_code.')
  }
  if (fields.response_types?.some((type) => type !== 'code'))
    return refuse('metadata.refused', 'response_types can only be code.')
  return registrationOf(fields, fields.redirect_uris, authMethod as AuthMethod, grantTypes)
}

type Read<F> = { readonly fields: F } | ReturnType<typeof refuse>

/** The fields that are understood, as text that can be kept. */
export function readMetadata<F extends z.ZodObject>(schema: F, body: unknown): Read<z.output<F>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return refuse('metadata.malformed', 'It must be a JSON object.')
  const present = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
  const parsed = schema.safeParse(present)
  if (!parsed.success) {
    const field = String(parsed.error.issues[0]?.path[0] ?? 'metadata')
    const reason = field === 'redirect_uris' ? 'metadata.redirect' : 'metadata.refused'
    return refuse(reason, `${field} is missing or malformed.`)
  }
  // What is understood and no more: the rest is not kept, and may be nested deeper than can be written out.
  const { jwks: _, jwks_uri: __, ...plain } = parsed.data
  if (UNSTORABLE.test(JSON.stringify(plain)))
    return refuse('metadata.refused', 'A field holds characters that are not text.')
  return { fields: parsed.data }
}

/** The registration that these fields make, once redirects, method and grants are decided. */
export function registrationOf(
  fields: ClientMetadata,
  redirectUris: readonly string[],
  authMethod: AuthMethod,
  grantTypes: readonly string[] | null,
): MetadataVerdict {
  const {
    redirect_uris,
    token_endpoint_auth_method,
    grant_types,
    response_types,
    client_name,
    jwks,
    jwks_uri,
    ...rest
  } = fields
  const keys = judgeKeys(jwks, jwks_uri)
  if (keys === undefined)
    return refuse(
      'metadata.refused',
      'jwks must hold public keys and jwks_uri be an https URL; they exclude each other.',
    )
  if (authMethod === 'private_key_jwt' && keys.jwks === null && keys.jwksUri === null)
    return refuse('metadata.refused', 'private_key_jwt needs jwks or jwks_uri.')
  const name = client_name?.trim() || new URL(redirectUris[0] ?? '').host || redirectUris[0] || ''
  return { ok: true, registration: { name, redirectUris, authMethod, ...keys, grantTypes, metadata: defined(rest) } }
}

function judgeKeys(jwks: unknown, uri: unknown): Pick<Registration, 'jwks' | 'jwksUri'> | undefined {
  if (jwks !== undefined && uri !== undefined) return undefined
  const good = { jwks: jwks === undefined ? null : judgeJwks(jwks), jwksUri: uri === undefined ? null : httpsUrl(uri) }
  return good.jwks === undefined || good.jwksUri === undefined || UNSTORABLE.test(JSON.stringify(good))
    ? undefined
    : { jwks: good.jwks, jwksUri: good.jwksUri }
}

/** Whether it leads inside is judged when it is fetched. */
function httpsUrl(value: unknown): string | undefined {
  const parsed = https.safeParse(value)
  return parsed.success && !parsed.data.includes('#') && new URL(parsed.data).username === '' ? parsed.data : undefined
}

const defined = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
