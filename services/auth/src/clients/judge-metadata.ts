import { z } from 'zod'
import type { AuthMethod } from './clients.store.ts'
import { judgeRedirect } from './redirects.ts'

const text = (max: number) => z.string().max(max)
const https = z.url({ protocol: /^https$/ }).max(2_000)

/** Fields of RFC 7591 section 2 that are understood; others are ignored. A field that is `null` counts as absent. */
const registration = z.object({
  redirect_uris: z.array(z.string()).min(1).max(20),
  token_endpoint_auth_method: z.string().optional(),
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
  jwks: z.unknown().optional(),
  jwks_uri: z.unknown().optional(),
})

export interface Registration {
  readonly name: string
  readonly redirectUris: readonly string[]
  readonly authMethod: AuthMethod
  readonly grantTypes: readonly string[] | null
  /** The rest, as it is given back. */
  readonly metadata: Readonly<Record<string, unknown>>
}

export type MetadataVerdict =
  | { readonly ok: true; readonly registration: Registration }
  | {
      readonly ok: false
      readonly reason: 'metadata.malformed' | 'metadata.refused' | 'metadata.redirect'
      readonly text: string
    }

type RefusedAs = 'metadata.malformed' | 'metadata.refused' | 'metadata.redirect'
const refuse = (reason: RefusedAs, text: string): MetadataVerdict => ({ ok: false, reason, text })

const METHODS: readonly string[] = ['none', 'client_secret_basic', 'client_secret_post'] satisfies AuthMethod[]
/** NUL and lone surrogates, as `JSON.stringify` writes them: no database stores them as text. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/
/** Grants that do not exist in OAuth 2.1: whoever asks for them expects something that will not work. */
const GONE: readonly string[] = ['implicit', 'password']

/**
 * What may be registered. Grants that are not offered are left out rather than refused (clients list whatever they could do);
 * `scope` is kept for display and is no ceiling, since clients ask for more later with the same id.
 */
export function judgeMetadata(body: unknown, offered: readonly string[]): MetadataVerdict {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return refuse('metadata.malformed', 'The body must be a JSON object.')
  const present = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
  const parsed = registration.safeParse(present)
  if (!parsed.success) {
    const field = String(parsed.error.issues[0]?.path[0] ?? 'metadata')
    return refuse(
      field === 'redirect_uris' ? 'metadata.redirect' : 'metadata.refused',
      `${field} is missing or malformed.`,
    )
  }
  const {
    redirect_uris,
    token_endpoint_auth_method,
    grant_types,
    response_types,
    client_name,
    jwks,
    jwks_uri,
    ...rest
  } = parsed.data
  // What is understood and no more: the rest is not kept, and may be nested deeper than can be written out.
  if (UNSTORABLE.test(JSON.stringify({ redirect_uris, grant_types, client_name, ...rest })))
    return refuse('metadata.refused', 'A field holds characters that are not text.')
  const authMethod = token_endpoint_auth_method ?? 'client_secret_basic'
  if (!METHODS.includes(authMethod)) return refuse('metadata.refused', 'token_endpoint_auth_method is not offered.')
  if (jwks !== undefined && jwks_uri !== undefined)
    return refuse('metadata.refused', 'jwks and jwks_uri exclude each other.')
  for (const [index, uri] of redirect_uris.entries()) {
    const verdict = judgeRedirect(uri, authMethod === 'none')
    if (!verdict.ok) return refuse('metadata.redirect', `redirect_uris[${index}] ${verdict.fault}.`)
  }
  const gone = grant_types?.find((grant) => GONE.includes(grant))
  if (gone !== undefined) return refuse('metadata.refused', `The grant type ${gone} is not offered.`)
  const grants = grant_types?.filter((grant) => offered.includes(grant)) ?? null
  if (grants !== null && !grants.includes('authorization_code')) {
    return refuse('metadata.refused', 'grant_types must name authorization_code.')
  }
  if (response_types?.some((type) => type !== 'code'))
    return refuse('metadata.refused', 'response_types can only be code.')
  return {
    ok: true,
    registration: {
      name: client_name ?? new URL(redirect_uris[0] ?? '').host,
      redirectUris: redirect_uris,
      authMethod: authMethod as AuthMethod,
      grantTypes: grants,
      metadata: defined(rest),
    },
  }
}

const defined = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
