import { z } from 'zod'
import type { AuthMethod } from '../clients.store.ts'
import {
  clientMetadata,
  type MetadataRules,
  type MetadataVerdict,
  readMetadata,
  refuse,
  registrationOf,
} from '../judge-metadata.ts'
import { judgeRedirect } from '../redirects.ts'

/** What a document has beside the metadata of a registration. */
const document = clientMetadata.extend({
  client_id: z.string(),
  client_name: z.string().trim().min(1).max(200),
  redirect_uris: z.array(z.string()).min(1).max(100),
  token_endpoint_auth_methods_supported: z.array(z.string().max(100)).max(20).optional(),
})

/** Strongest first. Nobody can share a secret with us in a public document. */
const METHODS = ['private_key_jwt', 'none'] as const satisfies AuthMethod[]

/**
 * The client that a metadata document describes (client ID metadata document draft, section "Client Metadata Document").
 *
 * A document is written for many servers, so what one of them does not offer is left out instead of refused: grants, redirect URIs of a
 * kind that is not good here, ways to authenticate when several are listed.
 */
export function judgeDocument(body: unknown, id: string, rules: MetadataRules): MetadataVerdict {
  if (typeof body === 'object' && body !== null && ('client_secret' in body || 'client_secret_expires_at' in body))
    return refuse('metadata.refused', 'client_secret has no place in a public document.')
  const read = readMetadata(document, body)
  if ('reason' in read) return read
  const { client_id, token_endpoint_auth_methods_supported: choices, ...fields } = read.fields
  if (client_id !== id) return refuse('metadata.refused', 'client_id is not the URL of the document.')
  const authMethod = chooseMethod(fields.token_endpoint_auth_method, choices, hasKeys(fields))
  if (authMethod === undefined) return refuse('metadata.refused', 'token_endpoint_auth_method is not offered.')
  const redirects = fields.redirect_uris.filter((uri) => judgeRedirect(uri, authMethod === 'none', rules.redirects).ok)
  if (redirects.length === 0) return refuse('metadata.redirect', 'redirect_uris holds none that is good here.')
  const grants = fields.grant_types?.filter((grant) => rules.grants.includes(grant)) ?? null
  return registrationOf(fields, redirects, authMethod, grants)
}

const hasKeys = ({ jwks, jwks_uri }: { readonly jwks?: unknown; readonly jwks_uri?: unknown }): boolean =>
  jwks !== undefined || jwks_uri !== undefined

/**
 * Of a list the strongest that the document has keys for. The one method is named alone, or with a list that it is part of; neither
 * means that the client is public, since the default of RFC 7591 is a secret, which nobody gave it.
 */
function chooseMethod(
  method: string | undefined,
  choices: readonly string[] | undefined,
  keys: boolean,
): AuthMethod | undefined {
  const named = method === undefined ? (choices ?? ['none']) : [method]
  return METHODS.find((one) => named.includes(one) && (one !== 'private_key_jwt' || keys))
}
