import { AsyncResource } from 'node:async_hooks'
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { type Clock, refuseInsideTransaction } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import { activeOf, livingOf } from './judge-ring.ts'
import type { Keyring, RingKey } from './keyring.ts'

/**
 * Hands facts to others who must neither read nor change them: session ids, cursors, request state, tickets. The text is base64url of
 * version ‖ length of the key's id ‖ key id ‖ nonce ‖ AES-256-GCM ciphertext ‖ tag; about 70 characters more than the plain text.
 */
export interface Sealer {
  /** @param about what it is for, and for whom: it opens for the same words only */
  seal(about: string, plain: string | Uint8Array): string
  /** `undefined` for whatever was not sealed with a key that is known here, and about this. Never throws. */
  open(about: string, sealed: string): Buffer | undefined
  /**
   * As `open`, and a key that this node has not read yet is looked for, at most once a second for all who ask; for places where the
   * sealed text may come from another node a moment ago. Not inside a transaction. @throws when the keys cannot be read
   */
  openFresh(about: string, sealed: string): Promise<Buffer | undefined>
  close(): void
}

export interface SealerOptions {
  readonly clock: Clock
  readonly log?: Logger
}

const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Longer than anything that is sealed; what is longer is not looked at. */
const MAX_SEALED = 1_048_576
const REFRESH_MS = 10_000
const LOOK_EVERY_MS = 1_000

interface Opened {
  readonly keys: readonly RingKey[]
  readonly ciphers: ReadonlyMap<string, Buffer>
}

/** Sealing and opening do not wait: keys are read here, and again in the background. */
export async function createSealer(ring: Keyring, { clock, log }: SealerOptions): Promise<Sealer> {
  let opened: Opened = openedOf(await ring.keys())
  let next: Promise<void> | undefined
  let lookedAt = Number.NEGATIVE_INFINITY

  const timer = setInterval(() => {
    ring.keys().then(
      (keys) => {
        opened = openedOf(keys)
      },
      (error: unknown) =>
        log?.warn({ err: error, ring: ring.name }, 'the keys cannot be read; those that are known are used'),
    )
  }, REFRESH_MS)
  timer.unref()

  const look = async (): Promise<void> => {
    const waitMs = lookedAt + LOOK_EVERY_MS - performance.now()
    // Always a turn, so that whoever set this look going has taken note of it.
    await pause(Math.max(0, waitMs))
    lookedAt = performance.now()
    // From here on a caller needs the next look: this one may have read already.
    next = undefined
    opened = openedOf(await ring.refresh())
  }
  // Whoever meets an unknown key may be inside a transaction; the look is not part of it.
  const outside = AsyncResource.bind(look)
  const lookAgain = (): Promise<void> => {
    next ??= outside()
    return next
  }

  const read = (about: string, sealed: string): Buffer | 'unknown-key' | undefined => {
    const parts = partsOf(sealed)
    if (parts === undefined) return undefined
    const key = opened.ciphers.get(parts.keyId)
    if (key === undefined) return 'unknown-key'
    if (livingOf(opened.keys, clock.now()).every(({ id }) => id !== parts.keyId)) return undefined
    return decrypted(key, about, parts)
  }

  return {
    seal(about, plain) {
      const active = activeOf(opened.keys, clock.now())
      const key = active && opened.ciphers.get(active.id)
      if (active === undefined || key === undefined) throw new Error(`ring ${ring.name} has no key to seal with`)
      return sealedWith(active.id, key, about, plain)
    },
    open(about, sealed) {
      const found = read(about, sealed)
      if (found !== 'unknown-key') return found
      lookAgain().catch((error: unknown) =>
        log?.warn({ err: error, ring: ring.name }, 'an unknown key cannot be looked for'),
      )
      return undefined
    },
    async openFresh(about, sealed) {
      const found = read(about, sealed)
      if (found !== 'unknown-key') return found
      refuseInsideTransaction('looking for a key')
      await lookAgain()
      const again = read(about, sealed)
      return again === 'unknown-key' ? undefined : again
    },
    close: () => clearInterval(timer),
  }
}

/** A key of its own for sealing: the same ring may also make codes. */
const openedOf = (keys: readonly RingKey[]): Opened => ({
  keys,
  ciphers: new Map(
    keys.map(({ id, secret }) => [id, Buffer.from(hkdfSync('sha256', secret, 'gatehouse', 'sealer', 32))]),
  ),
})

interface Parts {
  readonly head: Buffer
  readonly keyId: string
  readonly nonce: Buffer
  readonly text: Buffer
  readonly tag: Buffer
}

/** Version, key id and purpose are bound in; the head's length makes the joint unambiguous. */
const bound = (head: Buffer, about: string): Buffer => Buffer.concat([head, Buffer.from(about)])

function sealedWith(keyId: string, key: Buffer, about: string, plain: string | Uint8Array): string {
  const id = Buffer.from(keyId)
  const head = Buffer.concat([Buffer.of(VERSION, id.length), id])
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(bound(head, about))
  const text = typeof plain === 'string' ? Buffer.from(plain) : plain
  return Buffer.concat([head, nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

/** `undefined` for what this sealer never wrote, other spellings of the same bytes included. */
function partsOf(sealed: string): Parts | undefined {
  if (typeof sealed !== 'string' || sealed.length > MAX_SEALED) return undefined
  const bytes = Buffer.from(sealed, 'base64url')
  const headBytes = 2 + (bytes[1] ?? 0)
  if (bytes[0] !== VERSION || bytes.length < headBytes + NONCE_BYTES + TAG_BYTES) return undefined
  if (bytes.toString('base64url') !== sealed) return undefined
  return {
    head: bytes.subarray(0, headBytes),
    keyId: bytes.toString('utf8', 2, headBytes),
    nonce: bytes.subarray(headBytes, headBytes + NONCE_BYTES),
    text: bytes.subarray(headBytes + NONCE_BYTES, -TAG_BYTES),
    tag: bytes.subarray(-TAG_BYTES),
  }
}

function decrypted(key: Buffer, about: string, { head, nonce, text, tag }: Parts): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(bound(head, about)).setAuthTag(tag)
  try {
    return Buffer.concat([decipher.update(text), decipher.final()])
  } catch {
    // Node says no more than that it cannot be authenticated, and there is nothing more to say.
    return undefined
  }
}
