import { sql, type Tx } from '@gatehouse/database'

interface Person {
  readonly tenant: string
  readonly person: string
}

export const identities_find = (tx: Tx, people: readonly Person[]) =>
  tx.rows<Person & { identity: string }>(sql`
    select i.tenant, i.person, i.identity from audit.identities as i
    join unnest(${people.map(({ tenant }) => tenant)}::text[], ${people.map(({ person }) => person)}::text[])
      as p (tenant, person) on i.tenant = p.tenant and i.person = p.person`)

/** Sorted, so that two batches with the same people wait for each other and do not lock each other out. */
export const identities_insert_missing = (
  tx: Tx,
  people: readonly (Person & { readonly identity: string; readonly salt: Uint8Array })[],
) =>
  tx.run(sql`
    insert into audit.identities (tenant, identity, person, salt)
    select * from unnest(${people.map(({ tenant }) => tenant)}::text[], ${people.map(({ identity }) => identity)}::text[],
      ${people.map(({ person }) => person)}::text[], ${people.map(({ salt }) => salt)}::bytea[])
      as p (tenant, identity, person, salt)
    order by p.tenant, p.person
    on conflict (person, tenant) do nothing`)

/** Erases who a person was, in one tenant or in all. @returns what stands for the person in which logs */
export const identities_erase = (tx: Tx, person: string, tenant: string | undefined) =>
  tx.rows<{ tenant: string; identity: string }>(sql`
    delete from audit.identities
    where person = ${person} and ${tenant === undefined ? sql`true` : sql`tenant = ${tenant}`}
    returning tenant, identity`)

/** Persons of whom no event is left, by them or about them. One whose first event is on its way is younger than this. */
export const identities_forget_unused = (tx: Tx) =>
  tx.run(sql`
    delete from audit.identities as i
    where i.created_at < now() - interval '1 hour'
      and not exists (select from audit.events as e where e.actor_identity = i.identity)
      and not exists (
        select from audit.events as e
        where e.rest -> 'object' ->> 'kind' = 'person' and e.rest -> 'object' ->> 'id' = 'person:' || i.identity)`)
