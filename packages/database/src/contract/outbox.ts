import type { CloudEvent } from '@gatehouse/contracts'
import { silentLogger } from '@gatehouse/telemetry'
import type { Test } from 'tap'
import type { Drainer, OutboxMessage } from '../drainer.ts'
import { createOutbox } from '../outbox.ts'
import type { Tx } from '../port.ts'
import { sql } from '../sql.ts'
import type { Case, Stage } from './stage.ts'

export const outbox = createOutbox('rooms')

export const outgoing = (subject: string, id: string, data: unknown = { id }) => {
  const event: CloudEvent = {
    specversion: '1.0',
    id,
    source: '/contract',
    type: 'gatehouse.contract.happened.v1',
    time: '2026-11-21T00:00:00.000Z',
    datacontenttype: 'application/json',
    tenantid: 'acme',
    data,
  }
  return { subject, event }
}

export const append = (tx: Tx, subject: string, id: string) => outbox.append(tx, outgoing(subject, id))

/** A bus that notes what it is given, and can be away. */
export function notingBus() {
  const messages: OutboxMessage[] = []
  const bus = {
    messages,
    refuses: (_: OutboxMessage): boolean => false,
    ids: () => messages.map((message) => message.id),
    publish: async (message: OutboxMessage) => {
      if (bus.refuses(message)) throw new Error('the bus is away')
      messages.push(message)
    },
  }
  return bus
}

/** A drainer that is stopped, and an outbox that is emptied, with the test. */
export function drain(t: Test, { db, host }: Stage, publish: (message: OutboxMessage) => Promise<unknown>): Drainer {
  const drainer = outbox.startDrainer({ db, host, publish, log: silentLogger, publishTimeoutMs: 300 })
  t.teardown(async () => {
    await drainer.stop()
    await db.asPlatform('contract', (tx) => tx.run(sql`delete from rooms.outbox`))
  })
  return drainer
}

const left = ({ db }: Stage) =>
  db.asPlatform('contract', (tx) => tx.one<{ n: bigint }>(sql`select count(*) as n from rooms.outbox`))

export const outboxCases: readonly Case[] = [
  {
    title:
      'what was committed is published once, in the order of each subject, to the letter; what was rolled back never',
    async run(t, stage) {
      const bus = notingBus()
      const drainer = drain(t, stage, bus.publish)
      const odd = { text: 'nul \u0000 and 1.0', nested: [{ b: 1, a: 2 }] }
      const { event } = outgoing('a', 'odd', odd)
      await stage.db.asTenant('acme', (tx) => outbox.append(tx, { subject: 'odd', event }, { 'X-Trace': 'abc' }))
      for (let n = 0; n < 30; n += 1) await stage.db.asTenant('acme', (tx) => append(tx, `s.${n % 3}`, `e${n}`))
      const rolledBack = stage.db.asTenant('acme', async (tx) => {
        await append(tx, 's.0', 'rolled back')
        throw new Error('no')
      })
      await t.rejects(rolledBack)
      await drainer.idle()
      const first = bus.messages.find((message) => message.id === 'odd')
      t.strictSame(first, { subject: 'odd', id: 'odd', data: JSON.stringify(event), headers: { 'X-Trace': 'abc' } })
      t.equal(bus.messages.length, 31)
      for (const subject of [0, 1, 2]) {
        const ids = bus.messages.filter((message) => message.subject === `s.${subject}`).map((message) => message.id)
        t.strictSame(
          ids,
          Array.from({ length: 10 }, (_, n) => `e${n * 3 + subject}`),
        )
      }
      t.strictSame(await left(stage), { n: 0n })
    },
  },
  {
    title: 'a tenant can append but neither read nor delete what waits in the outbox',
    async run(t, { db }) {
      await db.asTenant('acme', (tx) => append(tx, 's', 'hidden'))
      t.strictSame(await db.asTenant('acme', (tx) => tx.rows(sql`select * from rooms.outbox`)), [])
      t.equal(await db.asTenant('acme', (tx) => tx.run(sql`delete from rooms.outbox`)), 0)
      t.equal(await db.asPlatform('contract', (tx) => tx.run(sql`delete from rooms.outbox`)), 1)
    },
  },
  {
    title: 'while the bus is away rows are kept and the position stays; when it is back all go out in order',
    async run(t, stage) {
      const bus = notingBus()
      let refused = () => {}
      const twice = new Promise<void>((resolve) => {
        let times = 0
        refused = () => {
          times += 1
          if (times === 2) resolve()
        }
      })
      bus.refuses = () => {
        refused()
        return true
      }
      const drainer = drain(t, stage, bus.publish)
      await stage.db.asTenant('acme', async (tx) => {
        for (let n = 0; n < 5; n += 1) await append(tx, 's', `away${n}`)
      })
      await twice
      t.strictSame(await left(stage), { n: 5n })
      const stayed = drainer.position()
      bus.refuses = () => false
      await drainer.idle()
      t.strictSame(bus.ids(), ['away0', 'away1', 'away2', 'away3', 'away4'])
      t.ok(drainer.position() >= stayed + 5n)
      t.strictSame(await left(stage), { n: 0n })
    },
  },
  {
    title:
      'one subject that the bus refuses holds back neither the others nor anything but its own rows, and the position tells',
    async run(t, stage) {
      const bus = notingBus()
      bus.refuses = (message) => message.subject === 'poison'
      const drainer = drain(t, stage, bus.publish)
      await drainer.idle()
      const before = drainer.position()
      await stage.db.asPlatform('contract', async (tx) => {
        for (let n = 0; n < 300; n += 1) await append(tx, 'poison', `p${n}`)
        for (let n = 0; n < 3; n += 1) await append(tx, 'fine', `f${n}`)
      })
      await new Promise<void>((resolve) => {
        const inner = bus.refuses
        bus.refuses = (message) => {
          if (message.id === 'f2') resolve()
          return inner(message)
        }
      })
      t.equal(drainer.position(), before, 'the position stays below the row that waits')
      bus.refuses = () => false
      await drainer.idle()
      t.strictSame(bus.ids().slice(0, 3), ['f0', 'f1', 'f2'])
      t.strictSame(
        bus.ids().slice(3),
        Array.from({ length: 300 }, (_, n) => `p${n}`),
      )
      t.equal(drainer.position(), before + 303n)
    },
  },
  {
    title: 'a publish that never answers is tried again',
    async run(t, stage) {
      const bus = notingBus()
      let calls = 0
      const drainer = drain(t, stage, (message) => {
        calls += 1
        return calls === 1 ? new Promise(() => {}) : bus.publish(message)
      })
      await stage.db.asTenant('acme', (tx) => append(tx, 's', 'stubborn'))
      await drainer.idle()
      t.strictSame(bus.ids(), ['stubborn'])
    },
  },
  {
    title: 'a commit wakes the drainer: nobody waits for the next poll',
    async run(t, stage) {
      let published = () => {}
      const drainer = drain(t, stage, async () => published())
      await drainer.idle()
      const started = performance.now()
      for (let n = 0; n < 8; n += 1) {
        const out = new Promise<void>((resolve) => {
          published = resolve
        })
        await stage.db.asTenant('acme', (tx) => append(tx, 's', `woken${n}`))
        await out
      }
      t.ok(performance.now() - started < 4000, 'eight in the time of four polls')
    },
  },
  {
    title: 'of two drainers one drains, and the other takes over when it stops',
    async run(t, stage) {
      const [first, second] = [notingBus(), notingBus()]
      const a = drain(t, stage, first.publish)
      await a.idle()
      const b = drain(t, stage, second.publish)
      await stage.db.asTenant('acme', (tx) => append(tx, 's', 'one'))
      await Promise.all([a.idle(), b.idle()])
      t.strictSame([first.ids(), second.ids()], [['one'], []])
      await a.stop()
      await stage.db.asTenant('acme', (tx) => append(tx, 's', 'two'))
      await b.idle()
      t.strictSame([first.ids(), second.ids()], [['one'], ['two']])
      t.ok(b.position() > 0n)
    },
  },
  {
    title: 'the lease of a drainer that died runs out within two seconds',
    async run(t, stage) {
      await stage.db.asPlatform('contract', (tx) =>
        tx.run(sql`update rooms.outbox_lease set holder = 'dead', until = clock_timestamp() + interval '1500 ms'`),
      )
      const bus = notingBus()
      const drainer = drain(t, stage, bus.publish)
      const started = performance.now()
      await stage.db.asTenant('acme', (tx) => append(tx, 's', 'inherited'))
      await new Promise<void>((resolve) => {
        bus.refuses = () => {
          resolve()
          return false
        }
      })
      t.ok(performance.now() - started < 2200, 'taken over in time')
      await drainer.idle()
      t.strictSame(bus.ids(), ['inherited'])
    },
  },
]
