import { isPermissionDenied } from '../errors.ts'
import type { Database, Sql } from '../port.ts'
import { ident, sql } from '../sql.ts'
import type { Case } from './stage.ts'

const add = (db: Database, tenant: string, body: string) =>
  db.asTenant(tenant, (tx) => tx.run(sql`insert into rooms.notes (tenant, body) values (${tenant}, ${body})`))

const bodies = async (db: Database, tenant: string) => {
  const rows = await db.asTenant(tenant, (tx) =>
    tx.rows<{ body: string }>(sql`select body from rooms.notes order by id`),
  )
  return rows.map((row) => row.body)
}

/** The error of one statement, or `undefined` where it passed. */
const errorOf = (db: Database, statement: Sql): Promise<unknown> =>
  db
    .asPlatform('contract', (tx) => tx.run(statement))
    .then(
      () => undefined,
      (error: unknown) => error,
    )

export const isolationCases: readonly Case[] = [
  {
    title: 'a tenant sees, changes and deletes its own rows only',
    async run(t, { db }) {
      await add(db, 'acme', 'ours')
      await add(db, 'globex', 'theirs')
      t.strictSame(await bodies(db, 'acme'), ['ours'])
      t.equal(
        await db.asTenant('acme', (tx) => tx.run(sql`update rooms.notes set body = 'x' where body = 'theirs'`)),
        0,
      )
      t.equal(await db.asTenant('acme', (tx) => tx.run(sql`delete from rooms.notes where tenant = 'globex'`)), 0)
      t.strictSame(await bodies(db, 'globex'), ['theirs'])
      t.equal(await db.asTenant('acme', (tx) => tx.run(sql`delete from rooms.notes`)), 1)
      t.strictSame(await bodies(db, 'globex'), ['theirs'])
    },
  },
  {
    title: 'a row can neither be written for another tenant nor be moved to it',
    async run(t, { db }) {
      await add(db, 'mover', 'stays')
      const insert = sql`insert into rooms.notes (tenant, body) values ('globex', 'planted')`
      for (const statement of [insert, sql`update rooms.notes set tenant = 'globex'`]) {
        const error = await db.asTenant('mover', (tx) => tx.run(statement)).catch((error: unknown) => error)
        t.ok(isPermissionDenied(error), 'refused by the policy')
      }
      t.strictSame(await bodies(db, 'mover'), ['stays'])
    },
  },
  {
    title: 'no tenant set means no rows, and nothing of the transaction before is left',
    async run(t, { db }) {
      await add(db, 'lonely', 'mine')
      const leave = sql`select set_config('gatehouse.tenant', 'lonely', false), set_config('gatehouse.platform', '', true)`
      await db.asTenant('other', (tx) => tx.run(leave))
      const none = await db.asPlatform('contract', async (tx) => {
        await tx.run(sql`select set_config('gatehouse.platform', '', true)`)
        return tx.rows(sql`select * from rooms.notes`)
      })
      t.strictSame(none, [])
      t.strictSame(await bodies(db, 'nobody'), [])
    },
  },
  {
    title: 'platform work sees all tenants, names its purpose, and may do only what its policies say',
    async run(t, { db }) {
      await add(db, 'one', 'a')
      await add(db, 'two', 'b')
      const seen = await db.asPlatform('janitor', (tx) =>
        tx.one<{ tenants: bigint; purpose: string }>(sql`
          select count(distinct tenant) as tenants, current_setting('gatehouse.platform') as purpose
          from rooms.notes where tenant in ('one', 'two')`),
      )
      t.strictSame(seen, { tenants: 2n, purpose: 'janitor' })
      t.equal(await db.asPlatform('janitor', (tx) => tx.run(sql`delete from rooms.notes where tenant = 'one'`)), 0)
    },
  },
  {
    title: 'an id that could leave its literal is refused before anything is sent',
    async run(t, { db }) {
      for (const id of ['', "a'b", 'a\\', 'a b', 'a\0', 'a\n', 'x'.repeat(129)]) {
        await t.rejects(
          db.asTenant(id, async () => {}),
          { name: 'TypeError' },
        )
      }
      await t.rejects(
        db.asPlatform("x'; reset role; --", async () => {}),
        { name: 'TypeError' },
      )
      await t.rejects(
        db.asPlatform('', async () => {}),
        { name: 'TypeError' },
      )
    },
  },
  {
    title: 'the run-time role owns nothing and cannot pass row-level security',
    async run(t, { db }) {
      const role = await db.asPlatform('contract', (tx) =>
        tx.one(sql`
          select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
            (select count(*) from pg_class where relowner = r.oid) as tables,
            (select count(*) from pg_namespace where nspowner = r.oid) as schemas
          from pg_roles r where rolname = current_user`),
      )
      const no = { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false }
      t.strictSame(role, { ...no, tables: 0n, schemas: 0n })
      for (const statement of [
        sql`alter table rooms.notes disable row level security`,
        sql`drop policy tenant on rooms.notes`,
        sql`truncate rooms.notes`,
      ]) {
        t.ok(isPermissionDenied(await errorOf(db, statement)), statement.text)
      }
    },
  },
  {
    title: "the run-time role cannot reach another service's schema, create tables, or touch the migration record",
    async run(t, { db, neighbour }) {
      for (const statement of [
        sql`select * from cellar.wines`,
        sql`select * from cellar.migrations`,
        sql`create table rooms.mine (id int)`,
        sql`create table public.mine (id int)`,
        sql`create temporary table mine (id int)`,
        sql`create schema mine`,
        sql`delete from rooms.migrations`,
        sql`insert into rooms.migrations (number, name, checksum) values (99, 'x', 'x')`,
      ]) {
        t.ok(isPermissionDenied(await errorOf(db, statement)), statement.text)
      }
      t.strictSame(
        await neighbour.asPlatform('contract', (tx) => tx.rows(sql`select * from ${ident('cellar.wines')}`)),
        [{ name: 'r' }],
      )
    },
  },
]
