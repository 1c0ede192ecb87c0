import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../errors.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { senderOf } from '../http/sender.ts'
import { newSecret, sameBytes, sha256 } from '../secrets.ts'
import { type Client, client_get_any, client_replace, type NewClient } from './clients.store.ts'
import { describeClient } from './describe.ts'
import { appendClient, endClient } from './end-client.ts'
import { absenceOf } from './find.ts'
import { isOfIssuer } from './of-issuer.ts'
import { BODY_BYTES, needsSecret, type RegistrationDeps, readRegistration, registrationUri } from './register.ts'

/** Per address. Guesses are hopeless; this stops whoever has us compare them. */
const REQUESTS = { limit: 120, windowMs: 60_000 }
/** What the server says and no client can (RFC 7592 section 2.2). */
const OURS = ['registration_access_token', 'registration_client_uri', 'client_secret_expires_at', 'client_id_issued_at']

/** A client reads, replaces and removes its own registration (RFC 7592 section 2). */
export function configurationRoutes(server: FastifyInstance, deps: RegistrationDeps): void {
  const { db, clock, limiter } = deps
  const now = () => new Date(clock.now())

  /** @throws Refusal 401, the same for a wrong token and for a client that is not there */
  const holder = async (request: FastifyRequest) => {
    await limiter.need(`registration:${senderOf(request)}`, REQUESTS)
    const { client: id } = request.params as { readonly client: string }
    const token = /^Bearer +([A-Za-z0-9_-]+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const held = sha256(token ?? '')
    const client = /^[A-Za-z0-9_-]{1,64}$/.test(id)
      ? await db.asPlatform('registration', (tx) => client_get_any(tx, id))
      : undefined
    if (!isHeldBy(client, held) || token === undefined || !isOfIssuer(client, deps.home))
      throw unproven(token !== undefined)
    return { client, token, held }
  }

  const answer = (reply: FastifyReply, client: NewClient, token: string, secret?: string) => {
    reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' })
    const uri = registrationUri(deps, client.id)
    return describeClient(client, { secret, registrationToken: token, registrationUri: uri })
  }

  addEndpoint(server, {
    path: `${deps.path}/:client`,
    bodyLimit: BODY_BYTES,
    get: async (request, reply) => {
      const { client, token } = await holder(request)
      return answer(reply, client, token)
    },
    put: async (request, reply) => {
      const { client, held } = await holder(request)
      judgeOwnFields(request.body, client)
      const registration = readRegistration(request, deps.metadataRules)
      const [needs, has] = [needsSecret(registration.authMethod), client.secretHash !== null]
      const secret = needs && !has ? newSecret() : undefined
      const token = newSecret()
      const changed: NewClient = {
        ...client,
        ...registration,
        secretHash: needs ? (secret === undefined ? client.secretHash : sha256(secret)) : null,
        registrationHash: sha256(token),
      }
      const kept = await db.asPlatform('registration', async (tx) => {
        const replaced = await client_replace(tx, changed, held, now())
        if (replaced !== undefined) await appendClient(tx, 'clientChanged', { id: client.id, by: 'client', now: now() })
        return replaced
      })
      // Another update with the same token was first: that one has the newer token.
      if (kept === undefined) throw unproven(true)
      request.log.info({ client: client.id, method: kept.authMethod }, 'client changed its registration')
      return answer(reply, kept, token, secret)
    },
    delete: async (request, reply) => {
      const { client, held } = await holder(request)
      const gone = await db.asPlatform('registration', (tx) => endClient(tx, client.id, 'deleted', now(), held))
      if (!gone) throw unproven(true)
      request.log.info({ client: client.id }, 'client removed its registration')
      return reply.code(204).headers({ 'cache-control': 'no-store', pragma: 'no-cache' }).send()
    },
  })
}

const isHeldBy = (client: Client | undefined, held: Uint8Array): client is Client =>
  client !== undefined &&
  absenceOf(client) === undefined &&
  client.registrationHash !== null &&
  sameBytes(client.registrationHash, held)

/** RFC 6750 section 3: nothing is said of an error where no token was sent. */
const unproven = (sent: boolean): Refusal =>
  new Refusal('registration.unproven', {
    headers: { 'www-authenticate': sent ? 'Bearer error="invalid_token"' : 'Bearer' },
  })

/** @throws Refusal for what an update must not say, or says wrongly, of the client itself */
function judgeOwnFields(body: unknown, client: Client): void {
  if (typeof body !== 'object' || body === null) throw new Refusal('metadata.malformed')
  const fields = body as Readonly<Record<string, unknown>>
  if (fields.client_id !== client.id)
    throw new Refusal('metadata.refused', { text: 'client_id is not the one of this registration.' })
  const taken = OURS.find((name) => name in fields)
  if (taken !== undefined) throw new Refusal('metadata.refused', { text: `${taken} cannot be chosen by a client.` })
  const { client_secret: secret } = fields
  const good =
    secret === undefined ||
    (typeof secret === 'string' && client.secretHash !== null && sameBytes(sha256(secret), client.secretHash))
  if (!good) throw new Refusal('metadata.refused', { text: 'client_secret is not the one of this registration.' })
}
