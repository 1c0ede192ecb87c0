import type { CloudEvent, ToolBegunData } from '@gatehouse/contracts'
import { json, sql, type Tx } from '@gatehouse/database'

export type Begun = CloudEvent<ToolBegunData>

/** Keeps what is not kept yet; how many those were. The lease runs from the receipt: what waited in a journal has its end behind it. */
export function begun_insert_missing(tx: Tx, begun: readonly Begun[]): Promise<number> {
  return tx.run(sql`
    insert into audit.begun (call, tenant, due_at, envelope)
    select call, tenant, now() + lease * interval '1 second', envelope from unnest(
      ${begun.map(({ data }) => data.call)}::uuid[], ${begun.map(({ tenantid }) => tenantid)}::text[],
      ${begun.map(({ data }) => data.leaseSeconds)}::integer[], ${begun.map((event) => json(event))}::jsonb[]
    ) as given (call, tenant, lease, envelope)
    on conflict (call) do nothing`)
}

/** Takes those whose lease is over; of several who do one has it. `ended`: how it ended is known. */
export const begun_take_due = (
  tx: Tx,
  limit: number,
): Promise<{ readonly envelope: Begun; readonly ended: boolean }[]> =>
  tx.rows(sql`
    with due as (
      delete from audit.begun where call in (
        select call from audit.begun where due_at <= now() order by due_at limit ${limit} for update skip locked)
      returning call, envelope)
    select envelope, exists (select from audit.events e where e.id = due.call) as ended from due`)
