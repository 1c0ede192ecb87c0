import { InsideTransactionError, refuseInsideTransaction } from '@gatehouse/contracts'
import { isSqlError, isUniqueViolation } from '../errors.ts'
import { sql } from '../sql.ts'
import type { Case } from './stage.ts'

const insert = (tenant: string, body: string) => sql`insert into rooms.notes (tenant, body) values (${tenant}, ${body})`
const count = sql`select count(*) as n from rooms.notes`

export const transactionCases: readonly Case[] = [
  {
    title: 'a read across tenants sees what is committed, writes nothing, and leaves its connection as it was',
    async run(t, { db }) {
      await db.asTenant('read', (tx) => tx.run(insert('read', 'there')))
      const bodies = sql`select body from rooms.notes where tenant = ${'read'}`
      t.strictSame(await db.readAsPlatform('read', bodies), [{ body: 'there' }])
      await t.rejects(db.readAsPlatform('read', insert('read', 'not')), { code: '25006' })
      await t.rejects(db.readAsPlatform('read', sql`select 1/0`), { code: '22012' })
      await t.rejects(
        db.asTenant('read', () => db.readAsPlatform('read', bodies)),
        InsideTransactionError,
      )
      const many = await Promise.all(Array.from({ length: 30 }, () => db.readAsPlatform('read', bodies)))
      t.ok(many.every((rows) => rows.length === 1))
      t.strictSame(
        await db.asTenant('other', (tx) => tx.rows(bodies)),
        [],
        'the next one on the connection is a tenant again',
      )
    },
  },
  {
    title: 'a single write across tenants is done as a whole or not at all, as the role and no other',
    async run(t, { db }) {
      const two = () =>
        sql`insert into rooms.outbox (id, subject, event, headers) values ('a', 'write', '{}', '{}'), ('b', 'write', '{}', '{}')`
      const ids = sql`select id from rooms.outbox where subject = 'write' order by id`
      t.equal(await db.writeAsPlatform('write', two), 2)
      t.strictSame(await db.readAsPlatform('read', ids), [{ id: 'a' }, { id: 'b' }])
      const half = () =>
        sql`update rooms.outbox set id = (1 / (case id when 'a' then 1 else 0 end))::text where subject = 'write'`
      await t.rejects(db.writeAsPlatform('write', half), { code: '22012' })
      t.strictSame(await db.readAsPlatform('read', ids), [{ id: 'a' }, { id: 'b' }])
      await t.rejects(
        db.writeAsPlatform('write', () => sql`create table rooms.own (one integer)`),
        { code: '42501' },
      )
      await t.rejects(
        db.asTenant('write', () => db.writeAsPlatform('write', two)),
        InsideTransactionError,
      )
      await Promise.all(Array.from({ length: 30 }, () => db.writeAsPlatform('write', two)))
      t.strictSame(await db.asTenant('write', (tx) => tx.rows(ids)), [], 'whoever comes next is a tenant again')
      const all = () => sql`delete from rooms.outbox where subject = 'write'`
      t.equal(await db.writeAsPlatform('write', all), 62)
    },
  },
  {
    title: 'statements of one transaction that are sent together get each its own answer',
    async run(t, { db }) {
      const answers = await db.asTenant('together', (tx) =>
        Promise.all([
          tx.one(sql`select ${'a'}::text as one`),
          tx.run(insert('together', 'there')),
          tx.rows(sql`select ${'b'}::text as two, ${'c'}::text as three`),
          tx.one(count),
        ]),
      )
      t.strictSame(answers, [{ one: 'a' }, 1, [{ two: 'b', three: 'c' }], { n: 1n }])
    },
  },
  {
    title: 'a body that throws leaves nothing behind, and its own error comes out',
    async run(t, { db }) {
      const boom = new Error('boom')
      const failing = db.asTenant('rollback', async (tx) => {
        await tx.run(insert('rollback', 'gone'))
        throw boom
      })
      await t.rejects(failing, boom)
      t.strictSame(await db.asTenant('rollback', (tx) => tx.one(count)), { n: 0n })
    },
  },
  {
    title: 'a failed statement whose error was caught cannot pass for a commit',
    async run(t, { db }) {
      const hidden = db.asTenant('hidden', async (tx) => {
        await tx.run(insert('hidden', 'lost'))
        await tx.run(sql`select 1/0`).catch(() => {})
      })
      await t.rejects(hidden, { message: /was not passed on/ })
    },
  },
  {
    title: 'a transaction, listening and migrating inside a transaction are refused, and outside again work',
    async run(t, { db, neighbour, host, schemas }) {
      const attempts: (() => Promise<unknown>)[] = [
        () => db.asTenant('nested', async () => {}),
        () => db.asPlatform('nested', async () => {}),
        () => neighbour.asPlatform('nested', async () => {}),
        () => db.ping(),
        () => host.listen('nested', () => {}),
        () => host.migrate(schemas),
      ]
      for (const attempt of attempts) {
        await t.rejects(db.asTenant('outer', attempt), InsideTransactionError)
      }
      await db.ping()
    },
  },
  {
    title: 'effects run after the commit, outside the transaction, and never after a rollback',
    async run(t, { db }) {
      const seen: unknown[] = []
      const done = new Promise<void>((resolve) => {
        void db.asTenant('effects', async (tx) => {
          await tx.run(insert('effects', 'kept'))
          tx.afterCommit(() => {
            throw new Error('logged, not thrown')
          })
          tx.afterCommit(async () => {
            refuseInsideTransaction('an effect')
            seen.push(await db.asTenant('effects', (tx) => tx.one(count)))
            resolve()
          })
          seen.push('body')
        })
      })
      await done
      t.strictSame(seen, ['body', { n: 1n }])
      const rolledBack = db.asTenant('effects', async (tx) => {
        tx.afterCommit(() => {
          seen.push('never')
        })
        throw new Error('no')
      })
      await t.rejects(rolledBack)
      t.equal(seen.length, 2)
    },
  },
  {
    title: 'a transaction that is over answers nobody',
    async run(t, { db }) {
      const kept = await db.asTenant('kept', async (tx) => tx)
      await t.rejects(kept.one(count), { message: 'the transaction is over' })
    },
  },
  {
    title: 'a unique violation is known by its code and names its constraint',
    async run(t, { db }) {
      await db.asTenant('unique', (tx) => tx.run(insert('unique', 'once')))
      const error = await db
        .asTenant('unique', (tx) => tx.run(insert('unique', 'once')))
        .catch((error: unknown) => error)
      t.ok(isUniqueViolation(error))
      t.ok(isUniqueViolation(error, 'notes_body_key'))
      t.notOk(isUniqueViolation(error, 'another'))
      t.ok(isSqlError(error) && error.code === '23505')
    },
  },
  {
    title: 'run counts rows, maybe gives the first or none, one refuses anything but one',
    async run(t, { db }) {
      await db.asTenant('counts', async (tx) => {
        t.equal(await tx.run(sql`insert into rooms.notes (tenant, body) values ('counts', 'a'), ('counts', 'b')`), 2)
        t.equal(await tx.run(sql`update rooms.notes set body = body || '!'`), 2)
        t.strictSame(await tx.maybe(sql`select body from rooms.notes order by body`), { body: 'a!' })
        t.equal(await tx.maybe(sql`select 1 where false`), undefined)
        await t.rejects(tx.one(sql`select body from rooms.notes`), { message: 'one row expected, got 2' })
        await t.rejects(tx.one(sql`select 1 where false`), { message: 'one row expected, got 0' })
        t.equal(await tx.run(sql`delete from rooms.notes`), 2)
      })
    },
  },
  {
    title: 'many transactions asked for at once all get their turn',
    async run(t, { db }) {
      const asked = Array.from({ length: 40 }, (_, n) => db.asTenant('crowd', (tx) => tx.run(insert('crowd', `n${n}`))))
      await Promise.all(asked)
      t.strictSame(await db.asTenant('crowd', (tx) => tx.one(count)), { n: 40n })
    },
  },
  {
    title: 'a listener hears what was committed, in its own context, until it stops',
    async run(t, { db, host }) {
      const heard: string[] = []
      let wake = () => {}
      const stop = await host.listen('contract', (payload) => {
        refuseInsideTransaction('hearing')
        heard.push(payload)
        wake()
        throw new Error('logged, and nobody else is bothered')
      })
      const tell = async (payload: string) => {
        const told = new Promise<void>((resolve) => {
          wake = resolve
        })
        await db.asPlatform('contract', (tx) => tx.run(sql`select pg_notify('contract', ${payload})`))
        return told
      }
      const rolledBack = db.asPlatform('contract', async (tx) => {
        await tx.run(sql`select pg_notify('contract', 'rolled back')`)
        throw new Error('no')
      })
      await t.rejects(rolledBack)
      await tell('first')
      await tell('second')
      await stop()
      void tell('after')
      await db.ping()
      t.strictSame(heard, ['first', 'second'])
    },
  },
]
