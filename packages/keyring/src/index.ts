export { createKeyring, FRESH_MS, type KeyringOptions } from './create-keyring.ts'
export { deriveKey } from './derive.ts'
export { describeRing, type KeyDescription, type RingDescription } from './describe-ring.ts'
export { decrypt, encrypt, WrongMasterSecret } from './encrypt.ts'
export {
  createExternalSigner,
  type ExternalKey,
  type ExternalKeys,
  ExternalSignatureInvalid,
  externalRing,
  KeyServiceUnavailable,
} from './external-signer.ts'
export { type FileKeyringOptions, fileKeyring, KeyFileUnusable } from './file-keyring.ts'
export { activeOf, DEFAULT_TIMES, type RingTimes } from './judge-ring.ts'
export { keepRotated } from './keep-rotated.ts'
export {
  type Keyring,
  type ListedKey,
  type ListedRing,
  type MakeKey,
  RingIsFixed,
  type RingKey,
  type RotateOptions,
} from './keyring.ts'
export { createLocalSigner, makeSigningKey } from './local-signer.ts'
export type { RingSchema } from './ring-keys.store.ts'
export { createSealer, type Sealer, type SealerOptions } from './sealer.ts'
export { makeSecretKey } from './secret-key.ts'
export type { Algorithm, Signer } from './signer.ts'
