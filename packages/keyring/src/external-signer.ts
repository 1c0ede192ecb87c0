import { createPublicKey, verify } from 'node:crypto'
import type { Clock } from '@gatehouse/contracts'
import type { JWK } from 'jose'
import { activeOf, livingOf } from './judge-ring.ts'
import { type ListedRing, RingIsFixed } from './keyring.ts'
import { type Algorithm, type Signer, unsigned, withHeader } from './signer.ts'

/** A key that somebody else holds. */
export interface ExternalKey {
  /** Names it in tokens and at its holder. */
  readonly id: string
  readonly publicJwk: JWK
  readonly activeAt: Date
  readonly retiringAt: Date | null
}

/** A key management service, as far as a signer needs it. Which keys there are, and since when, is its operator's. */
export interface ExternalKeys {
  /** By `activeAt`, oldest first. Called again once what was read is 30 seconds old. */
  list(): Promise<readonly ExternalKey[]>
  /**
   * Signs with SHA-256: ECDSA on P-256 for ES256, PKCS #1 v1.5 for RS256.
   * @returns for ES256 the 64 bytes of RFC 7518 section 3.4, or DER as most services give it
   */
  sign(id: string, bytes: Uint8Array): Promise<Uint8Array>
}

/** The service signed something that its public key does not verify; such a token must not leave. */
export class ExternalSignatureInvalid extends Error {
  constructor(id: string) {
    super(`what was signed with the external key ${id} cannot be verified with its public half`)
    this.name = 'ExternalSignatureInvalid'
  }
}

/** The service did not answer, or says that there is no key. Nothing was signed. */
export class KeyServiceUnavailable extends Error {
  constructor(cause: unknown) {
    super('the key service cannot answer', { cause })
    this.name = 'KeyServiceUnavailable'
  }
}

const away = (cause: unknown): never => {
  throw new KeyServiceUnavailable(cause)
}

/** The ring of keys that a service holds, for the operator to see. The service's own operator rotates it. */
export function externalRing(ring: string, keys: ExternalKeys, clock: Clock): ListedRing {
  return {
    name: ring,
    async refresh() {
      const list = await keys.list().catch(away)
      return livingOf(list, clock.now()).map((key) => ({ ...key, createdAt: key.activeAt }))
    },
    rotate: async () => {
      throw new RingIsFixed(ring, 'its key service brings the next key')
    },
  }
}

const FRESH_MS = 30_000

/** A signer whose private keys never come here. It throws KeyServiceUnavailable, ExternalSignatureInvalid. */
export function createExternalSigner(algorithm: Algorithm, keys: ExternalKeys, clock: Clock): Signer {
  let known: { readonly list: Promise<readonly ExternalKey[]>; readonly readAt: number } | undefined

  const list = async (): Promise<readonly ExternalKey[]> => {
    const now = clock.now()
    if (known === undefined || now < known.readAt || now >= known.readAt + FRESH_MS) {
      const before = known
      const next = { list: keys.list(), readAt: now }
      known = next
      // A service that is away for a moment takes nothing from what it said before.
      next.list.catch(() => {
        if (known === next) known = before
      })
      return livingOf(await next.list.catch((error) => before?.list ?? away(error)), now)
    }
    return livingOf(await known.list, now)
  }

  return {
    async sign(typ, claims) {
      const key = activeOf(await list(), clock.now())
      if (key === undefined) throw new KeyServiceUnavailable(new Error('it has no key that is not retired'))
      const input = Buffer.from(unsigned({ alg: algorithm, typ, kid: key.id }, claims))
      const signed = await keys.sign(key.id, input).catch(away)
      const signature = algorithm === 'ES256' ? fixedLength(signed) : Buffer.from(signed)
      const publicKey = createPublicKey({ key: key.publicJwk as Record<string, unknown>, format: 'jwk' })
      const how = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
      if (signature === undefined || !verify('sha256', input, how, signature))
        throw new ExternalSignatureInvalid(key.id)
      return `${input}.${signature.toString('base64url')}`
    },
    publicKeys: async () => (await list()).map(({ id, publicJwk }) => withHeader(publicJwk, id, algorithm)),
  }
}

const HALF = 32

/** r ‖ s from `SEQUENCE { INTEGER r, INTEGER s }` (RFC 3279 section 2.2.3). `undefined` for what is neither form. */
function fixedLength(signature: Uint8Array): Buffer | undefined {
  if (signature.length === 2 * HALF) return Buffer.from(signature)
  if (signature[0] !== 0x30 || signature[1] !== signature.length - 2) return undefined
  const halves: Buffer[] = []
  let at = 2
  while (at < signature.length) {
    const length = signature[at + 1] ?? 0
    if (signature[at] !== 0x02 || length === 0 || at + 2 + length > signature.length) return undefined
    const number = Buffer.from(signature.subarray(at + 2, at + 2 + length))
    const digits = number.subarray(Math.max(0, number.length - HALF))
    if (number.subarray(0, number.length - digits.length).some((byte) => byte !== 0)) return undefined
    halves.push(Buffer.concat([Buffer.alloc(HALF - digits.length), digits]))
    at += 2 + length
  }
  return halves.length === 2 ? Buffer.concat(halves) : undefined
}
