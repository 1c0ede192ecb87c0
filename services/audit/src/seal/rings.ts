import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { HEAD_TYPE, type Head } from '@gatehouse/audit-proof'
import type { Secret } from '@gatehouse/config'
import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { createKeyring, type Keyring, makeSecretKey, makeSigningKey } from '@gatehouse/keyring'
import type { Logger } from '@gatehouse/telemetry'
import type { JSONWebKeySet, JWK } from 'jose'

/** Signs heads. An interface, so that a key management service can hold the key. */
export interface HeadSigner {
  /** Gets the key ready, outside of any transaction; what it returns works inside one. @returns a JWS in its compact form */
  prepare(): Promise<(head: Head) => Promise<string>>
  /** Every key that ever signed. */
  publicKeys(): Promise<JSONWebKeySet>
}

export interface AuditRings {
  readonly heads: HeadSigner
  /** Seals the cookies of the activity page. */
  readonly cookies: Keyring
  readonly all: readonly Keyring[]
}

const DAY_MS = 86_400_000

export function openRings(deps: {
  readonly db: Database
  readonly secret: Secret
  readonly clock: Clock
  readonly log: Logger
}): AuditRings {
  const common = { ...deps, schema: 'audit' } as const
  // Kept for ever: a head has to be verifiable as long as the rows that it proves.
  const times = { keepMs: null, everyMs: 365 * DAY_MS }
  const heads = createKeyring({ ...common, ring: 'heads', make: makeSigningKey('ES256'), times })
  const cookies = createKeyring({ ...common, ring: 'cookies', make: makeSecretKey, times: { keepMs: DAY_MS } })
  return { heads: localHeadSigner(heads), cookies, all: [heads, cookies] }
}

/** @param ring of keys by `makeSigningKey('ES256')` */
export function localHeadSigner(ring: Keyring): HeadSigner {
  return {
    async prepare() {
      const { id, secret } = await ring.active()
      const key = createPrivateKey(Buffer.from(secret).toString())
      return async (head) => {
        const input = [{ alg: 'ES256', typ: HEAD_TYPE, kid: id }, head].map(encoded).join('.')
        const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
        return `${input}.${signature.toString('base64url')}`
      }
    },
    async publicKeys() {
      const keys = await ring.keys()
      return { keys: keys.map(({ id, secret }) => publicHalf(id, secret)) }
    },
  }
}

/** From the private half: what the database says in clear could have been put there by whoever owns it. */
function publicHalf(kid: string, secret: Uint8Array): JWK {
  const { kty, crv, x, y } = createPublicKey(Buffer.from(secret).toString()).export({ format: 'jwk' }) as JWK
  return { kty: kty as string, crv, x, y, kid, use: 'sig', alg: 'ES256' } as JWK
}

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
