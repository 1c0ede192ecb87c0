import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Test } from 'tap'
import type { Database, DatabaseHost, Schema } from '../port.ts'

export interface Stage {
  readonly host: DatabaseHost
  /** As the role that has schema `rooms`: `notes` with row-level security, and an outbox. */
  readonly db: Database
  /** As the role of schema `cellar`, which holds `wines`. */
  readonly neighbour: Database
  readonly schemas: readonly [Schema, Schema]
}

export interface Case {
  readonly title: string
  /** Needs two transactions open at once. */
  readonly overlapping?: boolean
  readonly run: (t: Test, stage: Stage) => Promise<unknown>
}

/** The tables that the docstring of `Outbox` prescribes. */
export const OUTBOX_TABLES = `
  create table outbox (
    position bigint generated always as identity primary key,
    id text not null,
    subject text not null,
    event json not null,
    headers json not null,
    created_at timestamptz not null default now()
  );
  create table outbox_lease (
    one boolean primary key default true check (one),
    holder text not null default '',
    until timestamptz not null default '-infinity',
    position bigint not null default 0
  );
  insert into outbox_lease default values;
  alter table outbox enable row level security;
  alter table outbox_lease enable row level security;
  create policy append on outbox for insert with check (true);
  create policy drain on outbox using (nullif(current_setting('gatehouse.platform', true), '') is not null);
  create policy drain on outbox_lease using (nullif(current_setting('gatehouse.platform', true), '') is not null);
`

const ROOMS = `
  create table notes (
    id bigint generated always as identity,
    tenant text not null,
    body text not null,
    constraint notes_body_key unique (tenant, body)
  );
  alter table notes enable row level security;
  create policy tenant on notes using (tenant = nullif(current_setting('gatehouse.tenant', true), ''));
  create policy platform on notes for select using (nullif(current_setting('gatehouse.platform', true), '') is not null);
`

/** A migration folder that goes away with the test. */
export async function folderWith(t: Test, files: Readonly<Record<string, string>>): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-migrations-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return pathToFileURL(folder)
}

export async function prepareStage(t: Test, host: DatabaseHost): Promise<Stage> {
  const rooms = {
    name: 'rooms',
    role: 'gatehouse_contract_rooms',
    migrations: await folderWith(t, { '0001-notes.sql': ROOMS, '0002-outbox.sql': OUTBOX_TABLES }),
  }
  const cellar = {
    name: 'cellar',
    role: 'gatehouse_contract_cellar',
    migrations: await folderWith(t, {
      '0001-wines.sql': "create table wines (name text); insert into wines values ('r')",
    }),
  }
  await host.migrate([rooms, cellar])
  return { host, db: host.as(rooms.role), neighbour: host.as(cellar.role), schemas: [rooms, cellar] }
}
