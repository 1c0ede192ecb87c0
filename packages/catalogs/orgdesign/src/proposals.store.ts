import { json, sql, type Tx } from '@gatehouse/database'
import type { Principal } from '@gatehouse/policy'

/** How long a planned change can be confirmed, in minutes. */
export const PROPOSAL_MINUTES = 30

export interface ProposalRow {
  readonly id: string
  readonly scenario_id: string
  readonly scenario_revision: bigint
  readonly change: unknown
  readonly summary: string
}

type Who = Pick<Principal, 'kind' | 'subject'>

export function proposal_insert(
  tx: Tx,
  { kind, subject }: Who,
  proposal: Omit<ProposalRow, 'change'> & { readonly change: object },
): Promise<{ readonly expires_at: Date }> {
  return tx.one(sql`
    insert into orgdesign.proposals (id, scenario_id, scenario_revision, principal_kind, principal_id, change, summary, expires_at)
    values (${proposal.id}, ${proposal.scenario_id}, ${proposal.scenario_revision}, ${kind}, ${subject},
      ${json(proposal.change)}::jsonb, ${proposal.summary}, now() + ${PROPOSAL_MINUTES}::int * interval '1 minute')
    returning expires_at`)
}

/** Of this principal, or there is none. */
export function proposal_get(tx: Tx, { kind, subject }: Who, id: string): Promise<ProposalRow | undefined> {
  return tx.maybe<ProposalRow>(sql`
    select id, scenario_id, scenario_revision, change, summary from orgdesign.proposals
    where id = ${id} and principal_kind = ${kind} and principal_id = ${subject}`)
}

/** Whoever gets 1 has the effect; the time that counts is the database's. */
export function proposal_take(tx: Tx, { kind, subject }: Who, id: string): Promise<number> {
  return tx.run(sql`
    update orgdesign.proposals set confirmed_at = now()
    where id = ${id} and principal_kind = ${kind} and principal_id = ${subject} and confirmed_at is null and expires_at > now()`)
}

export function proposal_is_used(tx: Tx, id: string): Promise<{ readonly used: boolean }> {
  return tx.one(sql`select confirmed_at is not null as used from orgdesign.proposals where id = ${id}`)
}

/** Of the tenant; a day longer, so that who comes late is told so. */
export function proposal_delete_expired(tx: Tx): Promise<number> {
  return tx.run(sql`delete from orgdesign.proposals where expires_at < now() - interval '1 day'`)
}
