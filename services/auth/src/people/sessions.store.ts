import { sql, type Tx } from '@gatehouse/database'

export interface Session {
  readonly personId: string
  readonly email: string
  readonly name: string
  readonly authTime: Date
  readonly seenAt: Date
}

/** Where and how somebody signed in. */
export interface SignInPlace {
  /** `password`, or `upstream:` and the id of the provider. */
  readonly method: string
  readonly userAgent: string
  /** The network, not the address. */
  readonly network: string
}

export const session_insert = (
  tx: Tx,
  session: SignInPlace & {
    readonly id: string
    readonly idHash: Uint8Array
    readonly personId: string
    readonly authTime: Date
    readonly now: Date
    readonly expiresAt: Date
  },
) =>
  tx.run(sql`
    insert into auth.sessions (id, id_hash, person_id, auth_time, seen_at, expires_at, method, user_agent, network)
    values (${session.id}, ${session.idHash}, ${session.personId}, ${session.authTime}, ${session.now},
      ${session.expiresAt}, ${session.method}, ${session.userAgent}, ${session.network})`)

export const session_get = (tx: Tx, idHash: Uint8Array, now: Date, idleSince: Date) =>
  tx.maybe<Session>(sql`
    select s.person_id as "personId", p.email, p.name, s.auth_time as "authTime", s.seen_at as "seenAt"
    from auth.sessions s join auth.people p on p.id = s.person_id
    where s.id_hash = ${idHash} and s.expires_at > ${now} and s.seen_at > ${idleSince} and p.deactivated_at is null`)

export const session_touch = (tx: Tx, idHash: Uint8Array, now: Date) =>
  tx.run(sql`update auth.sessions set seen_at = ${now} where id_hash = ${idHash}`)

/** The session goes on under another cookie. */
export const session_rename = (tx: Tx, from: Uint8Array, to: Uint8Array) =>
  tx.run(sql`update auth.sessions set id_hash = ${to} where id_hash = ${from}`)

export const session_delete = (tx: Tx, idHash: Uint8Array) =>
  tx.run(sql`delete from auth.sessions where id_hash = ${idHash}`)

export interface SessionEntry extends SignInPlace {
  readonly id: string
  readonly idHash: Uint8Array
  readonly authTime: Date
  readonly seenAt: Date
  readonly expiresAt: Date
}

/** The living sessions of a person, the one that was used last first. */
export const session_list_of_person = (tx: Tx, personId: string, now: Date, idleSince: Date) =>
  tx.rows<SessionEntry>(sql`
    select id, id_hash as "idHash", auth_time as "authTime", seen_at as "seenAt", expires_at as "expiresAt", method,
      user_agent as "userAgent", network
    from auth.sessions where person_id = ${personId} and expires_at > ${now} and seen_at > ${idleSince}
    order by seen_at desc, id`)

/** @returns the one that was ended; nothing when this person has none of that id */
export const session_delete_of_person = (tx: Tx, id: string, personId: string) =>
  tx.maybe<{ readonly idHash: Uint8Array }>(
    sql`delete from auth.sessions where id = ${id} and person_id = ${personId} returning id_hash as "idHash"`,
  )

/** @returns whose it was; nothing when there was none */
export const session_delete_by_id = (tx: Tx, id: string) =>
  tx.maybe<{ readonly personId: string }>(
    sql`delete from auth.sessions where id = ${id} returning person_id as "personId"`,
  )

/** All sessions of a person but the one that is kept. @returns how many there were */
export const session_delete_all_of_person = async (tx: Tx, personId: string, kept?: Uint8Array): Promise<number> =>
  (
    await tx.rows(sql`
      delete from auth.sessions where person_id = ${personId} and (${kept ?? null}::bytea is null or id_hash <> ${kept ?? null})
      returning id`)
  ).length
