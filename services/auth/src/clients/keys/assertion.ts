import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type ProtectedHeaderParameters,
} from 'jose'
import { sha256 } from '../../secrets.ts'
import type { Client } from '../clients.store.ts'
import { assertion_claim } from './assertions.store.ts'
import type { ClientKeys } from './client-keys.ts'
import { CLIENT_ALGORITHMS } from './judge-jwks.ts'

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Why an assertion proves nothing; said to the client, who cannot see into us. */
export type AssertionFault = string

/** Whether a client signed an assertion, for us and for the first time. @returns why not */
export type VerifyAssertion = (assertion: string, client: Client) => Promise<AssertionFault | undefined>

const LONGEST_SECONDS = 600
const SKEW_SECONDS = 60
const MAX_LENGTH = 8_192
/** `undefined` = not said. Access and ID tokens have types of their own and can never pass. */
const TYPES: readonly unknown[] = [undefined, 'jwt', 'client-authentication+jwt']

/** RFC 7523 section 3 with rfc7523bis: `iss` = `sub` = the client, one audience, short-lived, used once. */
export function createAssertionVerifier(deps: {
  readonly audiences: readonly string[]
  readonly db: Database
  readonly clock: Clock
  readonly keys: ClientKeys
}): VerifyAssertion {
  const { audiences, db, clock, keys } = deps
  return async (assertion, client) => {
    const read = readAssertion(assertion)
    if (read === undefined) return 'client_assertion is not a JWT.'
    const fault =
      judgeHeader(read.header, client) ?? judgeClaims(read.claims, client.id, audiences, clock.now() / 1_000)
    if (fault !== undefined) return fault
    const set = await keys.of(client, read.header.kid)
    if (set === undefined) return 'The keys of the client cannot be had.'
    if (!(await isSigned(assertion, set, clock))) return 'client_assertion is not signed with a key of the client.'
    const { jti = '', exp = 0 } = read.claims
    const expiresAt = new Date((exp + SKEW_SECONDS) * 1_000)
    const first = await db.asPlatform('client assertion', (tx) =>
      assertion_claim(tx, client.id, sha256(jti), expiresAt),
    )
    return first === 1 ? undefined : 'client_assertion was used before.'
  }
}

/** Whom an assertion claims to come from, before anything of it is proven. */
export const claimedClient = (assertion: string): string | undefined => readAssertion(assertion)?.claims.sub

interface Unproven {
  readonly header: ProtectedHeaderParameters
  readonly claims: JWTPayload
}

function readAssertion(assertion: string): Unproven | undefined {
  if (assertion.length > MAX_LENGTH) return undefined
  try {
    return { header: decodeProtectedHeader(assertion), claims: decodeJwt(assertion) }
  } catch {
    return undefined
  }
}

function judgeHeader({ alg, typ, kid }: ProtectedHeaderParameters, { metadata }: Client): AssertionFault | undefined {
  const promised = metadata.token_endpoint_auth_signing_alg
  if (!CLIENT_ALGORITHMS.includes(alg ?? '') || (promised !== undefined && alg !== promised))
    return 'The algorithm of client_assertion is refused.'
  if (kid !== undefined && typeof kid !== 'string') return 'The kid of client_assertion is malformed.'
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ
  return TYPES.includes(type) ? undefined : 'The typ of client_assertion is refused.'
}

/** Pure. @param now seconds since the epoch */
export function judgeClaims(
  { iss, sub, aud, exp, iat, nbf, jti }: JWTPayload,
  clientId: string,
  audiences: readonly string[],
  now: number,
): AssertionFault | undefined {
  if (iss !== clientId || sub !== clientId) return 'iss and sub of client_assertion have to be the client_id.'
  const [audience, ...more] = [aud].flat()
  if (audience === undefined || more.length > 0 || !audiences.includes(audience))
    return 'aud of client_assertion has to be the issuer and nothing else.'
  if (!isTime(exp) || exp <= now - SKEW_SECONDS) return 'client_assertion has expired.'
  if (exp > now + LONGEST_SECONDS + SKEW_SECONDS) return 'client_assertion lives longer than ten minutes.'
  if (!isTime(iat) || iat > now + SKEW_SECONDS) return 'iat of client_assertion is missing or lies ahead.'
  if (nbf !== undefined && (!isTime(nbf) || nbf > now + SKEW_SECONDS)) return 'client_assertion is not good yet.'
  if (typeof jti !== 'string' || jti === '' || jti.length > 256)
    return 'jti of client_assertion is missing or too long.'
  return undefined
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

/** Of keys without a `kid` more than one may fit. */
async function isSigned(assertion: string, set: JSONWebKeySet, clock: Clock): Promise<boolean> {
  const options = {
    algorithms: [...CLIENT_ALGORITHMS],
    currentDate: new Date(clock.now()),
    clockTolerance: SKEW_SECONDS,
  }
  try {
    await jwtVerify(assertion, createLocalJWKSet(set), options)
    return true
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) {
      for await (const key of error) {
        const good = await jwtVerify(assertion, key, options).then(
          () => true,
          () => false,
        )
        if (good) return true
      }
      return false
    }
    // What a key's owner wrote into it may be no key at all: that is told by other errors than jose's own.
    return false
  }
}
