import { type Database, sharedRead } from '@gatehouse/database'
import { followsSelection, type Profile } from '@gatehouse/profiles'
import type { TokenDeps } from './deps.ts'
import { type Family, refresh_read } from './refresh.store.ts'

/** Reads families for all requests of a moment together. */
export function createFamilyReader(deps: {
  readonly db: Database
  readonly profile: Profile
}): TokenDeps['readFamily'] {
  const { db, profile } = deps
  const follows = followsSelection(profile)
  const read = sharedRead<Family>(async (names) => {
    const found = await refresh_read(db, names.map(hashOf), follows)
    return new Map(found.map((family) => [nameOf(family.hash), family]))
  })
  return (hash) => read(nameOf(hash))
}

const nameOf = (hash: Uint8Array): string => Buffer.from(hash).toString('hex')
const hashOf = (name: string): Uint8Array => Buffer.from(name, 'hex')
