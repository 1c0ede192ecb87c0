import { importJWK, type JWK } from 'jose'
import { z } from 'zod'
import type { Algorithm, VerificationKey } from './source.ts'

export type KeySet = ReadonlyMap<string, VerificationKey>

const jwk = z.looseObject({
  kty: z.string(),
  kid: z.string().optional(),
  use: z.string().optional(),
  alg: z.string().optional(),
  crv: z.string().optional(),
  n: z.string().optional(),
  d: z.unknown().optional(),
})
const jwks = z.object({ keys: z.array(jwk).max(64) })
type Jwk = z.infer<typeof jwk>

/** 2048 bits in base64url; a shorter modulus is not believed (RFC 7518 section 3.3). */
const RSA_MODULUS_CHARS = 342

/**
 * The usable keys of a JWK Set (RFC 7517). Keys of other kinds, without id, for encryption or with a private part are left out.
 * @throws when it is no JWK Set
 */
export async function readKeySet(value: unknown): Promise<KeySet> {
  const set = new Map<string, VerificationKey>()
  for (const candidate of jwks.parse(value).keys) {
    const algorithm = algorithmOf(candidate)
    if (algorithm === undefined || candidate.kid === undefined) continue
    const key = await importJWK(candidate as JWK, algorithm)
    if (!(key instanceof Uint8Array)) set.set(candidate.kid, { algorithm, key })
  }
  return set
}

function algorithmOf(candidate: Jwk): Algorithm | undefined {
  if (candidate.d !== undefined) return undefined
  if (candidate.use !== undefined && candidate.use !== 'sig') return undefined
  const own = kindOf(candidate)
  return candidate.alg === undefined || candidate.alg === own ? own : undefined
}

function kindOf({ kty, crv, n }: Jwk): Algorithm | undefined {
  if (kty === 'EC' && crv === 'P-256') return 'ES256'
  if (kty === 'RSA' && n !== undefined && n.length >= RSA_MODULUS_CHARS) return 'RS256'
  return undefined
}
