import type { Database } from '@gatehouse/database'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refusal } from '../errors.ts'
import { grant_get } from '../grants/grants.store.ts'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { addEndpoint, type Handler } from '../http/endpoint.ts'
import { person_get } from '../people/people.store.ts'
import { personClaims } from './mint.ts'
import type { ReadOwnToken } from './own-tokens.ts'

export const USERINFO_PATH = '/oauth/userinfo'

/** OpenID Connect Core section 5.3. The grant is asked, so a revoked token tells nothing from that moment on. */
export async function userinfoRoutes(
  server: FastifyInstance,
  deps: { readonly db: Database; readonly readToken: ReadOwnToken },
): Promise<void> {
  const { db, readToken } = deps
  answerErrors(server, answerJson)
  const answer: Handler = async (request, reply) => {
    const claims = await readToken(bearerOf(request))
    if (claims === undefined) throw challenge('token.invalid')
    if (!claims.scopes.includes('openid')) throw challenge('token.insufficient')
    const { grant, person } = await db.asPlatform('userinfo', async (tx) => ({
      grant: await grant_get(tx, claims.grantId),
      person: await person_get(tx, claims.subject),
    }))
    if (grant === undefined || grant.endedAt !== null || person === undefined) throw challenge('token.invalid')
    reply.header('cache-control', 'no-store')
    return { sub: person.id, ...personClaims(person, claims.scopes) }
  }
  addEndpoint(server, { path: USERINFO_PATH, cors: true, get: answer, post: answer, bodyLimit: 8 * 1024 })
}

function bearerOf(request: FastifyRequest): string {
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (token === undefined) throw new Refusal('token.invalid', { headers: { 'www-authenticate': 'Bearer' } })
  return token
}

/** RFC 6750 section 3. */
function challenge(reason: 'token.invalid' | 'token.insufficient'): Refusal {
  const error = reason === 'token.invalid' ? 'invalid_token' : 'insufficient_scope'
  return new Refusal(reason, { headers: { 'www-authenticate': `Bearer error="${error}"` } })
}
