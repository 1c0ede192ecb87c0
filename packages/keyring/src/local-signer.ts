import { type CryptoKey, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, type JWK, SignJWT } from 'jose'
import type { Keyring, MakeKey } from './keyring.ts'
import { type Algorithm, type Signer, withHeader } from './signer.ts'

export const makeSigningKey =
  (algorithm: Algorithm): MakeKey =>
  async () => {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 })
    const { kty, crv, x, y, n, e } = await exportJWK(publicKey)
    const publicJwk = algorithm === 'ES256' ? { kty, crv, x, y } : { kty, n, e }
    return { secret: Buffer.from(await exportPKCS8(privateKey)), publicJwk: publicJwk as JWK }
  }

/** A signer whose private keys are in this process. @param ring of keys by `makeSigningKey` for the same algorithm */
export function createLocalSigner(algorithm: Algorithm, ring: Keyring): Signer {
  const imported = new Map<string, Promise<CryptoKey>>()
  return {
    async sign(typ, claims) {
      const { id, secret } = await ring.active()
      const key = imported.get(id) ?? importPKCS8(Buffer.from(secret).toString(), algorithm)
      imported.set(id, key)
      return new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ, kid: id }).sign(await key)
    },
    async publicKeys() {
      return (await ring.keys()).flatMap(({ id, publicJwk }) =>
        publicJwk === null ? [] : [withHeader(publicJwk, id, algorithm)],
      )
    },
  }
}
