import type { Clock } from '@gatehouse/contracts'
import { type Database, sharedRead } from '@gatehouse/database'
import type { FastifyRequest } from 'fastify'
import { type Reason, Refusal } from '../errors.ts'
import type { Params } from '../http/form.ts'
import type { Limiter } from '../http/limiter.ts'
import { senderOf } from '../http/sender.ts'
import { sameBytes, sha256 } from '../secrets.ts'
import { type AuthMethod, type Client, client_read_all, client_touch } from './clients.store.ts'
import { absenceOf } from './find.ts'
import { ASSERTION_TYPE, claimedClient, type VerifyAssertion } from './keys/assertion.ts'
import { type Home, isOfIssuer } from './of-issuer.ts'

/** How a request says who it is. */
export type Presented =
  | { readonly method: 'none'; readonly clientId: string }
  | { readonly method: 'basic' | 'post'; readonly clientId: string; readonly secret: string }
  | { readonly method: 'assertion'; readonly clientId: string; readonly assertion: string }

/**
 * The client behind a request to the token endpoint or one like it (RFC 6749 section 2.3).
 * @throws Refusal 401 `invalid_client`, with a challenge when Basic was tried; 400 when more than one method was used
 */
export type AuthenticateClient = (request: FastifyRequest, form: Params) => Promise<Client>

/** Of failed proofs, for a client and an address: honest clients fail once and stop. */
const FAILURES = { limit: 30, windowMs: 60_000 }
/** How exactly it is known when a client last came. */
const TOUCH_MS = 24 * 3_600_000

/** Nothing is fetched for a metadata document here: the copy from the authorization is what counts. */
export function createClientAuthentication(deps: {
  readonly db: Database
  readonly clock: Clock
  readonly limiter: Limiter
  readonly verifyAssertion: VerifyAssertion
  readonly home: Home | undefined
}): AuthenticateClient {
  const { db, clock, limiter, verifyAssertion, home } = deps
  const readClient = sharedRead((ids) => client_read_all(db, ids))

  const judge = async (presented: Presented, client: Client | undefined): Promise<Refusal | Client> => {
    const fault = judgeClient(presented, client)
    if (fault !== undefined || client === undefined) return new Refusal(fault ?? 'client.unknown')
    if (presented.method !== 'assertion') return client
    const text = await verifyAssertion(presented.assertion, client)
    return text === undefined ? client : new Refusal('client.unproven', { text })
  }

  return async (request, form) => {
    const presented = readPresented(request.headers.authorization, form)
    const known = await readClient(presented.clientId)
    const client = await judge(presented, known !== undefined && isOfIssuer(known, home) ? known : undefined)
    if (client instanceof Refusal) {
      if (client.reason === 'client.unproven')
        await limiter.need(`client-proof:${presented.clientId.slice(0, 256)}:${senderOf(request)}`, FAILURES)
      const headers = presented.method === 'basic' ? CHALLENGE : {}
      throw new Refusal(client.reason, { ...client.detail, headers })
    }
    const now = clock.now()
    if (client.kind !== 'registered' && now - (client.usedAt?.getTime() ?? 0) > TOUCH_MS)
      await db.asPlatform('client', (tx) => client_touch(tx, client.id, new Date(now)))
    return client
  }
}

const CHALLENGE = { 'www-authenticate': 'Basic realm="token"' }

/** Two secrets, two names, or a secret and an assertion are two methods (OAuth 2.1, section 2.4). */
export function readPresented(authorization: string | undefined, form: Params): Presented {
  const [id, secret] = [form.get('client_id'), form.get('client_secret')]
  const [type, assertion] = [form.get('client_assertion_type'), form.get('client_assertion')]
  const basic = authorization === undefined ? undefined : readBasic(authorization)
  const proofs = [secret, basic, type ?? assertion].filter((proof) => proof !== undefined)
  if (proofs.length > 1 || (basic !== undefined && id !== undefined && id !== basic.clientId))
    throw new Refusal('client.two-methods')
  if (basic !== undefined) return { method: 'basic', ...basic }
  if (type !== undefined || assertion !== undefined) return readAsserted(type, assertion, id)
  if (id === undefined) throw new Refusal('client.unknown', { text: 'client_id is missing.' })
  return secret === undefined ? { method: 'none', clientId: id } : { method: 'post', clientId: id, secret }
}

/** `client_id` may be left out: the assertion names the client (RFC 7521 section 4.2). */
function readAsserted(type: string | undefined, assertion: string | undefined, id: string | undefined): Presented {
  if (type !== ASSERTION_TYPE)
    throw new Refusal('client.unproven', { text: `client_assertion_type has to be ${ASSERTION_TYPE}.` })
  const clientId = id ?? (assertion === undefined ? undefined : claimedClient(assertion))
  // No database stores a NUL, so nobody has such a name.
  if (assertion === undefined || typeof clientId !== 'string' || clientId === '' || clientId.includes('\0'))
    throw new Refusal('client.unproven', { text: 'client_assertion is missing or malformed.' })
  return { method: 'assertion', clientId, assertion }
}

/** Both parts are form-encoded (RFC 6749 section 2.3.1); ours are the same either way. */
function readBasic(authorization: string): { readonly clientId: string; readonly secret: string } | undefined {
  const match = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(authorization)
  if (match === null) return undefined
  const text = Buffer.from(match[1] ?? '', 'base64').toString()
  const at = text.indexOf(':')
  const [clientId, secret] = [decoded(text.slice(0, Math.max(0, at))), decoded(text.slice(at + 1))]
  if (clientId === '' || clientId.includes('\0')) throw new Refusal('client.unproven', { headers: CHALLENGE })
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
 * What may be presented for what was registered, and nothing weaker. Basic and post carry the same secret, so either is accepted
 * whichever was registered: clients that leave the method out mean one or the other.
 */
const ACCEPTED: Readonly<Record<AuthMethod, readonly Presented['method'][]>> = {
  none: ['none'],
  client_secret_basic: ['basic', 'post'],
  client_secret_post: ['basic', 'post'],
  private_key_jwt: ['assertion'],
}

/** Compared with where there is no secret, so that an unknown client takes as long as a known one. */
const NOBODYS = sha256('')

/** Whether the client proved itself, as far as that is seen without its keys. */
export function judgeClient(presented: Presented, client: Client | undefined): Reason | undefined {
  const secret = 'secret' in presented ? sha256(presented.secret) : undefined
  const same = secret === undefined || (sameBytes(secret, client?.secretHash ?? NOBODYS) && client?.secretHash !== null)
  const absence = absenceOf(client)
  if (client === undefined || absence !== undefined) return absence ?? 'client.unknown'
  return same && ACCEPTED[client.authMethod].includes(presented.method) ? undefined : 'client.unproven'
}
