import { insideTransaction, type StreamDefinition } from '@gatehouse/contracts'
import { type Test, test } from 'tap'
import type { Bus, IncomingMessage } from './port.ts'

/** One store of streams, as a driver's test provides it. */
export interface Harness {
  /** Opens a bus on the store; closed with the test. */
  open(): Promise<Bus>
  /** Ends every bus and what lies below, and starts what lies below again with the same storage. */
  restart(): Promise<void>
  /** Deletes a stream and creates it anew, as an operator would. */
  recreate(stream: StreamDefinition): Promise<void>
}

/** The promises of the port, over any driver. Cases have streams of their own; the restart comes last. */
export function busContract(name: string, provide: (t: Test) => Promise<Harness>): void {
  test(`message bus: ${name}`, async (t) => {
    const harness = await provide(t)
    const bus = await harness.open()
    for (const [title, check] of Object.entries(CASES)) {
      await t.test(title, (child) => check(child, { harness, bus, stream: `S${streams++}` }))
    }
  })
}

interface Case {
  readonly harness: Harness
  readonly bus: Bus
  /** A name that no other case uses. */
  readonly stream: string
}

let streams = 1

const define = (name: string, limits: Partial<StreamDefinition> = {}): StreamDefinition => ({
  name,
  subjects: [`${name.toLowerCase()}.>`],
  duplicateWindowSeconds: 60,
  ...limits,
})

/** A stream with a function that publishes to `<stream>.<tail>`; ids are numbered. */
async function prepare({ bus, stream }: Case, limits: Partial<StreamDefinition> = {}) {
  await bus.ensureStreams([define(stream, limits)])
  let count = 0
  const prefix = stream.toLowerCase()
  const publish = (tail: string, data: string, id = `${stream} ${++count}`) =>
    bus.publish({ subject: `${prefix}.${tail}`, id, data })
  return { publish, prefix }
}

const text = ({ data }: IncomingMessage): string => Buffer.from(data).toString()

/** Collects what is heard; `until` resolves when `enough` have come, and fails after ten seconds. */
export function collector<T>() {
  const heard: T[] = []
  let look = (): void => undefined
  return {
    heard,
    add(...more: readonly T[]): void {
      heard.push(...more)
      look()
    },
    async until(enough: number): Promise<T[]> {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`heard ${heard.length} of ${enough}`)), 10_000)
        look = () => (heard.length >= enough ? resolve() : undefined)
        look()
      }).finally(() => clearTimeout(timer))
      return [...heard]
    },
  }
}

const PUBLISHING: Record<string, (t: Test, given: Case) => Promise<void>> = {
  async 'a message is stored once, however often its id is published'(t, given) {
    const { publish } = await prepare(given)
    t.same(await publish('a', 'one', 'id 1'), { sequence: 1, duplicate: false })
    const second = await publish('a', 'two', 'id 2')
    t.same([await publish('b', 'again', 'id 1'), second.duplicate], [{ sequence: 1, duplicate: true }, false])
    const all = collector<string>()
    const follower = await given.bus.follow(given.stream, { from: 'first' }, (message) => all.add(text(message)))
    await follower.caughtUp
    t.same(all.heard, ['one', 'two'])
    await follower.stop()
  },
  async 'an id is known although its message has been displaced'(t, given) {
    const { publish } = await prepare(given, { maxMessagesPerSubject: 1 })
    await publish('a', 'old', 'id 1')
    await publish('a', 'new', 'id 2')
    t.equal((await publish('a', 'old', 'id 1')).duplicate, true)
  },
  async 'a message arrives as it was sent'(t, given) {
    const { prefix } = await prepare(given)
    const data = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const headers = { 'ce-id': '1', 'content-type': 'text/plain; charset="utf-8"' }
    const before = Date.now()
    await given.bus.publish({ subject: `${prefix}.a-b_c`, id: 'x', data, headers })
    const all = collector<IncomingMessage>()
    const follower = await given.bus.follow(given.stream, { from: 'first' }, (message) => all.add(message))
    const [message] = await all.until(1)
    t.match(message, { subject: `${prefix}.a-b_c`, sequence: 1, delivery: 1 })
    t.same(message?.headers, headers)
    t.same(Buffer.from(message?.data ?? []), Buffer.from(data))
    t.ok(Math.abs((message?.time.getTime() ?? 0) - before) < 5_000)
    await follower.stop()
  },
  async 'publishing inside a transaction is refused'(t, given) {
    const { publish } = await prepare(given)
    await t.rejects(
      insideTransaction('a test', () => publish('a', 'x')),
      { name: 'InsideTransactionError' },
    )
    t.equal((await publish('a', 'x')).sequence, 1, 'nothing was stored')
  },
  async 'a subject without a stream is unavailable, and says what to do'(t, { bus }) {
    await t.rejects(bus.publish({ subject: 'nowhere.at.all', id: '1', data: 'x' }), {
      name: 'BusUnavailable',
      cause: { message: /no stream takes "nowhere\.at\.all": run the migration step/ },
    })
  },
  async 'what no repeat would make acceptable is refused as such'(t, { bus, stream }) {
    const subject = `${stream.toLowerCase()}.a`
    await t.rejects(bus.publish({ subject: `${subject}.*`, id: '1', data: 'x' }), { name: 'TypeError' })
    await t.rejects(bus.publish({ subject, id: 'a\nb', data: 'x' }), { name: 'TypeError' })
    await t.rejects(bus.publish({ subject, id: '1', data: 'x'.repeat(1_000_001) }), { name: 'RangeError' })
  },
  async 'streams may be ensured again, changed, and by two at once'(t, given) {
    const { publish } = await prepare(given, { maxMessagesPerSubject: 1 })
    for (const data of ['1', '2']) await publish('a', data)
    const changed = define(given.stream, { maxMessagesPerSubject: 2, maxAgeSeconds: 3_600, maxBytes: 1_000_000 })
    const other = await given.harness.open()
    await Promise.all([
      given.bus.ensureStreams([changed, define(`${given.stream}X`)]),
      other.ensureStreams([changed, define(`${given.stream}X`)]),
    ])
    for (const data of ['3', '4']) await publish('a', data)
    const all = collector<string>()
    const follower = await given.bus.follow(given.stream, { from: 'first' }, (message) => all.add(text(message)))
    await follower.caughtUp
    t.same(all.heard, ['3', '4'], 'the new limit holds')
    await follower.stop()
  },
}

const FOLLOWING: Record<string, (t: Test, given: Case) => Promise<void>> = {
  async 'a follower hears everything in order, what is stored and what comes'(t, given) {
    const { publish } = await prepare(given)
    await Promise.all(Array.from({ length: 50 }, (_, n) => publish('a', String(n))))
    const all = collector<IncomingMessage>()
    const follower = await given.bus.follow(given.stream, { from: 'first' }, (message) => all.add(message))
    await follower.caughtUp
    t.equal(all.heard.length, 50)
    await Promise.all(Array.from({ length: 50 }, (_, n) => publish('a', String(n + 50))))
    const sequences = (await all.until(100)).map(({ sequence }) => sequence)
    t.same(
      sequences,
      [...sequences].sort((a, b) => a - b),
    )
    t.equal(new Set(sequences).size, 100)
    t.equal(follower.position, sequences.at(-1))
    await follower.stop()
    await publish('a', 'late')
    t.equal(all.heard.length, 100, 'nothing after the stop')
  },
  async 'a follower begins where it is told to'(t, given) {
    const { publish, prefix } = await prepare(given)
    for (const [tail, data] of Object.entries({ a: '1', b: '2' })) await publish(tail, data)
    const marks = collector<IncomingMessage>()
    const marker = await given.bus.follow(given.stream, { from: 'first' }, (message) => marks.add(message))
    await new Promise((resolve) => setTimeout(resolve, 20))
    const third = await publish('a', '3')
    const time = (await marks.until(3))[2]?.time ?? new Date()
    await marker.stop()
    const hears = async (options: Parameters<Bus['follow']>[1]): Promise<string[]> => {
      const all = collector<string>()
      const follower = await given.bus.follow(given.stream, options, (message) => all.add(text(message)))
      await follower.caughtUp
      await follower.stop()
      return all.heard
    }
    t.same(await hears({ from: 'first' }), ['1', '2', '3'])
    t.same(await hears({ from: 'last-per-subject' }), ['2', '3'])
    t.same(await hears({ from: 'new' }), [])
    t.same(await hears({ from: { sequence: third.sequence } }), ['3'])
    t.same(await hears({ from: { sequence: third.sequence + 1 } }), [])
    t.same(await hears({ from: { time } }), ['3'])
    t.same(await hears({ from: { time: new Date(0) } }), ['1', '2', '3'])
    t.same(await hears({ from: 'first', filter: `${prefix}.a` }), ['1', '3'])
    t.same(await hears({ from: 'last-per-subject', filter: `${prefix}.*` }), ['2', '3'])
    t.same(await hears({ from: 'first', filter: `${prefix}.a.>` }), [])
  },
  async 'a follower from now on hears what is published right after it was opened'(t, given) {
    const { publish } = await prepare(given)
    await publish('a', 'before')
    const all = collector<string>()
    const follower = await given.bus.follow(given.stream, { from: 'new' }, (message) => all.add(text(message)))
    await publish('a', 'after')
    t.same(await all.until(1), ['after'])
    await follower.stop()
  },
  async 'an empty stream, or one without a message for the filter, is caught up with at once'(t, given) {
    const { publish, prefix } = await prepare(given)
    const options = [{ from: 'first' }, { from: 'last-per-subject' }, { from: 'new' }] as const
    for (const option of options) {
      const follower = await given.bus.follow(given.stream, option, () => t.fail('nothing to hear'))
      await follower.caughtUp
      t.equal(follower.position, 0)
      await follower.stop()
    }
    await publish('a', '1')
    const filtered = await given.bus.follow(given.stream, { from: 'first', filter: `${prefix}.b` }, () =>
      t.fail('nothing to hear'),
    )
    await filtered.caughtUp
    await filtered.stop()
  },
  async 'a follower that throws has handled the message'(t, given) {
    const { publish } = await prepare(given)
    const all = collector<string>()
    const follower = await given.bus.follow(given.stream, { from: 'first' }, (message) => {
      all.add(text(message))
      throw new Error('from a test')
    })
    await publish('a', '1')
    await publish('a', '2')
    t.same(await all.until(2), ['1', '2'])
    await follower.stop()
  },
  async 'a follower is told when its stream was created anew, and hears the new one from its beginning'(t, given) {
    const { publish } = await prepare(given)
    for (const data of ['1', '2', '3']) await publish('a', data)
    const all = collector<string>()
    const follower = await given.bus.follow(given.stream, { from: 'new', onGone: () => all.add('gone') }, (message) =>
      all.add(text(message)),
    )
    await publish('a', '4')
    await all.until(1)
    await given.harness.recreate(define(given.stream))
    await publish('a', 'first of the new')
    t.same(await all.until(3), ['4', 'gone', 'first of the new'])
    t.equal(follower.position, 1)
    await follower.stop()
  },
  async 'streams are created anew without what they held, missing ones too, and whoever follows is told'(t, given) {
    const { publish } = await prepare(given)
    await publish('a', 'old')
    const all = collector<string>()
    const follower = await given.bus.follow(given.stream, { from: 'first', onGone: () => all.add('gone') }, (message) =>
      all.add(text(message)),
    )
    await all.until(1)
    const other = { ...define(`${given.stream}X`), subjects: [`${given.stream.toLowerCase()}x.>`] }
    await given.bus.recreateStreams([define(given.stream), other])
    await publish('a', 'new')
    t.same(await all.until(3), ['old', 'gone', 'new'])
    await follower.stop()
    t.match(await given.bus.publish({ subject: `${given.stream.toLowerCase()}x.a`, id: '1', data: '' }), {
      sequence: 1,
    })
  },
}

const CONSUMING: Record<string, (t: Test, given: Case) => Promise<void>> = {
  async 'a batch is acknowledged when it was handled, and comes again when it was refused'(t, given) {
    const { publish } = await prepare(given)
    for (const data of ['1', '2', '3']) await publish('a', data)
    const tries = collector<IncomingMessage>()
    let refused = 0
    const consumer = await given.bus.consume(given.stream, { durable: 'worker' }, async (messages) => {
      if (refused === 0) {
        refused = messages.length
        tries.add(...messages)
        throw new Error('from a test')
      }
      tries.add(...messages)
    })
    await tries.until(1)
    const seen = (await tries.until(3 + refused)).map(({ sequence, delivery }) => [sequence, delivery])
    t.same(
      seen.slice(0, refused).map(([, delivery]) => delivery),
      Array(refused).fill(1),
    )
    t.same(
      seen.slice(refused).map(([sequence]) => sequence),
      [1, 2, 3],
      'all of them, in order',
    )
    t.ok(
      seen.slice(refused, 2 * refused).every(([, delivery]) => delivery === 2),
      'what was refused comes as a second delivery',
    )
    await consumer.stop()
    const later = collector<string>()
    const next = await given.bus.consume(given.stream, { durable: 'worker' }, async (messages) =>
      later.add(...messages.map(text)),
    )
    await publish('a', '4')
    t.same(await later.until(1), ['4'], 'what was acknowledged does not come again')
    await next.stop()
  },
  async 'two consumers of one durable share its messages without overlap'(t, given) {
    const { publish } = await prepare(given)
    const other = await given.harness.open()
    const all = collector<[who: string, sequence: number]>()
    // On the embedded driver only consumers of one bus share: there is one process.
    const second = given.bus.driver === 'memory' ? given.bus : other
    const options = { durable: 'shared', maxBatch: 5 }
    const heard = (who: string) => async (messages: readonly IncomingMessage[]) => {
      t.ok(messages.length <= 5)
      all.add(...messages.map(({ sequence }): [string, number] => [who, sequence]))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const consumers = [
      await given.bus.consume(given.stream, options, heard('one')),
      await second.consume(given.stream, options, heard('two')),
    ]
    await Promise.all(Array.from({ length: 100 }, (_, n) => publish('a', String(n))))
    await all.until(100)
    for (const consumer of consumers) await consumer.stop()
    t.equal(all.heard.length, 100)
    t.equal(new Set(all.heard.map(([, sequence]) => sequence)).size, 100)
    t.same([...new Set(all.heard.map(([who]) => who))].sort(), ['one', 'two'])
  },
  async 'durables are independent of each other, and a filter narrows one'(t, given) {
    const { publish, prefix } = await prepare(given)
    for (const [tail, data] of [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ] as const)
      await publish(tail, data)
    const everything = collector<string>()
    const some = collector<string>()
    const consumers = [
      await given.bus.consume(given.stream, { durable: 'all' }, async (batch) => everything.add(...batch.map(text))),
      await given.bus.consume(given.stream, { durable: 'some', filter: `${prefix}.a` }, async (batch) =>
        some.add(...batch.map(text)),
      ),
    ]
    t.same(
      [await everything.until(3), await some.until(2)],
      [
        ['1', '2', '3'],
        ['1', '3'],
      ],
    )
    for (const consumer of consumers) await consumer.stop()
  },
  async 'stopping waits for the batch in hand and leaves the rest to others at once'(t, given) {
    const { publish } = await prepare(given)
    for (const data of ['1', '2', '3']) await publish('a', data)
    const started = collector<string>()
    let finish = (): void => undefined
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const consumer = await given.bus.consume(given.stream, { durable: 'w', maxBatch: 1 }, async (messages) => {
      started.add(...messages.map(text))
      await finished
    })
    await started.until(1)
    const stopping = consumer.stop()
    finish()
    await stopping
    t.same(started.heard, ['1'])
    const rest = collector<string>()
    const next = await given.bus.consume(given.stream, { durable: 'w' }, async (messages) =>
      rest.add(...messages.map(text)),
    )
    t.same(await rest.until(2), ['2', '3'])
    await next.stop()
  },
}

const RESTARTING: Record<string, (t: Test, given: Case) => Promise<void>> = {
  async 'messages, ids and the place of a durable outlive a restart'(t, given) {
    const { publish, prefix } = await prepare(given)
    for (const data of ['1', '2']) await publish('a', data)
    const first = collector<string>()
    const consumer = await given.bus.consume(given.stream, { durable: 'w' }, async (messages) =>
      first.add(...messages.map(text)),
    )
    await first.until(2)
    await consumer.stop()
    await publish('a', '3', 'id 3')
    await given.harness.restart()
    const bus = await given.harness.open()
    const again = collector<string>()
    await bus.consume(given.stream, { durable: 'w' }, async (messages) => again.add(...messages.map(text)))
    t.same(await again.until(1), ['3'])
    t.same(await bus.publish({ subject: `${prefix}.a`, id: 'id 3', data: '3' }), { sequence: 3, duplicate: true })
    t.equal((await bus.publish({ subject: `${prefix}.a`, id: 'id 4', data: '4' })).duplicate, false)
    const all = collector<string>()
    const follower = await bus.follow(given.stream, { from: 'first' }, (message) => all.add(text(message)))
    await follower.caughtUp
    t.same(all.heard, ['1', '2', '3', '4'])
  },
}

const CASES = { ...PUBLISHING, ...FOLLOWING, ...CONSUMING, ...RESTARTING }
