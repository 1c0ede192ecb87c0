import { createHash, randomBytes } from 'node:crypto'
import type { Tx } from '@gatehouse/database'
import type { EventRow } from '../ingest/to-row.ts'
import { identities_find, identities_insert_missing } from './identities.store.ts'
import { identityIn, objectPersonOf, standInOf, withTexts } from './stand-in.ts'

/** The salted hash of a person in the log of a tenant. */
type IdentityOf = (tenant: string, person: string) => string | undefined

/** Gives each person of the rows the salted hash that stands for them in the log; who has none gets one. */
export async function identify(tx: Tx, rows: readonly EventRow[]): Promise<IdentityOf> {
  const people = new Map(
    rows.flatMap((row) =>
      peopleOf(row).map((person) => [keyOf(row.tenant, person), { tenant: row.tenant, person }] as const),
    ),
  )
  const known = new Map<string, string>()
  const look = async () => {
    for (const { tenant, person, identity } of await identities_find(tx, [...people.values()]))
      known.set(keyOf(tenant, person), identity)
  }
  if (people.size > 0) await look()
  const missing = [...people].filter(([key]) => !known.has(key)).map(([, person]) => person)
  if (missing.length > 0) {
    await identities_insert_missing(tx, missing.map(salted))
    await look()
  }
  return (tenant, person) => known.get(keyOf(tenant, person))
}

/** The row without its persons: hashes in the place of ids, wherever those stand. */
export function pseudonymous(row: EventRow, identityOf: IdentityOf) {
  const actor = personOf(row)
  const actorIdentity = actor === undefined ? null : (identityOf(row.tenant, actor) ?? null)
  const standIns = new Map(
    peopleOf(row).flatMap((person) => {
      const identity = identityOf(row.tenant, person)
      return identity === undefined ? [] : [[person, standInOf(identity)] as const]
    }),
  )
  if (standIns.size === 0) return { ...row, actorIdentity }
  return {
    ...row,
    actorId: actorIdentity === null ? row.actorId : null,
    actorIdentity,
    rest: withTexts(row.rest, standIns) as EventRow['rest'],
  }
}

/** Who did it, and whom it was done to; not who is a hash already. */
function peopleOf(row: EventRow): readonly string[] {
  const object = objectPersonOf(row.rest)
  return [personOf(row), object !== undefined && identityIn(object) === undefined ? object : undefined].filter(
    (person) => person !== undefined,
  )
}

const personOf = ({ actorKind, actorId }: EventRow): string | undefined =>
  actorKind === 'person' ? (actorId ?? undefined) : undefined

function salted({ tenant, person }: { readonly tenant: string; readonly person: string }) {
  const salt = randomBytes(32)
  const identity = createHash('sha256').update(salt).update(`${tenant}\n${person}`).digest('hex')
  return { tenant, person, salt, identity }
}

const keyOf = (tenant: string, person: string): string => `${tenant}\n${person}`
