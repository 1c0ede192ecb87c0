import { type Bus, openBus } from '@gatehouse/bus'
import { STREAMS } from '@gatehouse/contracts'
import { type Database, openDatabase, sql } from '@gatehouse/database'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { eventually, nats, postgres } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { liveBytes } from '../testing/live-bytes.ts'
import { startIngest } from './ingest.ts'

const DEADLINE_MS = 60_000

async function scene(t: Test) {
  const [database, broker] = await Promise.all([postgres(t, { private: true }), nats(t)])
  const open = async () => {
    const host = await openDatabase(database.url)
    const bus = await openBus(broker.url)
    t.teardown(async () => {
      await bus.close()
      await host.close()
    })
    return { host, bus, db: host.as(auditSchema.role) }
  }
  const { host, bus, db } = await open()
  await host.migrate([auditSchema])
  await bus.ensureStreams([STREAMS.audit])
  /** As a process of its own would: with connections of its own. */
  const ingest = async () => {
    const own = await open()
    const metrics = createMetrics({ process: false })
    const inHand = { now: 0, most: 0 }
    const counting: Pick<Bus, 'consume'> = {
      consume: (stream, options, handle) =>
        own.bus.consume(stream, options, async (messages) => {
          inHand.now += messages.length
          inHand.most = Math.max(inHand.most, inHand.now)
          await handle(messages).finally(() => {
            inHand.now -= messages.length
          })
        }),
    }
    const consumer = await startIngest({ bus: counting, database: own.db, log: silentLogger, metrics })
    t.teardown(() => consumer.stop())
    const told = async (name: string): Promise<number> => {
      const { body } = await metrics.expose()
      return Number(
        body
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1] ?? 0,
      )
    }
    return { inHand, told, cutOff: () => own.bus.close() }
  }
  return { server: database, owner: host.as('postgres'), bus, db, ingest }
}

const idsIn = async (db: Database): Promise<readonly string[]> =>
  (await db.readAsPlatform<{ id: string }>('test', sql`select id from audit.events`)).map(({ id }) => id)
const STORED = 'gatehouse_audit_events_total{result="stored"}'

test('two audit services share one stream, and one of them is cut off in the middle: every event is one row', async (t) => {
  const { bus, db, ingest } = await scene(t)
  const events = Array.from({ length: 4_000 }, () => toolCalled())
  const publish = (some: typeof events) =>
    Promise.all(some.map((event, n) => bus.publish(messageOf(event, ...(n % 5 === 0 ? [event] : [])))))
  const [one, other] = [await ingest(), await ingest()]
  await publish(events.slice(0, 2_000))
  await eventually(DEADLINE_MS, 'both to have stored some', async () => {
    const each = await Promise.all([one.told(STORED), other.told(STORED)])
    return each.every((rows) => rows > 0)
  })
  const rest = publish(events.slice(1_900))
  await eventually(DEADLINE_MS, 'something in its hand', () => other.inHand.now > 0)
  await other.cutOff()
  await rest
  const stored = await eventually(DEADLINE_MS, 'all of them', async () => {
    const found = await idsIn(db)
    return found.length >= events.length ? found : undefined
  })
  t.equal(stored.length, events.length)
  t.same(new Set(stored), new Set(events.map(({ id }) => id)))
  t.equal((await one.told(STORED)) + (await other.told(STORED)), events.length, 'each was new to one of the two')
})

test('while the database is slow or away what comes waits in the stream, not in memory; afterwards all of it is there', async (t) => {
  const { server, owner, bus, db, ingest } = await scene(t)
  const { inHand, told } = await ingest()
  const first = toolCalled()
  await bus.publish(messageOf(first))
  await eventually(DEADLINE_MS, 'the first event', async () => (await idsIn(db)).length === 1)

  let release: () => void = () => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let locked: () => void = () => undefined
  const lock = new Promise<void>((resolve) => {
    locked = resolve
  })
  const slow = owner.asPlatform('as if it could not write', async (tx) => {
    await tx.run(sql`lock table audit.events in exclusive mode`)
    locked()
    await released
  })
  // The connection is lost when the server ends.
  slow.catch(() => undefined)
  await lock
  const ids = new Set([first.id])
  /** Large ones, so that holding them would show. @returns bytes */
  const flood = async (messages: number): Promise<number> => {
    let bytes = 0
    for (let n = 0; n < messages; n += 50)
      await Promise.all(
        Array.from({ length: 50 }, () => {
          const event = toolCalled()
          ids.add(event.id)
          const message = messageOf(event, { no: 'envelope', filler: 'x'.repeat(10_000) })
          bytes += message.data.length
          return bus.publish(message)
        }),
      )
    return bytes
  }
  const before = liveBytes()
  const bytes = await flood(3_000)
  await eventually(DEADLINE_MS, 'a batch that waits for the database', () => inHand.now > 0)
  const grown = liveBytes() - before
  t.ok(bytes > 30_000_000 && grown < 8 * 1_048_576, `${bytes} bytes in the stream, ${grown} more in memory`)
  t.equal((await idsIn(db)).length, 1, 'nothing of it is stored')

  await server.crash()
  release()
  await eventually(DEADLINE_MS, 'a batch that cannot be stored', async () => {
    const failures = await told('gatehouse_audit_ingest_failures_total')
    return failures > 0
  })
  await flood(500)
  t.ok(liveBytes() - before < 8 * 1_048_576, 'nor when it is away')
  t.ok(inHand.most <= 100, `at most ${inHand.most} messages at a time`)

  await server.start()
  const stored = await eventually(DEADLINE_MS, 'all of them', async () => {
    const found = await idsIn(db)
    if (found.length < ids.size)
      throw new Error(`${found.length} of ${ids.size}; the first ${found.includes(first.id) ? 'is' : 'is not'} there`)
    return found
  })
  t.equal(stored.length, ids.size)
  t.same(new Set(stored), ids)
  const [letters] = await db.readAsPlatform<{ n: bigint }>('test', sql`select count(*) as n from audit.dead_letters`)
  t.equal(letters?.n, 3_500n, 'and so is what cannot be an event, once')
})
