import type { Secret } from '@gatehouse/config'
import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import {
  type Algorithm,
  createExternalSigner,
  createKeyring,
  createLocalSigner,
  type ExternalKeys,
  externalRing,
  fileKeyring,
  type Keyring,
  type KeyringOptions,
  type ListedRing,
  makeSecretKey,
  makeSigningKey,
  type RingTimes,
  type Signer,
} from '@gatehouse/keyring'
import type { Profile } from '@gatehouse/profiles'
import type { Logger } from '@gatehouse/telemetry'
import { appendAudited } from '../audit/append.ts'
import { retryWindowMs } from '../token/judge-refresh.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** How often signing keys change when the configuration says nothing. */
export const SIGNING_KEY_DAYS = 90
/** The key set may be kept by whoever read it for 5 minutes, by a node for half a minute; clocks differ by one. */
const PUBLISH_MS = 15 * MINUTE_MS
/** No resource has access tokens that live longer than a day; an hour for clocks and long requests. */
const LONGEST_TOKEN_MS = DAY_MS + 60 * MINUTE_MS
/** An ID token may be shown again after its end, as `id_token_hint` (OpenID Connect RP-Initiated Logout section 4). */
const LONGEST_HINT_MS = 30 * DAY_MS

export const RING_NAMES = ['access', 'id', 'refresh'] as const
export type RingName = (typeof RING_NAMES)[number]
/** Those that sign: their private keys may stay with a service. */
export const SIGNING_RINGS = ['access', 'id'] as const satisfies readonly RingName[]
export type SigningRing = (typeof SIGNING_RINGS)[number]

export interface Rings {
  readonly refresh: Keyring
  readonly accessSigner: Signer
  readonly idSigner: Signer
  /** Every ring of this service, by name: what the operator sees, and what the schedule goes through. */
  readonly all: readonly ListedRing[]
}

export interface RingDeps {
  readonly profile: Profile
  readonly db: Database
  readonly clock: Clock
  readonly log: Logger
  readonly secret: Secret
  /** 0: only by command. */
  readonly signingKeyDays?: number | undefined
  /** What the next key of access tokens signs by. Default ES256. */
  readonly accessTokenAlgorithm?: Algorithm | undefined
  /** Rings whose keys are in files. */
  readonly files?: Readonly<Partial<Record<RingName, string>>> | undefined
  /** Rings whose keys a service holds. */
  readonly services?: Readonly<Partial<Record<SigningRing, ExternalKeys>>> | undefined
}

/**
 * The keys of the authorization server, one ring a purpose: what one of them signs or makes, no other verifies.
 * @throws TypeError for a ring whose keys would be in two places
 */
export function openRings(deps: RingDeps): Rings {
  const { profile, signingKeyDays = SIGNING_KEY_DAYS, accessTokenAlgorithm = 'ES256' } = deps
  const everyMs = signingKeyDays === 0 ? null : signingKeyDays * DAY_MS
  const open = (ring: RingName, kind: 'secret' | Algorithm, times: RingTimes): Keyring => {
    const path = deps.files?.[ring]
    if (path !== undefined) return fileKeyring({ ...deps, ring, path, kind })
    const rotated: NonNullable<KeyringOptions['rotated']> = (tx, key, { when }) =>
      appendAudited(tx, 'keyringRotated', {
        actor: { kind: when === 'due' ? 'platform' : 'operator' },
        outcome: 'succeeded',
        action: when ?? 'next',
        object: { kind: 'keyring', id: `${ring}/${key.id}` },
        now: new Date(deps.clock.now()),
      })
    const make = kind === 'secret' ? makeSecretKey : makeSigningKey(kind)
    return createKeyring({ ...deps, schema: 'auth', ring, make, times, rotated })
  }
  const signing = (name: SigningRing, algorithm: Algorithm, times: RingTimes) => {
    const service = deps.services?.[name]
    if (service !== undefined) {
      if (deps.files?.[name] !== undefined)
        throw new TypeError(`the ring ${name} has its keys in a file or with a service, not both`)
      return {
        ring: externalRing(name, service, deps.clock),
        signer: createExternalSigner(algorithm, service, deps.clock),
      }
    }
    const ring = open(name, algorithm, times)
    return { ring, signer: createLocalSigner(ring) }
  }
  const access = signing('access', accessTokenAlgorithm, { publishMs: PUBLISH_MS, keepMs: LONGEST_TOKEN_MS, everyMs })
  const id = signing('id', 'RS256', { publishMs: PUBLISH_MS, keepMs: LONGEST_HINT_MS, everyMs })
  const refresh = open('refresh', 'secret', {
    publishMs: PUBLISH_MS,
    // A repeat walks from a token that was used inside the window to the newest one, by the keys of then.
    keepMs: retryWindowMs(profile.refreshRetrySeconds) + 60 * MINUTE_MS,
    everyMs,
  })
  return {
    refresh,
    accessSigner: access.signer,
    idSigner: id.signer,
    all: [access.ring, ...(profile.openid ? [id.ring] : []), refresh],
  }
}
