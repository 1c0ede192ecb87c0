import type { Outgoing } from '@gatehouse/contracts'
import { type Drainer, type DrainerOptions, startDrainer } from './drainer.ts'
import { appenderLock, nameOf } from './outbox-store.ts'
import type { Tx } from './port.ts'
import { ident, sql } from './sql.ts'

/**
 * The outbox of one schema. A change and the event that tells of it are one transaction: `append` writes the row, a
 * drainer publishes it after the commit and deletes it.
 *
 * The schema's first migration creates the tables, exactly so:
 *
 * ```sql
 * create table outbox (
 *   position bigint generated always as identity primary key,
 *   id text not null,
 *   subject text not null,
 *   event json not null,
 *   headers json not null,
 *   created_at timestamptz not null default now()
 * );
 * create table outbox_lease (
 *   one boolean primary key default true check (one),
 *   holder text not null default '',
 *   until timestamptz not null default '-infinity',
 *   position bigint not null default 0
 * );
 * insert into outbox_lease default values;
 * alter table outbox enable row level security;
 * alter table outbox_lease enable row level security;
 * create policy append on outbox for insert with check (true);
 * create policy drain on outbox using (nullif(current_setting('gatehouse.platform', true), '') is not null);
 * create policy drain on outbox_lease using (nullif(current_setting('gatehouse.platform', true), '') is not null);
 * ```
 *
 * `event` is `json` and not `jsonb`: what is published is what was appended, to the letter.
 */
export interface Outbox {
  /**
   * Part of the caller's transaction. Events of one subject are published in the order of `append`, so call it after the
   * statement that changes (and so locks) what the event is about.
   */
  append(tx: Tx, outgoing: Outgoing, headers?: Readonly<Record<string, string>>): Promise<void>
  /** Any number may run, in any number of processes: one at a time drains, another takes over within two seconds. */
  startDrainer(options: DrainerOptions): Drainer
}

/**
 * @param schema name of the schema that has the tables
 * @param table for a second outbox of a schema: what waits in one does not hold up the other. Its lease is `<table>_lease`.
 */
export function createOutbox(schema: string, table = 'outbox'): Outbox {
  const place = { schema, table }
  const rows = ident(`${schema}.${table}`)
  const channel = `outbox_${nameOf(place)}`
  return {
    async append(tx, { subject, event }, given = {}) {
      const headers = tx.headers === undefined ? given : { ...tx.headers, ...given }
      // The lock marks this transaction as one that appends, before its position is drawn: `materialized` keeps that order.
      await tx.run(sql`
        with appender as materialized (select ${appenderLock(place)}, pg_notify(${channel}, ''))
        insert into ${rows} (id, subject, event, headers)
        select ${event.id}, ${subject}, ${JSON.stringify(event)}::json, ${JSON.stringify(headers)}::json from appender`)
    },
    startDrainer: (options) => startDrainer(place, options),
  }
}
