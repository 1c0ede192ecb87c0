import type { JSONWebKeySet, JWK } from 'jose'
import { z } from 'zod'

/** Signatures that a client may prove itself with (RFC 7523 section 3). Ed25519 goes by two names (RFC 9864). */
export const CLIENT_ALGORITHMS: readonly string[] = ['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519']

/** The public members of each kind of key (RFC 7518 section 6, RFC 8037 section 2). */
const PUBLIC: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'x', 'y'],
  RSA: ['n', 'e'],
  OKP: ['crv', 'x'],
}
const NAMED = ['kid', 'alg', 'use']

/** A database keeps neither a NUL nor half a surrogate pair, and no key has them. */
const text = z
  .string()
  .min(1)
  .max(2_000)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u)
/** 8192 bits, and an exponent of 32: a check by larger numbers takes up to five hundred times as long, and anybody may ask for it. */
const RSA = z.object({ n: z.string().max(1_366), e: z.string().max(6) })
const keySet = z.object({
  keys: z
    .array(z.looseObject({ kty: z.string(), kid: text.optional(), alg: text.optional(), use: text.optional() }))
    .max(50),
})

/**
 * A set of public keys that somebody else wrote. Keys of a kind that is not known here, or too large, are left out, as RFC 7517
 * section 5 asks.
 * @returns `undefined` when it is no set, holds a private or a symmetric key, or none that could be used
 */
export function judgeJwks(value: unknown): JSONWebKeySet | undefined {
  const parsed = keySet.safeParse(value)
  if (!parsed.success || parsed.data.keys.some((key) => 'd' in key || 'k' in key || 'p' in key)) return undefined
  const keys = parsed.data.keys.map(publicPart).filter((key) => key !== undefined)
  return keys.length === 0 ? undefined : { keys }
}

function publicPart(key: { readonly kty: string; readonly [member: string]: unknown }): JWK | undefined {
  const members = Object.hasOwn(PUBLIC, key.kty) ? PUBLIC[key.kty] : undefined
  if (members === undefined || members.some((name) => !text.safeParse(key[name]).success)) return undefined
  if (key.use !== undefined && key.use !== 'sig') return undefined
  if (key.kty === 'RSA' && !RSA.safeParse(key).success) return undefined
  const kept = ['kty', ...members, ...NAMED].filter((name) => key[name] !== undefined)
  return Object.fromEntries(kept.map((name) => [name, key[name]])) as unknown as JWK
}
