import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { exportJWK, exportPKCS8, generateKeyPair, type JWK } from 'jose'
import type { Keyring, MakeKey } from './keyring.ts'
import { type Algorithm, type Signer, unsigned, withHeader } from './signer.ts'

export const makeSigningKey =
  (algorithm: Algorithm): MakeKey =>
  async () => {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 })
    const { kty, crv, x, y, n, e } = await exportJWK(publicKey)
    const publicJwk = algorithm === 'ES256' ? { kty, crv, x, y } : { kty, n, e }
    return { secret: Buffer.from(await exportPKCS8(privateKey)), publicJwk: publicJwk as JWK }
  }

const signElsewhere = promisify(sign)

/** An ECDSA signature takes less time than handing it to another thread; one by RSA takes twenty times as long. */
const SIGN: Readonly<Record<Algorithm, (input: Buffer, key: KeyObject) => Buffer | Promise<Buffer>>> = {
  ES256: (input, key) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
  RS256: (input, key) => signElsewhere('sha256', input, key),
}

/** A key signs by its own algorithm, so that a ring can go over to the other one while what its older keys signed is still good. */
const algorithmOf = ({ kty }: JWK): Algorithm => (kty === 'RSA' ? 'RS256' : 'ES256')

/** A signer whose private keys are in this process. @param ring of keys by `makeSigningKey` */
export function createLocalSigner(ring: Keyring): Signer {
  const opened = new Map<string, KeyObject>()
  const keyOf = (id: string, secret: Uint8Array): KeyObject => {
    const known = opened.get(id)
    if (known !== undefined) return known
    const key = createPrivateKey(Buffer.from(secret).toString())
    opened.set(id, key)
    return key
  }
  return {
    async sign(typ, claims) {
      const { id, secret, publicJwk } = await ring.active()
      if (publicJwk === null) throw new TypeError(`the keys of ring ${ring.name} do not sign`)
      const algorithm = algorithmOf(publicJwk)
      const input = unsigned({ alg: algorithm, typ, kid: id }, claims)
      const signature = await SIGN[algorithm](Buffer.from(input), keyOf(id, secret))
      return `${input}.${signature.toString('base64url')}`
    },
    async publicKeys() {
      return (await ring.keys()).flatMap(({ id, publicJwk }) =>
        publicJwk === null ? [] : [withHeader(publicJwk, id, algorithmOf(publicJwk))],
      )
    },
  }
}
