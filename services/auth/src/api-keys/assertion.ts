import type { Clock } from '@gatehouse/contracts'
import type { KeyValue } from '@gatehouse/kv'
import { type CryptoKey, decodeJwt, errors, importJWK, type JWK, jwtVerify } from 'jose'
import { Refusal } from '../errors.ts'

/** A service of ours that may call, and the public half of its key. */
export interface InternalClient {
  readonly id: string
  readonly jwk: JWK
}

export type AuthenticateService = (authorization: string | undefined) => Promise<InternalClient>

const LONGEST_SECONDS = 60
const SKEW_SECONDS = 5

/**
 * A service proves itself by a JWT of its own (the claims of RFC 7523 section 3) as Bearer: `iss` = `sub` = its id, `aud` = our issuer,
 * at most a minute long, used once.
 * @throws Refusal 401; KeyValueUnavailable, since without the store a repeat would not be noticed
 */
export function createServiceAuthentication(deps: {
  readonly clients: readonly InternalClient[]
  readonly issuer: string
  readonly kv: KeyValue
  readonly clock: Clock
}): AuthenticateService {
  const { issuer, kv, clock } = deps
  const clients = new Map(deps.clients.map((client) => [client.id, client]))
  const keys = new Map<string, Promise<CryptoKey | Uint8Array>>()
  const keyOf = ({ id, jwk }: InternalClient) => {
    const key = keys.get(id) ?? importJWK(jwk, algorithmsOf(jwk)[0])
    keys.set(id, key)
    return key
  }

  return async (authorization) => {
    const refused = new Refusal('caller.unproven', { headers: { 'www-authenticate': 'Bearer' } })
    const token = /^Bearer +([A-Za-z0-9._-]+)$/i.exec(authorization ?? '')?.[1]
    const client = token === undefined ? undefined : clients.get(issuerOf(token) ?? '')
    if (token === undefined || client === undefined) throw refused
    try {
      const { payload } = await jwtVerify(token, await keyOf(client), {
        issuer: client.id,
        subject: client.id,
        audience: issuer,
        algorithms: [...algorithmsOf(client.jwk)],
        requiredClaims: ['exp', 'iat', 'jti'],
        currentDate: new Date(clock.now()),
        clockTolerance: SKEW_SECONDS,
      })
      const now = clock.now() / 1_000
      const { exp = 0, jti = '' } = payload
      if (exp - now > LONGEST_SECONDS + SKEW_SECONDS || jti.length > 200) throw refused
      const first = await kv.claim(
        `auth:assertion:${client.id}:${jti}`,
        '1',
        Math.ceil((exp - now + 2 * SKEW_SECONDS) * 1_000),
      )
      if (!first) throw refused
      return client
    } catch (error) {
      if (error instanceof errors.JOSEError) throw refused
      throw error
    }
  }
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}

/** Ed25519 goes by two names (RFC 9864). */
const algorithmsOf = (jwk: JWK): readonly [string, ...string[]] =>
  jwk.kty === 'OKP' ? ['EdDSA', 'Ed25519'] : ['ES256']
