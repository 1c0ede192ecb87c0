import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Clock } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import type { JWK } from 'jose'
import { z } from 'zod'
import { activeOf, livingOf } from './judge-ring.ts'
import { type Keyring, RingIsFixed, type RingKey } from './keyring.ts'
import type { Algorithm } from './signer.ts'

/** The file is no list of keys of this kind. Says where, never what stands there. */
export class KeyFileUnusable extends Error {
  constructor(path: string, fault: string) {
    super(`${path} cannot be used as a key file: ${fault}`)
    this.name = 'KeyFileUnusable'
  }
}

export interface FileKeyringOptions {
  readonly ring: string
  /** A JSON list of keys, as a secret that is mounted. It is read again every 30 seconds. */
  readonly path: string
  /** `secret`: 32 bytes or more as base64url. An algorithm: a private key as PKCS #8 PEM. */
  readonly kind: 'secret' | Algorithm
  readonly clock: Clock
  readonly log?: Logger
}

const FRESH_MS = 30_000
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const fileSchema = z
  .array(
    z.strictObject({
      id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
      secret: z.string().min(1),
      createdAt: time.optional(),
      activeAt: time.optional(),
      retiringAt: time.nullish(),
    }),
  )
  .min(1)
  .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, 'two keys have one id')

/** For operators who keep keys in files. Rotation is theirs: a key with a later `activeAt`, then `retiringAt` on the one before. */
export function fileKeyring({ ring, path, kind, clock, log }: FileKeyringOptions): Keyring {
  let known: { readonly keys: readonly RingKey[]; readonly readAt: number } | undefined

  const refresh = async (): Promise<readonly RingKey[]> => {
    const readAt = clock.now()
    const keys = parseKeys(path, await readFile(path, 'utf8').catch(unreadable(path)), kind)
    known = { keys, readAt }
    return livingOf(keys, readAt)
  }

  const keys = async (): Promise<readonly RingKey[]> => {
    const now = clock.now()
    if (known !== undefined && now >= known.readAt && now < known.readAt + FRESH_MS) return livingOf(known.keys, now)
    try {
      return await refresh()
    } catch (error) {
      // A file that is being replaced, or was mended badly, does not stop a service that runs.
      if (known === undefined) throw error
      log?.error({ err: error, ring }, 'the key file cannot be read; the keys that are known are used')
      known = { keys: known.keys, readAt: now }
      return livingOf(known.keys, now)
    }
  }

  return {
    name: ring,
    keys,
    refresh,
    async active() {
      const active = activeOf(await keys(), clock.now())
      if (active === undefined) throw new KeyFileUnusable(path, 'all its keys are retired')
      return active
    },
    rotate: async () => {
      throw new RingIsFixed(ring, `add a key to ${path}`)
    },
  }
}

const unreadable = (path: string) => (error: NodeJS.ErrnoException) => {
  throw new KeyFileUnusable(path, error.code ?? 'it cannot be read')
}

function parseKeys(path: string, text: string, kind: FileKeyringOptions['kind']): readonly RingKey[] {
  const parsed = fileSchema.safeParse(jsonOf(path, text))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new KeyFileUnusable(path, `${issue?.path.join('.') || 'the list'}: ${issue?.message}`)
  }
  const epoch = new Date(0)
  return parsed.data
    .map(({ id, secret, createdAt, activeAt, retiringAt }) => ({
      id,
      ...(kind === 'secret' ? secretOf(path, id, secret) : pairOf(path, id, secret, kind)),
      createdAt: createdAt ?? activeAt ?? epoch,
      activeAt: activeAt ?? createdAt ?? epoch,
      retiringAt: retiringAt ?? null,
    }))
    .sort((a, b) => a.activeAt.getTime() - b.activeAt.getTime() || (a.id < b.id ? -1 : 1))
}

function jsonOf(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new KeyFileUnusable(path, 'it is not JSON')
  }
}

function secretOf(path: string, id: string, text: string) {
  const secret = Buffer.from(text, 'base64url')
  if (secret.length < 32 || !/^[A-Za-z0-9_-]+$/.test(text)) {
    throw new KeyFileUnusable(path, `the secret of ${id} is not 32 bytes or more in base64url`)
  }
  return { secret, publicJwk: null }
}

function pairOf(path: string, id: string, pem: string, algorithm: Algorithm) {
  try {
    const privateKey = createPrivateKey(pem)
    const { kty, crv, x, y, n, e } = createPublicKey(privateKey).export({ format: 'jwk' })
    const fits = algorithm === 'ES256' ? crv === 'P-256' : (privateKey.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
    if (!fits) throw new TypeError('another kind of key')
    const publicJwk = (algorithm === 'ES256' ? { kty, crv, x, y } : { kty, n, e }) as JWK
    return { secret: Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' })), publicJwk }
  } catch {
    throw new KeyFileUnusable(path, `the secret of ${id} is no private key for ${algorithm} as PKCS #8 PEM`)
  }
}
