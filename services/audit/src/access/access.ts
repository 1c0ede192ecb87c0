import type { Secret } from '@gatehouse/config'
import { PLATFORM } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { administers, type Principal, type Rules } from '@gatehouse/policy'
import type { FeedView, TokenVerifier } from '@gatehouse/token'
import type { FastifyRequest } from 'fastify'
import { adminTokenJudge } from '../admin-token.ts'
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
  /** The query, with the tenant of this reader where it names none: row-level security alone would have all tenants' rows looked through. */
  own(query: EventFilters): EventFilters
}

/** Who uses the operator's API. */
export interface Operator {
  /** The program that does; absent: whoever has the token of the environment. */
  readonly client?: string
}

export interface Access {
  /** The token of the environment, or a program's own for the operator's API. @throws Refusal unless the operator asks */
  operator(request: FastifyRequest): Promise<Operator>
  /** The operator, or somebody with a token for this resource. @throws Refusal */
  reader(request: FastifyRequest): Promise<Reader>
  /** What the token proves, judged as it is now. @throws Refusal */
  principal(token: string): Promise<Principal>
  readerOf(principal: Principal): Reader
}

export function createAccess(deps: {
  readonly database: Database
  readonly adminToken: Secret
  /** Tokens for this resource, of a tenant each. */
  readonly verifier: TokenVerifier
  /** Tokens for the operator's API that speak for no tenant. */
  readonly operators: TokenVerifier
  readonly feed: Pick<FeedView, 'freshness'>
  readonly rules: Rules
}): Access {
  const { database, feed, rules } = deps
  const isAdminToken = adminTokenJudge(deps.adminToken)

  const wholeLog: Reader = {
    // With a tenant the database itself shows no other's rows.
    reading: ({ tenant }) =>
      tenant !== undefined && TENANT_ID.test(tenant)
        ? (body) => database.asTenant(tenant, body)
        : (body) => database.asPlatform('audit: query', body),
    own: (query) => query,
  }
  const readerOf = ({ tenant }: Principal): Reader => ({
    tenant,
    reading: () => (body) => database.asTenant(tenant, body),
    own: (query) => ({ ...query, tenant: query.tenant ?? tenant }),
  })
  /** What was taken back is not known while the feed is away: a token that may be dead opens nothing. */
  const assertKnown = (): void => {
    if (feed.freshness() === 'expired') throw new Refusal('token.unverifiable')
  }
  const tenantOf = async (token: string): Promise<Principal | undefined> => {
    const verified = await deps.verifier.verify(token)
    if (!verified.ok) {
      if (verified.reason === 'unavailable') throw new Refusal('token.unverifiable')
      return undefined
    }
    assertKnown()
    const refused = judgeReader(verified.principal, rules)
    if (refused !== undefined) throw new Refusal(refused)
    return verified.principal
  }
  const program = async (token: string): Promise<Operator> => {
    const verified = await deps.operators.verify(token)
    if (verified.ok) {
      assertKnown()
      const { client, subject, tenant, grant, scopes } = verified.principal
      const holder = { subject, client, grant, scopes, tenant: tenant === PLATFORM ? undefined : tenant }
      if (!administers(holder)) throw new Refusal('operator.not-allowed')
      return { client: subject }
    }
    // For the operator's API, and good, but of a tenant.
    if (verified.reason === 'tenant') throw new Refusal('operator.not-allowed')
    throw new Refusal(verified.reason === 'unavailable' ? 'token.unverifiable' : 'credential.wrong')
  }
  return {
    async operator({ headers }) {
      const given = bearerOf(headers.authorization)
      return isAdminToken(given) ? {} : program(given)
    },
    async principal(token) {
      const principal = await tenantOf(token)
      if (principal === undefined) throw new Refusal('credential.wrong')
      return principal
    },
    readerOf,
    async reader({ headers }) {
      const given = bearerOf(headers.authorization)
      if (isAdminToken(given)) return wholeLog
      const principal = await tenantOf(given)
      if (principal !== undefined) return readerOf(principal)
      await program(given)
      return wholeLog
    },
  }
}

/** @throws Refusal */
function bearerOf(authorization: string | undefined): string {
  const given = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
  if (given === undefined) throw new Refusal('credential.missing')
  return given
}

/** `*`, the platform itself, is no tenant that a transaction can be set to. */
const TENANT_ID = /^[A-Za-z0-9_.:-]{1,128}$/
