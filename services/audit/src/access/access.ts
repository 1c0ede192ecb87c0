import type { Secret } from '@gatehouse/config'
import type { Database } from '@gatehouse/database'
import type { Principal, Rules } from '@gatehouse/policy'
import type { FeedView, TokenVerifier } from '@gatehouse/token'
import type { FastifyRequest } from 'fastify'
import { adminTokenGuard } from '../admin-token.ts'
import { Refusal } from '../errors.ts'
import type { EventFilters } from '../events/query.ts'
import type { Reading } from '../proof/evidence.ts'
import { judgeReader } from './judge-reader.ts'

/** Whoever may read, and what of it. */
export interface Reader {
  /** Absent: all tenants. */
  readonly tenant?: string
  /** Opens transactions that see what this reader may see, whatever is asked in them. */
  reading(query: Pick<EventFilters, 'tenant'>): Reading
}

export interface Access {
  /** @throws Refusal unless the operator asks */
  operator(request: FastifyRequest): void
  /** The operator, or somebody with a token for this resource. @throws Refusal */
  reader(request: FastifyRequest): Promise<Reader>
  /** What the token proves, judged as it is now. @throws Refusal */
  principal(token: string): Promise<Principal>
  readerOf(principal: Principal): Reader
}

export function createAccess(deps: {
  readonly database: Database
  readonly adminToken: Secret
  readonly verifier: TokenVerifier
  readonly feed: Pick<FeedView, 'freshness'>
  readonly rules: Rules
}): Access {
  const { database, verifier, feed, rules } = deps
  const guard = adminTokenGuard(deps.adminToken)

  const operator: Reader = {
    // With a tenant the database itself shows no other's rows.
    reading: ({ tenant }) =>
      tenant !== undefined && TENANT_ID.test(tenant)
        ? (body) => database.asTenant(tenant, body)
        : (body) => database.asPlatform('audit: query', body),
  }
  const readerOf = ({ tenant }: Principal): Reader => ({
    tenant,
    reading: () => (body) => database.asTenant(tenant, body),
  })
  const principal = async (token: string): Promise<Principal> => {
    const verified = await verifier.verify(token)
    if (!verified.ok) throw new Refusal(verified.reason === 'unavailable' ? 'token.unverifiable' : 'credential.wrong')
    // What was taken back is not known here: a token that may be dead opens nothing.
    if (feed.freshness() === 'expired') throw new Refusal('token.unverifiable')
    const refused = judgeReader(verified.principal, rules)
    if (refused !== undefined) throw new Refusal(refused)
    return verified.principal
  }
  return {
    operator: (request) => guard(request.headers.authorization),
    principal,
    readerOf,
    async reader(request) {
      const token = JWT.exec(request.headers.authorization ?? '')?.[1]
      if (token !== undefined) return readerOf(await principal(token))
      guard(request.headers.authorization)
      return operator
    },
  }
}

/** `*`, the platform itself, is no tenant that a transaction can be set to. */
const TENANT_ID = /^[A-Za-z0-9_.:-]{1,128}$/
/** An access token has three parts; the operator's token may have dots, but hardly begins as a JOSE header does. */
const JWT = /^Bearer +(eyJ[\w-]*\.[\w-]+\.[\w-]+)$/i
