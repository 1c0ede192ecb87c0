import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** The secret that was configured is not the one with which the keys in the database were encrypted. */
export class WrongMasterSecret extends Error {
  constructor(cause: unknown) {
    super('GATEHOUSE_SECRET is not the secret that the keys in this database were encrypted with', { cause })
    this.name = 'WrongMasterSecret'
  }
}

/** AES-256-GCM. `about` is bound in, so that a sealed key cannot be moved to another row. */
export function encrypt(key: Uint8Array, about: string, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(about))
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** @throws WrongMasterSecret when the key is another one or the bytes were changed */
export function decrypt(key: Uint8Array, about: string, sealed: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(about))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
  } catch (error) {
    throw new WrongMasterSecret(error)
  }
}
