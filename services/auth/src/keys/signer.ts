import { type CryptoKey, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, type JWK, SignJWT } from 'jose'
import type { Keyring, MakeKey } from './keyring.ts'

export type Algorithm = 'ES256' | 'RS256'

/** Signs claims. An interface, so that a key management service can hold the key. */
export interface Signer {
  /** @param typ `at+jwt` for access tokens, `JWT` for ID tokens; whoever verifies tells them apart by it */
  sign(typ: 'at+jwt' | 'JWT', claims: Readonly<Record<string, unknown>>): Promise<string>
  /** Public keys, those included that are published ahead of use and kept after it. */
  publicKeys(): Promise<readonly JWK[]>
}

export const makeSigningKey =
  (algorithm: Algorithm): MakeKey =>
  async () => {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 })
    const { kty, crv, x, y, n, e } = await exportJWK(publicKey)
    const publicJwk = algorithm === 'ES256' ? { kty, crv, x, y } : { kty, n, e }
    return { secret: Buffer.from(await exportPKCS8(privateKey)), publicJwk: publicJwk as JWK }
  }

/** A signer whose keys lie in the database, encrypted. */
export function createSigner(algorithm: Algorithm, ring: Keyring): Signer {
  const imported = new Map<string, Promise<CryptoKey>>()
  return {
    async sign(typ, claims) {
      const { id, secret } = await ring.active()
      const key = imported.get(id) ?? importPKCS8(Buffer.from(secret).toString(), algorithm)
      imported.set(id, key)
      return new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ, kid: id }).sign(await key)
    },
    async publicKeys() {
      const keys = await ring.keys()
      return keys.flatMap(({ id, publicJwk }) =>
        publicJwk === null ? [] : [{ ...publicJwk, kid: id, use: 'sig', alg: algorithm }],
      )
    },
  }
}
