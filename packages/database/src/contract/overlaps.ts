import { promised } from '../bell.ts'
import { isSerializationFailure, isUniqueViolation } from '../errors.ts'
import { sql } from '../sql.ts'
import { append, drain, notingBus } from './outbox.ts'
import type { Case } from './stage.ts'

/** Cases that need two transactions open at once. */
export const overlapCases: readonly Case[] = [
  {
    title:
      'overlap: the position waits for an open transaction that drew a lower one; its row is published after it commits',
    overlapping: true,
    async run(t, stage) {
      const { db } = stage
      const bus = notingBus()
      const drainer = drain(t, stage, bus.publish)
      await drainer.idle()
      const before = drainer.position()
      const [drawn, go] = [promised(), promised()]
      const slow = db.asTenant('acme', async (tx) => {
        await append(tx, 'slow', 'lower')
        drawn.resolve()
        await go.promise
      })
      await drawn.promise
      await db.asTenant('acme', (tx) => append(tx, 'fast', 'higher'))
      await drainer.idle()
      t.strictSame(bus.ids(), ['higher'], 'published at once')
      t.equal(drainer.position(), before, 'but not told as settled')
      go.resolve()
      await slow
      await drainer.idle()
      t.strictSame(bus.ids(), ['higher', 'lower'])
      t.equal(drainer.position(), before + 2n)
    },
  },
  {
    title: 'overlap: a long transaction that appends nothing does not hold the position back',
    overlapping: true,
    async run(t, stage) {
      const { db } = stage
      const bus = notingBus()
      const drainer = drain(t, stage, bus.publish)
      const [open, go] = [promised(), promised()]
      const long = db.asTenant('acme', async (tx) => {
        await tx.run(sql`insert into rooms.notes (tenant, body) values ('acme', 'long')`)
        open.resolve()
        await go.promise
      })
      await open.promise
      await drainer.idle()
      const before = drainer.position()
      await db.asTenant('acme', (tx) => append(tx, 's', 'meanwhile'))
      await drainer.idle()
      t.equal(drainer.position(), before + 1n)
      go.resolve()
      await long
    },
  },
  {
    title: 'overlap: under many appenders the position never passes a row that is not published',
    overlapping: true,
    async run(t, stage) {
      const { db } = stage
      const bus = notingBus()
      const drainer = drain(t, stage, bus.publish)
      const published = new Set<string>()
      const early: string[] = []
      bus.refuses = (message) => {
        published.add(message.id)
        return false
      }
      const writer = async (name: number) => {
        for (let n = 0; n < 25; n += 1) {
          const id = `w${name}.${n}`
          const position = await db.asTenant('acme', async (tx) => {
            await append(tx, `w.${name}`, id)
            const row = await tx.one<{ at: bigint }>(sql`select currval('rooms.outbox_position_seq') as at`)
            if (n % 3 === 0) await tx.run(sql`select pg_sleep(0.01)`)
            return row.at
          })
          if (drainer.position() >= position && !published.has(id)) early.push(id)
        }
      }
      await Promise.all([0, 1, 2, 3, 4, 5].map(writer))
      await drainer.idle()
      t.strictSame(early, [])
      t.equal(published.size, 150)
      for (const name of [0, 1, 2, 3, 4, 5]) {
        const ids = bus.ids().filter((id) => id.startsWith(`w${name}.`))
        t.strictSame(
          ids,
          Array.from({ length: 25 }, (_, n) => `w${name}.${n}`),
        )
      }
    },
  },
  {
    title: 'overlap: two that insert the same key: one wins, the other learns it by the code',
    overlapping: true,
    async run(t, { db }) {
      const insert = () =>
        db.asTenant('race', (tx) => tx.run(sql`insert into rooms.notes (tenant, body) values ('race', 'x')`))
      const results = await Promise.allSettled([insert(), insert(), insert()])
      const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
      t.equal(lost.length, 2)
      t.ok(lost.every((error) => isUniqueViolation(error, 'notes_body_key')))
    },
  },
  {
    title: 'overlap: a deadlock is told as a failure that may be tried again',
    overlapping: true,
    async run(t, { db }) {
      const body = (
        first: string,
        second: string,
        mine: ReturnType<typeof promised>,
        theirs: ReturnType<typeof promised>,
      ) =>
        db.asPlatform('contract', async (tx) => {
          await tx.run(sql`select pg_advisory_xact_lock(hashtext(${first}))`)
          mine.resolve()
          await theirs.promise
          await tx.run(sql`select pg_advisory_xact_lock(hashtext(${second}))`)
        })
      const [one, two] = [promised(), promised()]
      const results = await Promise.allSettled([body('a', 'b', one, two), body('b', 'a', two, one)])
      const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
      t.ok(lost.length === 1 && isSerializationFailure(lost[0]))
    },
  },
  {
    title: 'overlap: a second drainer that finds the first at work leaves it alone',
    overlapping: true,
    async run(t, stage) {
      const [entered, go] = [promised(), promised()]
      const seen: string[] = []
      const a = drain(t, stage, async (message) => {
        seen.push(`a ${message.id}`)
        entered.resolve()
        await go.promise
      })
      await stage.db.asTenant('acme', (tx) => append(tx, 's', 'held'))
      await entered.promise
      const b = drain(t, stage, async (message) => {
        seen.push(`b ${message.id}`)
      })
      go.resolve()
      await Promise.all([a.idle(), b.idle()])
      t.strictSame(seen, ['a held'])
    },
  },
]
