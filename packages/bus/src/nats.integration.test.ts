import { createLogger } from '@gatehouse/telemetry'
import { nats } from '@gatehouse/testkit'
import { connect } from 'nats'
import { type Test, test } from 'tap'
import { busContract, collector, type Harness } from './contract.ts'
import { type Bus, openBus } from './index.ts'

async function provide(t: Test): Promise<Harness & { stop(): Promise<void>; start(): Promise<void>; url: string }> {
  const server = await nats(t)
  const buses: Bus[] = []
  t.teardown(async () => {
    for (const bus of buses) await bus.close()
  })
  return {
    ...server,
    async open() {
      const bus = await openBus(server.url)
      buses.push(bus)
      return bus
    },
    async restart() {
      await server.stop()
      await server.start()
    },
    async recreate(stream) {
      const connection = await connect({ servers: server.url })
      const jsm = await connection.jetstreamManager()
      await jsm.streams.delete(stream.name)
      await connection.close()
      await buses[0]?.ensureStreams([stream])
    },
  }
}

busContract('nats', provide)

const STREAM = { name: 'ORDERS', subjects: ['orders.>'], duplicateWindowSeconds: 60 }
const order = (n: number) => ({ subject: 'orders.new', id: `order ${n}`, data: String(n) })

/** The outbox's way: the same message again until it is stored. */
async function publishUntilStored(bus: Bus, n: number): Promise<void> {
  const deadline = Date.now() + 20_000
  for (;;) {
    try {
      await bus.publish(order(n))
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

test('followers and consumers lose nothing over restarts of the server', async (t) => {
  const harness = await provide(t)
  const bus = await harness.open()
  await bus.ensureStreams([STREAM])
  const followed = collector<string>()
  const consumed = collector<string>()
  const gone: string[] = []
  const text = (data: Uint8Array): string => Buffer.from(data).toString()
  const follower = await bus.follow('ORDERS', { from: 'new', onGone: () => gone.push('gone') }, ({ data }) =>
    followed.add(text(data)),
  )
  await bus.consume('ORDERS', { durable: 'w' }, async (messages) =>
    consumed.add(...messages.map(({ data }) => text(data))),
  )
  const expected: string[] = []
  for (let round = 0; round < 3; round += 1) {
    if (round > 0) await harness.restart()
    for (let n = round * 10; n < round * 10 + 10; n += 1) {
      await publishUntilStored(bus, n)
      expected.push(String(n))
    }
    await followed.until(expected.length)
  }
  t.same(followed.heard, expected, 'in order, without gap or repeat')
  await consumed.until(expected.length)
  t.same([...new Set(consumed.heard)].sort(), [...expected].sort(), 'each at least once')
  t.equal(follower.position, 30)
  t.same(gone, [])
})

test('while the server is away publishing and ping say so within two seconds, and recover by themselves', async (t) => {
  const harness = await provide(t)
  const lines: { level: number; msg: string }[] = []
  const logger = createLogger('test', { destination: { write: (line) => void lines.push(JSON.parse(line)) } })
  const bus = await openBus(harness.url, { logger })
  t.teardown(() => bus.close())
  await bus.ensureStreams([STREAM])
  await bus.publish(order(1))
  await harness.stop()
  for (const call of [(): Promise<unknown> => bus.publish(order(2)), () => bus.ping()]) {
    const start = performance.now()
    await t.rejects(call(), { name: 'BusUnavailable' })
    t.ok(performance.now() - start < 2_500)
  }
  await harness.start()
  await publishUntilStored(bus, 2)
  await t.resolves(bus.ping())
  t.same(
    lines.map(({ msg }) => msg),
    ['the connection to the message bus is interrupted', 'the connection to the message bus goes on'],
    'one line for the outage, one for its end',
  )
})

test('it opens while the server is away; consumers and followers start when it is there', async (t) => {
  const harness = await provide(t)
  const first = await harness.open()
  await first.ensureStreams([STREAM])
  await first.publish(order(1))
  await harness.stop()
  const bus = await openBus(harness.url)
  t.teardown(() => bus.close())
  await t.rejects(bus.ping(), { name: 'BusUnavailable' })
  const followed = collector<number>()
  const consumed = collector<number>()
  const follower = await bus.follow('ORDERS', { from: 'first' }, ({ sequence }) => followed.add(sequence))
  await bus.consume('ORDERS', { durable: 'w' }, async (messages) =>
    consumed.add(...messages.map(({ sequence }) => sequence)),
  )
  await harness.start()
  await follower.caughtUp
  t.same(followed.heard, [1])
  t.same(await consumed.until(1), [1])
})

test('a follower that lost its consumer on the server goes on where it was', async (t) => {
  const harness = await provide(t)
  const bus = await harness.open()
  await bus.ensureStreams([STREAM])
  const followed = collector<number>()
  await bus.follow('ORDERS', { from: 'first' }, ({ sequence }) => followed.add(sequence))
  await bus.publish(order(1))
  await followed.until(1)
  const connection = await connect({ servers: harness.url })
  const jsm = await connection.jetstreamManager()
  for await (const { name } of jsm.consumers.list('ORDERS')) await jsm.consumers.delete('ORDERS', name)
  await connection.close()
  await bus.publish(order(2))
  t.same(await followed.until(2), [1, 2])
})

test('closing while the server is away ends at once', async (t) => {
  const harness = await provide(t)
  const bus = await harness.open()
  await bus.ensureStreams([STREAM])
  await bus.follow('ORDERS', { from: 'first' }, () => undefined)
  await bus.consume('ORDERS', { durable: 'w' }, async () => undefined)
  await harness.stop()
  const start = performance.now()
  await bus.close()
  t.ok(performance.now() - start < 5_000)
})
