import { compactVerify, importJWK, type JSONWebKeySet, type JWK } from 'jose'
import { z } from 'zod'
import { headHash } from './hashes.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const number = z.number().int().nonnegative()
const list = z.object({ count: number, sha256 })

const changedSegment = z.object({ class: z.string(), month: z.string(), count: number, hash: sha256, dropped: number })

/** What is signed about one tenant each time rows of it were sealed. */
const tenantHead = z.object({
  v: z.literal(1),
  of: z.literal('tenant'),
  tenant: z.string().min(1),
  n: number,
  /** `headHash` of the one before; `null` in the first. */
  prev: sha256.nullable(),
  at: z.iso.datetime(),
  /** All segments of the tenant. */
  segments: list,
  /** Those that changed since the head before. */
  changed: z.array(changedSegment),
})
export type TenantHead = z.infer<typeof tenantHead>

/** What is signed about all tenants, so that a missing one is seen. */
const platformHead = z.object({
  v: z.literal(1),
  of: z.literal('platform'),
  n: number,
  prev: sha256.nullable(),
  at: z.iso.datetime(),
  /** Every tenant with the number and hash of its last head. */
  tenants: list,
  /** Some of those that changed since the head before. */
  changed: z.array(z.object({ tenant: z.string(), n: number, hash: sha256 })),
})
export type PlatformHead = z.infer<typeof platformHead>

export const head = z.discriminatedUnion('of', [tenantHead, platformHead])
export type Head = z.infer<typeof head>

/** `typ` of a head (RFC 7515 section 4.1.9): a token signed for something else never passes for one. */
export const HEAD_TYPE = 'audit-head+json'

export interface SignedHead<H extends Head = Head> {
  readonly jws: string
  readonly hash: string
  readonly head: H
}

/** The head of a JWS, or why it is none: `unsigned` when no key of the set signed it. Never throws. */
export type ReadHead = (jws: string) => Promise<SignedHead | 'malformed' | 'unsigned'>

/** @param keys the key set of the audit service, fetched from it or kept from before */
export function createHeadReader(keys: JSONWebKeySet): ReadHead {
  const byId = new Map(keys.keys.map((key) => [key.kid, key]))
  const imported = new Map<JWK, ReturnType<typeof importJWK>>()
  const keyOf = (jwk: JWK) => {
    const known = imported.get(jwk) ?? importJWK(jwk, 'ES256')
    imported.set(jwk, known)
    return known
  }
  return async (jws) => {
    let payload: Uint8Array
    try {
      const verified = await compactVerify(
        jws,
        (header) => {
          const jwk = header.typ === HEAD_TYPE ? byId.get(header.kid) : undefined
          if (jwk === undefined) throw new TypeError('no key of that name')
          return keyOf(jwk)
        },
        { algorithms: ['ES256'] },
      )
      payload = verified.payload
    } catch {
      return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(jws) ? 'unsigned' : 'malformed'
    }
    try {
      return { jws, hash: headHash(jws), head: head.parse(JSON.parse(new TextDecoder().decode(payload))) }
    } catch {
      return 'malformed'
    }
  }
}
