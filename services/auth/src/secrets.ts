import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** What an id names. Kinds never look alike, so a client can never pass for a person (OAuth 2.1, section 7.15). */
export type IdKind =
  | 'tenant'
  | 'person'
  | 'client'
  | 'consent'
  | 'grant'
  | 'key'
  | 'session'
  | 'invitation'
  | 'resource'

const PREFIX: Readonly<Record<IdKind, string>> = {
  tenant: 'ten',
  person: 'per',
  client: 'cli',
  consent: 'con',
  grant: 'gra',
  key: 'key',
  session: 'ses',
  invitation: 'inv',
  resource: 'res',
}

/** A random id with 120 bits, URL-safe, one token of a bus subject. */
export const newId = (kind: IdKind): string => `${PREFIX[kind]}_${randomBytes(15).toString('base64url')}`

/** 256 random bits in base64url. */
export const newSecret = (): string => randomBytes(32).toString('base64url')

/** How secrets are kept: they are random enough that a fast hash is not weaker than they are. */
export const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest()

export const sha256Base64url = (text: string): string => createHash('sha256').update(text).digest('base64url')

/** Compares without telling by time where two texts differ. */
export const sameSecret = (one: string, other: string): boolean => timingSafeEqual(sha256(one), sha256(other))

export const sameBytes = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other)
