import { sql, type Tx } from '@gatehouse/database'

export interface Person {
  readonly id: string
  readonly name: string
}

export function findPerson(tx: Tx, id: string): Promise<Person | undefined> {
  return tx.maybe<Person>(sql`select id, name from tracker.people where id = ${id}`)
}

/** Some of the tenant's people, by name. */
export function listPeople(tx: Tx, atMost: number): Promise<Person[]> {
  return tx.rows<Person>(sql`select id, name from tracker.people order by name, id limit ${atMost}`)
}
