import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { HEAD_TYPE, type Head } from '@gatehouse/audit-proof'
import type { Secret } from '@gatehouse/config'
import { AUDITED, type Clock, envelopeOf, PLATFORM } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { createKeyring, type Keyring, type KeyringOptions, makeSecretKey, makeSigningKey } from '@gatehouse/keyring'
import type { Logger } from '@gatehouse/telemetry'
import type { JSONWebKeySet, JWK } from 'jose'
import { events_insert_missing } from '../ingest/events.store.ts'
import { toRow } from '../ingest/to-row.ts'

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
  const open = (ring: string, rest: Pick<KeyringOptions, 'make' | 'times'>): Keyring =>
    createKeyring({ ...deps, schema: 'audit', ring, rotated: recordRotation(ring, deps.clock), ...rest })
  // Kept for ever: a head has to be verifiable as long as the rows that it proves.
  const times = { keepMs: null, everyMs: 365 * DAY_MS }
  const heads = open('heads', { make: makeSigningKey('ES256'), times })
  const cookies = open('cookies', { make: makeSecretKey, times: { keepMs: DAY_MS } })
  return { heads: localHeadSigner(heads), cookies, all: [heads, cookies] }
}

/** A row of the log in the same transaction, as auth tells of its rings. */
const recordRotation =
  (ring: string, clock: Clock): NonNullable<KeyringOptions['rotated']> =>
  async (tx, key, { when }) => {
    const event = envelopeOf(
      AUDITED.keyringRotated,
      { source: '/services/audit', tenant: PLATFORM, now: new Date(clock.now()) },
      {
        actor: { kind: when === 'due' ? 'platform' : 'operator' },
        outcome: 'succeeded',
        action: when ?? 'next',
        object: { kind: 'keyring', id: `${ring}/${key.id}` },
      },
    )
    const row = toRow(event)
    if (typeof row === 'string') throw new TypeError(row)
    await events_insert_missing(tx, [row])
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
      // As they are now: another process may have signed with a key that this one has not read yet.
      const keys = await ring.refresh().catch(() => ring.keys())
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
