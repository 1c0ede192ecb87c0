import { sql, type Tx } from '@gatehouse/database'

export interface Session {
  readonly personId: string
  readonly email: string
  readonly name: string
  readonly authTime: Date
  readonly seenAt: Date
}

export const session_insert = (
  tx: Tx,
  session: { readonly idHash: Uint8Array; readonly personId: string; readonly now: Date; readonly expiresAt: Date },
) =>
  tx.run(sql`
    insert into auth.sessions (id_hash, person_id, auth_time, seen_at, expires_at)
    values (${session.idHash}, ${session.personId}, ${session.now}, ${session.now}, ${session.expiresAt})`)

export const session_get = (tx: Tx, idHash: Uint8Array, now: Date, idleSince: Date) =>
  tx.maybe<Session>(sql`
    select s.person_id as "personId", p.email, p.name, s.auth_time as "authTime", s.seen_at as "seenAt"
    from auth.sessions s join auth.people p on p.id = s.person_id
    where s.id_hash = ${idHash} and s.expires_at > ${now} and s.seen_at > ${idleSince}`)

export const session_touch = (tx: Tx, idHash: Uint8Array, now: Date) =>
  tx.run(sql`update auth.sessions set seen_at = ${now} where id_hash = ${idHash}`)

export const session_delete = (tx: Tx, idHash: Uint8Array) =>
  tx.run(sql`delete from auth.sessions where id_hash = ${idHash}`)

export const session_sweep = (tx: Tx, now: Date, idleSince: Date) =>
  tx.run(sql`delete from auth.sessions where expires_at <= ${now} or seen_at <= ${idleSince}`)
