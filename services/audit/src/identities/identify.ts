import { createHash, randomBytes } from 'node:crypto'
import type { Tx } from '@gatehouse/database'
import type { EventRow } from '../ingest/to-row.ts'
import { identities_find, identities_insert_missing } from './identities.store.ts'

/** Gives each person of the rows the salted hash that stands for them in the log; who has none gets one. */
export async function identify(
  tx: Tx,
  rows: readonly EventRow[],
): Promise<(row: Pick<EventRow, 'tenant' | 'actorKind' | 'actorId'>) => string | undefined> {
  const people = new Map(
    rows.flatMap(({ tenant, actorKind, actorId }) =>
      actorKind === 'person' && actorId !== null
        ? [[keyOf(tenant, actorId), { tenant, person: actorId }] as const]
        : [],
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
  return ({ tenant, actorKind, actorId }) =>
    actorKind === 'person' && actorId !== null ? known.get(keyOf(tenant, actorId)) : undefined
}

/** The row without its person: the hash in the place of the id, wherever the id stands. */
export function pseudonymous(row: EventRow, identity: string | undefined) {
  if (identity === undefined) return { ...row, actorIdentity: null }
  const replaced = (value: unknown): unknown => {
    if (value === row.actorId) return `person:${identity}`
    if (Array.isArray(value)) return value.map(replaced)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replaced(inner)]))
  }
  return { ...row, actorId: null, actorIdentity: identity, rest: replaced(row.rest) as EventRow['rest'] }
}

function salted({ tenant, person }: { readonly tenant: string; readonly person: string }) {
  const salt = randomBytes(32)
  const identity = createHash('sha256').update(salt).update(`${tenant}\n${person}`).digest('hex')
  return { tenant, person, salt, identity }
}

const keyOf = (tenant: string, person: string): string => `${tenant}\n${person}`
