import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bus, BusUnavailable, type OutgoingMessage } from '@gatehouse/bus'
import { type CloudEvent, systemClock } from '@gatehouse/contracts'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { type Test, test } from 'tap'
import { type Journal, openJournal } from '../journal/journal.ts'
import { type Coming, createRecorder } from './record.ts'

const event = (id: string): CloudEvent => ({
  specversion: '1.0',
  id,
  source: '/services/mcp',
  type: 'gatehouse.test.happened.v1',
  time: '2026-01-01T00:00:00Z',
  datacontenttype: 'application/json',
  tenantid: 'acme',
  data: {},
})
const idsOf = ({ data }: OutgoingMessage): string[] =>
  (JSON.parse(String(data)) as { events: CloudEvent[] }).events.map(({ id }) => id)

/** A way to a bus that answers each publish as the test says. */
const openRecorder = (
  answer: (message: OutgoingMessage, attempt: number) => Promise<void>,
  {
    maxQueued = 1_000,
    journal,
    coming = { calls: 0 },
    gatherMs = 1,
  }: {
    readonly maxQueued?: number
    readonly journal?: Journal
    readonly coming?: Coming
    readonly gatherMs?: number
  } = {},
) => {
  const sent: OutgoingMessage[] = []
  const bus = {
    driver: 'memory',
    publish: async (message: OutgoingMessage) => {
      sent.push(message)
      await answer(message, sent.length)
      return { sequence: sent.length, duplicate: false }
    },
    ping: async () => undefined,
  } as unknown as Bus
  const metrics = createMetrics({ process: false })
  const recorder = createRecorder({
    bus,
    node: 'n1',
    clock: systemClock,
    log: silentLogger,
    metrics,
    maxQueued,
    journal,
    coming,
    gatherMs,
  })
  return { recorder, sent, metrics }
}
const unavailable = new BusUnavailable(new Error('test'))

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

test('events that come in crowds wait for those of calls that are under way, and one message has them all', async (t) => {
  const coming = { calls: 2 }
  const { recorder, sent } = openRecorder(async () => undefined, { coming, gatherMs: 60_000 })
  const record = (...ids: string[]) => ids.map((id) => recorder.record(event(id), 5_000))
  const together = record('a', 'b')
  await turns(2)
  coming.calls = 1
  together.push(...record('c'))
  await turns(2)
  t.same(sent, [], 'they wait')
  coming.calls = 0
  together.push(...record('d'))
  t.same(await Promise.all(together), [true, true, true, true])
  t.same(sent.map(idsOf), [['a', 'b', 'c', 'd']])
  t.equal(await recorder.record(event('e'), 5_000), true, 'a lone call waits for nobody')
})

test('an event that comes alone, as the one before it, waits for no other, however many calls take their time', async (t) => {
  const { recorder, sent } = openRecorder(async () => undefined, { coming: { calls: 5 }, gatherMs: 60_000 })
  for (const id of ['a', 'b', 'c']) t.equal(await recorder.record(event(id), 5_000), true)
  t.same(sent.map(idsOf), [['a'], ['b'], ['c']])
})

test('a crowd waits a moment only for calls that take their time, and not when the service ends', async (t) => {
  const coming = { calls: 5 }
  const two = ({ recorder }: ReturnType<typeof openRecorder>, ...ids: string[]) =>
    Promise.all(ids.map((id) => recorder.record(event(id), 5_000)))
  const quick = openRecorder(async () => undefined, { coming })
  t.same(await two(quick, 'a', 'b'), [true, true])
  const patient = openRecorder(async () => undefined, { coming, gatherMs: 60_000 })
  const last = two(patient, 'c', 'd')
  await turns(2)
  t.same(patient.sent, [])
  await patient.recorder.close(0)
  t.same(await last, [true, true])
  t.same([...quick.sent, ...patient.sent].map(idsOf), [
    ['a', 'b'],
    ['c', 'd'],
  ])
})

test('events of one turn of the loop travel in one message, and so do those that gather while a publish is under way', async (t) => {
  let release: () => void = () => undefined
  const first = new Promise<void>((resolve) => {
    release = resolve
  })
  const { recorder, sent } = openRecorder((_message, attempt) => (attempt === 1 ? first : Promise.resolve()))
  const record = (...ids: string[]) => ids.map((id) => recorder.record(event(id), 5_000))
  const together = record('a')
  await new Promise((resolve) => process.nextTick(resolve))
  together.push(...record('b'))
  while (sent.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const meanwhile = record('c', 'd', 'e')
  release()
  t.same(await Promise.all([...together, ...meanwhile]), [true, true, true, true, true])
  t.same(sent.map(idsOf), [
    ['a', 'b'],
    ['c', 'd', 'e'],
  ])
  t.same(new Set(sent.map(({ subject }) => subject)), new Set(['audit.n1']))
  await recorder.close(1_000)
})

test('a message that failed is sent again with the same id, and nobody is told before it is stored', async (t) => {
  const { recorder, sent } = openRecorder((_message, attempt) =>
    attempt < 3 ? Promise.reject(unavailable) : Promise.resolve(),
  )
  t.equal(await recorder.record(event('a'), 5_000), true)
  t.equal(sent.length, 3)
  t.equal(new Set(sent.map(({ id }) => id)).size, 1)
  await recorder.close(1_000)
})

test('who waits no longer is told so, and the event is stored later all the same', async (t) => {
  let up = false
  const { recorder, sent } = openRecorder(() => (up ? Promise.resolve() : Promise.reject(unavailable)))
  t.equal(await recorder.record(event('a'), 20), false)
  t.equal(await recorder.record(event('b'), 0), false)
  up = true
  t.equal(await recorder.record(event('c'), 5_000), true)
  t.same(idsOf(sent.at(-1) as OutgoingMessage).at(-1), 'c')
  t.same([...new Set(sent.flatMap(idsOf))], ['a', 'b', 'c'])
  await recorder.close(1_000)
})

test('each waits as long as it said, whoever came before', async (t) => {
  const { recorder } = openRecorder(() => Promise.reject(unavailable))
  const ended: string[] = []
  const record = (id: string, waitMs: number) => recorder.record(event(id), waitMs).then(() => ended.push(id))
  const long = record('long', 400)
  await Promise.all([record('short', 20), record('middle', 150)])
  t.same(ended, ['short', 'middle'])
  await long
  t.same(ended, ['short', 'middle', 'long'])
  await recorder.close(10)
})

test('a bus that answers but stores nothing is not reachable, and is again as soon as it stores', async (t) => {
  let stores = false
  const { recorder, sent } = openRecorder(() => (stores ? Promise.resolve() : Promise.reject(unavailable)))
  t.equal(await recorder.reachable(), true)
  t.equal(await recorder.record(event('a'), 20), false)
  t.same([await recorder.reachable(), await recorder.reachable()], [false, false])
  stores = true
  t.equal(await recorder.reachable(), true)
  t.same([...new Set(sent.flatMap(idsOf))], ['a'])
  await recorder.close(1_000)
})

test('the queue is bounded: when it is full the recorder is not reachable, and what it had to drop is counted', async (t) => {
  const { recorder, metrics } = openRecorder(() => Promise.reject(unavailable), { maxQueued: 2 })
  for (const id of ['a', 'b', 'c']) t.equal(await recorder.record(event(id), 0), false)
  t.equal(await recorder.reachable(), false)
  t.match((await metrics.expose()).body, /gatehouse_mcp_audit_lost_total 1/)
  await recorder.close(10)
})

async function openFolder(t: Test, maxBytes = 1e8): Promise<Journal> {
  const folder = await mkdtemp(join(tmpdir(), 'record-'))
  const journal = await openJournal({ folder, clock: systemClock, log: silentLogger, maxBytes, segmentBytes: 1e6 })
  t.teardown(async () => {
    await journal.close()
    await rm(folder, { recursive: true })
  })
  return journal
}

test('with a journal an event is recorded while the bus is away, and reaches the bus when that is back', async (t) => {
  const journal = await openFolder(t)
  let up = false
  const { recorder, sent } = openRecorder(() => (up ? Promise.resolve() : Promise.reject(unavailable)), { journal })
  t.equal(await recorder.record(event('a'), 5_000), true)
  t.same(await Promise.all(['b', 'c', 'd'].map((id) => recorder.record(event(id), 5_000))), [true, true, true])
  t.equal(await recorder.reachable(), true)
  t.notOk(journal.empty)
  up = true
  await recorder.close(5_000)
  t.ok(journal.empty, 'a process that ends drains it first')
  const stored = sent.slice(-3).flatMap(idsOf)
  t.same(stored.filter((id, at) => stored.indexOf(id) === at).sort(), ['a', 'b', 'c', 'd'])
})

test('a bus that is slow does not keep the caller waiting: the event goes to the journal', async (t) => {
  const journal = await openFolder(t)
  const { recorder } = openRecorder(() => new Promise(() => undefined), { journal })
  const began = performance.now()
  t.equal(await recorder.record(event('a'), 5_000), true)
  t.ok(performance.now() - began < 2_000)
  t.notOk(journal.empty)
  await recorder.close(10)
})

test('once the bus has stored something again, events go to it at once', async (t) => {
  const journal = await openFolder(t)
  let up = false
  const { recorder, sent } = openRecorder(() => (up ? Promise.resolve() : Promise.reject(unavailable)), { journal })
  await recorder.record(event('a'), 5_000)
  up = true
  while (!journal.empty) await new Promise((resolve) => setImmediate(resolve))
  const before = sent.length
  t.equal(await recorder.record(event('b'), 5_000), true)
  t.same(sent.slice(before).map(idsOf), [['b']])
  t.ok(journal.empty)
  await recorder.close(1_000)
})

test('a journal that is full and a bus that is away: nothing can be recorded, and it is said so beforehand', async (t) => {
  const journal = await openFolder(t, 8_000)
  const { recorder } = openRecorder(() => Promise.reject(unavailable), { journal })
  let recorded = 0
  while (await recorder.reachable()) {
    t.equal(await recorder.record(event(`e${recorded}`), 5_000), true)
    recorded += 1
  }
  t.ok(recorded > 20, `${recorded} fit`)
  t.equal(await recorder.record(event('of a call that was let in'), 5_000), true)
  t.equal(await recorder.record({ ...event('b'), data: { text: 'x'.repeat(8_000) } }, 30), false)
  await recorder.close(10)
})

test('what an earlier process left in its journal is recorded by the next', async (t) => {
  const journal = await openFolder(t)
  await journal.append(JSON.stringify(event('left')))
  const { recorder, sent } = openRecorder(() => Promise.resolve(), { journal })
  await recorder.close(5_000)
  t.same(sent.flatMap(idsOf), ['left'])
  t.ok(journal.empty)
})
