import { writeFile } from 'node:fs/promises'
import { MigrationRefused, SchemaTooNew, SchemaTooOld } from '../migration-files.ts'
import type { Database, Schema } from '../port.ts'
import { ident, sql } from '../sql.ts'
import { type Case, folderWith } from './stage.ts'

const ROLE = 'gatehouse_contract_rooms'

const recorded = async (db: Database, schema: string) => {
  const rows = await db.asPlatform('contract', (tx) =>
    tx.rows<{ name: string }>(sql`select name from ${ident(schema)}.migrations order by number`),
  )
  return rows.map((row) => row.name)
}

const FIRST = {
  '0001-first.sql': "create table a (id int); create function f() returns int language sql as 'select 1;';",
}

export const migrationCases: readonly Case[] = [
  {
    title: 'migrating again changes nothing, and new files are applied on top',
    async run(t, { host, db }) {
      const migrations = await folderWith(t, FIRST)
      const schema: Schema = { name: 'steps', role: ROLE, migrations }
      await host.migrate([schema])
      await host.migrate([schema])
      t.strictSame(await recorded(db, 'steps'), ['0001-first.sql'])
      await writeFile(
        new URL(`${migrations.href}/0002-second.sql`),
        'insert into a values (1); insert into a values (2)',
      )
      await host.migrate([schema])
      t.strictSame(await recorded(db, 'steps'), ['0001-first.sql', '0002-second.sql'])
      t.strictSame(await db.asPlatform('contract', (tx) => tx.one(sql`select count(*) as n from steps.a`)), { n: 2n })
    },
  },
  {
    title: 'two migrations started together apply each file once',
    async run(t, { host, db }) {
      const schema: Schema = { name: 'together', role: ROLE, migrations: await folderWith(t, FIRST) }
      await Promise.all([host.migrate([schema]), host.migrate([schema]), host.migrate([schema])])
      t.strictSame(await recorded(db, 'together'), ['0001-first.sql'])
    },
  },
  {
    title: 'a file that was edited after it landed is refused',
    async run(t, { host }) {
      const migrations = await folderWith(t, FIRST)
      const schema: Schema = { name: 'edited', role: ROLE, migrations }
      await host.migrate([schema])
      await writeFile(new URL(`${migrations.href}/0001-first.sql`), 'create table b (id int)')
      await t.rejects(host.migrate([schema]), MigrationRefused)
    },
  },
  {
    title: 'a schema that newer code migrated is refused, before any other schema is touched',
    async run(t, { host, db }) {
      const newer = await folderWith(t, { ...FIRST, '0002-more.sql': 'create table b (id int)' })
      await host.migrate([{ name: 'newer', role: ROLE, migrations: newer }])
      const older: Schema = { name: 'newer', role: ROLE, migrations: await folderWith(t, FIRST) }
      const innocent: Schema = { name: 'innocent', role: ROLE, migrations: await folderWith(t, FIRST) }
      await t.rejects(host.migrate([innocent, older]), SchemaTooNew)
      const found = await db.asPlatform('contract', (tx) =>
        tx.one(sql`select to_regnamespace('innocent')::text as found`),
      )
      t.strictSame(found, { found: null })
    },
  },
  {
    title:
      'code that does not migrate refuses a schema that lacks something it needs, and goes on with one that has more',
    async run(t, { host }) {
      const schemaOf = async (files: Readonly<Record<string, string>>): Promise<Schema> => ({
        name: 'expected',
        role: ROLE,
        migrations: await folderWith(t, files),
      })
      const older = await schemaOf(FIRST)
      const newer = await schemaOf({ ...FIRST, '0002-more.sql': 'create table b (id int)' })
      await t.rejects(host.expect([older]), SchemaTooOld)
      await host.migrate([older])
      await t.resolves(host.expect([older]))
      await t.rejects(host.expect([older, newer]), { message: /at migration 1, .* needs 2/ })
      await host.migrate([newer])
      await t.resolves(host.expect([newer]))
      await t.resolves(host.expect([older]))
    },
  },
  {
    title: 'a file that fails leaves nothing of itself, and the database usable',
    async run(t, { host, db }) {
      const migrations = await folderWith(t, { ...FIRST, '0002-bad.sql': 'create table half (id int); select 1/0' })
      const schema: Schema = { name: 'failing', role: ROLE, migrations }
      await t.rejects(host.migrate([schema]), { name: 'MigrationRefused', cause: { code: '22012' } })
      t.strictSame(await recorded(db, 'failing'), ['0001-first.sql'])
      await writeFile(new URL(`${migrations.href}/0002-bad.sql`), 'create table half (id int)')
      await host.migrate([schema])
      t.strictSame(await recorded(db, 'failing'), ['0001-first.sql', '0002-bad.sql'])
    },
  },
  {
    title: 'a file without a number of its own and one that ends its own transaction are refused',
    async run(t, { host }) {
      const twice = await folderWith(t, { '0001-a.sql': 'select 1', '0001-c.sql': 'select 1' })
      await t.rejects(host.migrate([{ name: 'gap', role: ROLE, migrations: twice }]), { name: 'TypeError' })
      const ends = await folderWith(t, { '0001-a.sql': 'create table a (id int); commit; select 1' })
      await t.rejects(host.migrate([{ name: 'ends', role: ROLE, migrations: ends }]), MigrationRefused)
    },
  },
  {
    title: 'a number that was left out is applied when its file comes',
    async run(t, { host, db }) {
      const migrations = await folderWith(t, { ...FIRST, '0003-later.sql': 'create table later (id int)' })
      const schema: Schema = { name: 'ranges', role: ROLE, migrations }
      await host.migrate([schema])
      await writeFile(new URL(`${migrations.href}/0002-between.sql`), 'create table between_them (id int)')
      await host.migrate([schema])
      t.strictSame(await recorded(db, 'ranges'), ['0001-first.sql', '0002-between.sql', '0003-later.sql'])
    },
  },
  {
    title: 'one role may have several schemas',
    async run(t, { host, db }) {
      const migrations = await folderWith(t, {
        '0001-t.sql': 'create table t (id bigint generated always as identity)',
      })
      await host.migrate(['left', 'right'].map((name) => ({ name, role: ROLE, migrations })))
      const both = await db.asPlatform('contract', async (tx) => {
        await tx.run(sql`insert into "left".t default values`)
        await tx.run(sql`insert into "right".t default values`)
        return tx.one(sql`select (select count(*) from "left".t) + (select count(*) from "right".t) as n`)
      })
      t.strictSame(both, { n: 2n })
    },
  },
]
