import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { KeyValue } from '@gatehouse/kv'
import type { FastifyRequest } from 'fastify'
import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, jwtVerify } from 'jose'
import { readPresented } from '../clients/authenticate.ts'
import { Refusal } from '../errors.ts'
import type { Params } from '../http/form.ts'
import { sameBytes, sha256 } from '../secrets.ts'
import { type Resource, resource_get } from './resources.store.ts'

/** The registered resource behind a request (RFC 7662 section 2.1). */
export type AuthenticateResource = (request: FastifyRequest, form: Params) => Promise<Resource>

/** Ways in which a resource can prove itself. */
export const RESOURCE_AUTHENTICATION = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const
export const RESOURCE_ALGORITHMS = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const LONGEST_SECONDS = 300
const SKEW_SECONDS = 5

/**
 * By the secret or the keys that it was registered with, under its id as `client_id`; clients and people cannot ask.
 * @throws Refusal 401, with a challenge; KeyValueUnavailable, since without the store a repeated assertion would not be noticed
 */
export function createResourceAuthentication(deps: {
  readonly db: Database
  readonly kv: KeyValue
  readonly clock: Clock
  readonly issuer: string
}): AuthenticateResource {
  const { db, kv, clock, issuer } = deps
  const find = (id: string) => db.asPlatform('introspection', (tx) => resource_get(tx, id))

  const bySecret = async (request: FastifyRequest, form: Params): Promise<Resource> => {
    const presented = readPresented(request.headers.authorization, form)
    if (!('secret' in presented)) throw unproven()
    const resource = await find(presented.clientId)
    const given = sha256(presented.secret)
    if (resource === undefined || resource.secretHash === null || !sameBytes(given, resource.secretHash))
      throw unproven()
    return resource
  }

  const byKey = async (assertion: string, named: string | undefined): Promise<Resource> => {
    const id = issuerOf(assertion)
    const resource = id === undefined || (named !== undefined && named !== id) ? undefined : await find(id)
    if (resource === undefined || resource.jwks === null) throw unproven()
    const { exp, jti } = await verify(assertion, resource.id, resource.jwks)
    const left = exp - clock.now() / 1_000
    if (left > LONGEST_SECONDS + SKEW_SECONDS || jti.length > 200) throw unproven()
    const held = Math.ceil((left + 2 * SKEW_SECONDS) * 1_000)
    if (!(await kv.claim(`auth:assertion:${resource.id}:${jti}`, '1', held))) throw unproven()
    return resource
  }

  const verify = async (assertion: string, id: string, jwks: JSONWebKeySet) => {
    try {
      const { payload } = await jwtVerify(assertion, createLocalJWKSet(jwks), {
        ...{ issuer: id, subject: id, audience: issuer, requiredClaims: ['exp', 'iat', 'jti'] },
        algorithms: [...RESOURCE_ALGORITHMS, 'Ed25519'],
        currentDate: new Date(clock.now()),
        clockTolerance: SKEW_SECONDS,
      })
      // Several audiences would let another server use it here.
      if (payload.aud !== issuer || typeof payload.jti !== 'string') throw unproven()
      return { exp: payload.exp ?? 0, jti: payload.jti }
    } catch (error) {
      if (error instanceof errors.JOSEError) throw unproven()
      throw error
    }
  }

  return async (request, form) => {
    const assertion = form.get('client_assertion')
    if (assertion === undefined) return bySecret(request, form)
    if (request.headers.authorization !== undefined || form.get('client_secret') !== undefined)
      throw new Refusal('client.two-methods')
    if (form.get('client_assertion_type') !== ASSERTION_TYPE) throw unproven()
    return byKey(assertion, form.get('client_id'))
  }
}

function issuerOf(assertion: string): string | undefined {
  try {
    return decodeJwt(assertion).iss
  } catch {
    return undefined
  }
}

const unproven = () =>
  new Refusal('caller.unproven', { headers: { 'www-authenticate': 'Basic realm="introspection"' } })
