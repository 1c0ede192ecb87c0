import type { Database } from '@gatehouse/database'
import type { FastifyRequest } from 'fastify'
import { type Reason, Refusal } from '../errors.ts'
import type { Params } from '../http/form.ts'
import { sameBytes, sha256 } from '../secrets.ts'
import { type Client, client_get } from './clients.store.ts'

/** How a request says who it is. */
export type Presented =
  | { readonly method: 'none'; readonly clientId: string }
  | { readonly method: 'basic' | 'post'; readonly clientId: string; readonly secret: string }

/**
 * The client behind a request to the token endpoint or one like it (RFC 6749 section 2.3).
 * @throws Refusal 401 `invalid_client`, with a challenge when Basic was tried; 400 when more than one method was used
 */
export type AuthenticateClient = (request: FastifyRequest, form: Params) => Promise<Client>

export function createClientAuthentication({ db }: { readonly db: Database }): AuthenticateClient {
  return async (request, form) => {
    const presented = readPresented(request.headers.authorization, form)
    const client = await db.asPlatform('client', (tx) => client_get(tx, presented.clientId))
    const fault = judgeClient(presented, client)
    if (fault === undefined && client !== undefined) return client
    const headers = presented.method === 'basic' ? { 'www-authenticate': 'Basic realm="token"' } : {}
    throw new Refusal(fault ?? 'client.unknown', { headers })
  }
}

/** Two secrets, or two names, are two methods (OAuth 2.1, section 2.4). */
export function readPresented(authorization: string | undefined, form: Params): Presented {
  const [id, secret] = [form.get('client_id'), form.get('client_secret')]
  const basic = authorization === undefined ? undefined : readBasic(authorization)
  if (basic !== undefined) {
    if (secret !== undefined || (id !== undefined && id !== basic.clientId)) throw new Refusal('client.two-methods')
    return { method: 'basic', ...basic }
  }
  if (id === undefined) throw new Refusal('client.unknown', { text: 'client_id is missing.' })
  return secret === undefined ? { method: 'none', clientId: id } : { method: 'post', clientId: id, secret }
}

/** Both parts are form-encoded (RFC 6749 section 2.3.1); ours are the same either way. */
function readBasic(authorization: string): { readonly clientId: string; readonly secret: string } | undefined {
  const match = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(authorization)
  if (match === null) return undefined
  const text = Buffer.from(match[1] ?? '', 'base64').toString()
  const at = text.indexOf(':')
  const [clientId, secret] = [decoded(text.slice(0, Math.max(0, at))), decoded(text.slice(at + 1))]
  // No database stores a NUL, so nobody has such a name.
  if (clientId === '' || clientId.includes('\0')) {
    throw new Refusal('client.unproven', { headers: { 'www-authenticate': 'Basic realm="token"' } })
  }
  return { clientId, secret }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '))
  } catch {
    return part
  }
}

/**
 * Whether the client proved itself. Basic and post carry the same secret, so either is accepted whichever was registered: clients that
 * leave the method out mean one or the other.
 */
export function judgeClient(presented: Presented, client: Client | undefined): Reason | undefined {
  const given = presented.method === 'none' ? undefined : sha256(presented.secret)
  if (client === undefined) return 'client.unknown'
  if (client.secretHash === null) return given === undefined ? undefined : 'client.unproven'
  return given !== undefined && sameBytes(given, client.secretHash) ? undefined : 'client.unproven'
}
