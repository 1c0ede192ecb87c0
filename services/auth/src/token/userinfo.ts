import type { Database } from '@gatehouse/database'
import { followsSelection, type Profile } from '@gatehouse/profiles'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refusal } from '../errors.ts'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { addEndpoint, type Handler } from '../http/endpoint.ts'
import { readForm } from '../http/form.ts'
import { person_get } from '../people/people.store.ts'
import { standingOf } from './alive.ts'
import { personClaims } from './mint.ts'
import type { ReadOwnToken } from './own-tokens.ts'

export const USERINFO_PATH = '/oauth/userinfo'

/** OpenID Connect Core section 5.3. What the token rests on is asked, so a revoked one tells nothing from that moment on. */
export async function userinfoRoutes(
  server: FastifyInstance,
  deps: { readonly profile: Profile; readonly db: Database; readonly readToken: ReadOwnToken },
): Promise<void> {
  const { db, readToken } = deps
  answerErrors(server, answerJson)
  const answer: Handler = async (request, reply) => {
    const claims = await readToken(presentedToken(request))
    if (claims === undefined) throw challenge('token.invalid')
    if (!claims.scopes.includes('openid')) throw challenge('token.insufficient')
    const person = await db.asPlatform('userinfo', async (tx) =>
      (await standingOf(tx, claims, followsSelection(deps.profile))) === undefined
        ? undefined
        : person_get(tx, claims.subject),
    )
    if (person === undefined) throw challenge('token.invalid')
    reply.header('cache-control', 'no-store')
    return { sub: person.id, ...personClaims(person, claims.scopes) }
  }
  addEndpoint(server, { path: USERINFO_PATH, cors: true, get: answer, post: answer, bodyLimit: 16 * 1024 })
}

/** In the header, or in the body of a POST (RFC 6750 section 2.2); in the URL it does not count. */
function presentedToken(request: FastifyRequest): string {
  const { authorization } = request.headers
  const inBody = hasForm(request) ? readForm(request).get('access_token') : undefined
  if (authorization === undefined && inBody === undefined) throw unasked()
  if (authorization !== undefined && inBody !== undefined) throw new Refusal('request.malformed')
  const token = inBody ?? /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) throw unasked()
  return token
}

const hasForm = (request: FastifyRequest): boolean =>
  request.method === 'POST' && /^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')

/** Who brought nothing is told no more than how (RFC 6750 section 3.1). */
const unasked = () => new Refusal('token.invalid', { headers: { 'www-authenticate': 'Bearer realm="userinfo"' } })

/** RFC 6750 section 3. */
function challenge(reason: 'token.invalid' | 'token.insufficient'): Refusal {
  const error = reason === 'token.invalid' ? 'error="invalid_token"' : 'error="insufficient_scope", scope="openid"'
  return new Refusal(reason, { headers: { 'www-authenticate': `Bearer realm="userinfo", ${error}` } })
}
