import { json, sql, type Tx } from '@gatehouse/database'

/** Who holds a connection, as the audit log names it. */
export interface Holder {
  readonly kind: 'person' | 'key' | 'service'
  readonly id: string
  readonly client?: string | undefined
  readonly grant?: string | undefined
}

export interface ConnectionRow {
  readonly id: string
  readonly tenant: string
  readonly transport: string
  readonly actor: Holder
  readonly revision: string
  readonly requestId: string | null
  /** `null` for what does not end with a process. */
  readonly instance: string | null
  readonly node: string
  readonly openedAt: Date
  /** From now, in milliseconds; `null` for ever. */
  readonly leftMs: number | null
}

/** A connection that has ended, as it was. */
export type EndedRow = Omit<ConnectionRow, 'leftMs'> & { readonly expired: boolean }

const ended = sql`
  id, tenant, transport, actor, revision, request_id as "requestId", instance, node, opened_at as "openedAt",
  coalesce(expires_at <= now(), false) as expired`

/** @returns the ids of those that were not there */
export async function connections_insert(tx: Tx, rows: readonly ConnectionRow[]): Promise<ReadonlySet<string>> {
  const column = <K extends keyof ConnectionRow>(name: K): ConnectionRow[K][] => rows.map((row) => row[name])
  const made = await tx.rows<{ id: string }>(sql`
    insert into mcp.connections (id, tenant, transport, actor, revision, request_id, instance, node, opened_at, expires_at)
    select id, tenant, transport, actor, revision, request_id, instance, node, opened_at, now() + left_ms * interval '1 ms'
    from unnest(
      ${column('id')}::text[], ${column('tenant')}::text[], ${column('transport')}::text[],
      ${rows.map(({ actor }) => json(actor))}::jsonb[], ${column('revision')}::text[], ${column('requestId')}::text[],
      ${column('instance')}::text[], ${column('node')}::text[], ${column('openedAt')}::timestamptz[],
      ${column('leftMs')}::bigint[]
    ) as given (id, tenant, transport, actor, revision, request_id, instance, node, opened_at, left_ms)
    on conflict (id) do nothing returning id`)
  return new Set(made.map(({ id }) => id))
}

/** Of several who end a connection one has it. */
export const connections_end = (tx: Tx, ids: readonly string[]): Promise<EndedRow[]> =>
  tx.rows(sql`delete from mcp.connections where id = any(${ids}::text[]) returning ${ended}`)

export const connections_end_of_instance = (tx: Tx, instance: string): Promise<EndedRow[]> =>
  tx.rows(sql`delete from mcp.connections where instance = ${instance} returning ${ended}`)

/** Ends what is over, and what belongs to a process that was not heard of. */
export const connections_end_due = (tx: Tx, limit: number): Promise<EndedRow[]> =>
  tx.rows(sql`
    delete from mcp.connections where id in (
      select c.id from mcp.connections c
      where c.expires_at <= now() or (c.instance is not null and not exists (
        select from mcp.instances i where i.id = c.instance and i.lease_until > now()))
      limit ${limit} for update skip locked)
    returning ${ended}`)

export const instance_renew = (tx: Tx, id: string, node: string, leaseMs: number): Promise<number> =>
  tx.run(sql`
    insert into mcp.instances (id, node, lease_until) values (${id}, ${node}, now() + ${leaseMs} * interval '1 ms')
    on conflict (id) do update set lease_until = excluded.lease_until`)

export const instance_delete = (tx: Tx, id: string): Promise<number> =>
  tx.run(sql`delete from mcp.instances where id = ${id}`)

/** How many processes serve now. */
export const instance_count = async (tx: Tx): Promise<number> =>
  Number((await tx.one<{ count: bigint }>(sql`select count(*) from mcp.instances where lease_until > now()`)).count)

/** Those that are over and hold nothing any more. */
export const instances_delete_lost = (tx: Tx): Promise<number> =>
  tx.run(sql`
    delete from mcp.instances i where lease_until < now() - interval '1 hour'
      and not exists (select from mcp.connections c where c.instance = i.id)`)
