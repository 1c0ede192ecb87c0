import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import type { KeyValue, MapChange } from './port.ts'

type Open = (t: Test) => Promise<KeyValue>

/** Ample for what takes 100 ms; the promise is that it comes at all. */
const DEADLINE = 5_000

/** The promises of the port, over any driver. `open` is called once; its store is closed with the test. */
export function keyValueContract(name: string, open: Open): void {
  test(`key-value store: ${name}`, async (t) => {
    const kv = await open(t)
    t.teardown(() => kv.close())
    for (const [title, check] of Object.entries(CASES)) await t.test(title, (child) => check(child, kv))
  })
}

async function gone(kv: KeyValue, key: string): Promise<boolean> {
  const deadline = Date.now() + DEADLINE
  while (Date.now() < deadline) {
    if ((await kv.get(key)) === undefined) return true
    await delay(10)
  }
  return false
}

const hundred = <T>(step: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: 100 }, (_, n) => step(n)))

const CASES: Record<string, (t: Test, kv: KeyValue) => Promise<void>> = {
  async 'a value is there until its time has run out'(t, kv) {
    t.equal(await kv.get('life'), undefined)
    await kv.set('life', 'a', 60_000)
    t.equal(await kv.get('life'), 'a')
    await kv.set('life', 'b', 100)
    t.equal(await kv.get('life'), 'b', 'a second value replaces the first, and its time too')
    t.ok(await gone(kv, 'life'))
  },
  async 'keys and values are any text'(t, kv) {
    await kv.set('{tenänt}:a b\n', 'ümläut \0 \u{1f511}', 60_000)
    t.equal(await kv.get('{tenänt}:a b\n'), 'ümläut \0 \u{1f511}')
    await kv.set('empty', '', 60_000)
    t.equal(await kv.get('empty'), '')
  },
  async 'of a hundred claims at once one wins, and its value stays'(t, kv) {
    const won = await hundred((n) => kv.claim('claim', String(n), 60_000))
    t.equal(won.filter(Boolean).length, 1)
    t.equal(await kv.get('claim'), String(won.indexOf(true)))
  },
  async 'what was claimed can be claimed again after its time'(t, kv) {
    t.equal(await kv.claim('again', 'a', 100), true)
    t.equal(await kv.claim('again', 'b', 60_000), false)
    t.ok(await gone(kv, 'again'), 'the refused claim did not prolong the first')
    t.equal(await kv.claim('again', 'c', 60_000), true)
  },
  async 'of a hundred takes at once one gets the value'(t, kv) {
    await kv.set('take', 'once', 60_000)
    const taken = await hundred(() => kv.take('take'))
    t.same(
      taken.filter((value) => value !== undefined),
      ['once'],
    )
    t.equal(await kv.get('take'), undefined)
  },
  async 'a hundred increments at once are counted exactly, in one window'(t, kv) {
    const seen = await hundred(() => kv.increment('count', 1, 60_000))
    t.same(
      seen.map(({ count }) => count).sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, n) => n + 1),
    )
    t.ok(seen.every(({ resetMs }) => resetMs > 50_000 && resetMs <= 60_000))
    t.equal((await kv.increment('count', 5, 60_000)).count, 105)
  },
  async 'an increment leaves the end of its window where it is'(t, kv) {
    const first = await kv.increment('window', 1, 300)
    t.equal(first.count, 1)
    t.ok(first.resetMs > 0 && first.resetMs <= 300)
    const second = await kv.increment('window', 1, 60_000)
    t.equal(second.count, 2)
    t.ok(second.resetMs <= 300, 'not the second window')
    t.ok(await gone(kv, 'window'))
    t.equal((await kv.increment('window', 3, 60_000)).count, 3, 'a new window begins with its first use')
  },
  async 'of two windows the second is counted while the first is within its limit, and each ends by itself'(t, kv) {
    const keys = (one: string) => [`within:{acme}:${one}`, 'within:{acme}'] as const
    const take = (one: string, by = 1) => kv.incrementWithin(keys(one), 3, by, 60_000)
    t.match(await take('a'), [{ count: 1 }, { count: 1 }])
    t.match(await take('a', 2), [{ count: 3 }, { count: 3 }])
    const over = await take('a')
    t.match(over, [{ count: 4 }])
    t.equal(over.length, 1, 'who is over its own limit uses nothing up for the others')
    const [first, second] = await take('b')
    t.match([first, second], [{ count: 1 }, { count: 4 }])
    for (const counted of [first, second])
      t.ok(counted !== undefined && counted.resetMs > 50_000 && counted.resetMs <= 60_000)
    await hundred(() => take('c'))
    t.equal((await kv.increment('within:{acme}', 1, 60_000)).count, 8, 'of a hundred at once three')
    await kv.incrementWithin(['within:{acme}:short', 'within:{acme}'], 3, 1, 100)
    t.ok(await gone(kv, 'within:{acme}:short'))
    t.ok(((await take('b'))[1]?.resetMs ?? 0) > 1_000, 'the other goes on')
  },
  async 'a value that is no number is not counted'(t, kv) {
    await kv.set('text', 'abc', 60_000)
    await t.rejects(kv.increment('text', 1, 60_000), { name: 'KeyValueUnavailable' })
    t.equal(await kv.get('text'), 'abc')
  },
  async 'deleting tells whether there was something'(t, kv) {
    await kv.set('delete', 'a', 60_000)
    t.equal(await kv.delete('delete'), true)
    t.equal(await kv.delete('delete'), false)
    t.equal(await kv.get('delete'), undefined)
  },
  async 'a life time is taken in whole milliseconds, at least one'(t, kv) {
    await kv.set('short', 'a', 0.2)
    t.ok(await gone(kv, 'short'))
    t.ok((await kv.increment('fraction', 1, 1_000.5)).resetMs <= 1_001)
    await t.rejects(kv.set('never', 'a', Number.NaN), { name: 'RangeError' })
    await t.rejects(kv.claim('never', 'a', Number.POSITIVE_INFINITY), { name: 'RangeError' })
  },
  async 'a map has what was set, and goes when its time has run out'(t, kv) {
    t.same(await kv.readMap('map'), new Map())
    await kv.changeMap('map', { set: { a: '1', ü: ' \n' } }, 60_000)
    await kv.changeMap('map', { set: { a: '2', '': 'empty' }, remove: ['none'] }, 60_000)
    t.same(
      await kv.readMap('map'),
      new Map([
        ['a', '2'],
        ['ü', ' \n'],
        ['', 'empty'],
      ]),
    )
    t.same(await kv.readMap('map', ['a', 'none']), new Map([['a', '2']]))
    t.same(await kv.readMap('map', []), new Map())
    await kv.changeMap('map', { remove: ['a'] }, 100)
    await eventually(DEADLINE, 'the map to go', async () => (await kv.readMap('map')).size === 0)
    await kv.changeMap('cleared', { set: { a: '1', b: '1' } }, 60_000)
    await kv.changeMap('cleared', { clear: true, set: { c: '1' } }, 60_000)
    t.same(await kv.readMap('cleared'), new Map([['c', '1']]))
    t.equal(await kv.delete('cleared'), true)
  },
  async 'a change of a map is made only where its conditions hold, and tells what was there'(t, kv) {
    const change = (of: MapChange, read: readonly string[] = []) => kv.changeMap('guarded', of, 60_000, read)
    t.same(await change({ set: { own: 'x' }, where: ['own', 'x'] }), { changed: false, before: new Map() })
    t.same(await change({ set: { own: 'x' }, unless: 'own' }, ['own']), { changed: true, before: new Map() })
    t.same(await change({ set: { own: 'y' }, unless: 'own' }, ['own']), {
      changed: false,
      before: new Map([['own', 'x']]),
    })
    t.same(await change({ set: { own: 'y' }, where: ['own', 'x'] }, ['own']), {
      changed: true,
      before: new Map([['own', 'x']]),
    })
    t.equal((await change({ remove: ['own'], where: ['own', 'x'] })).changed, false)
    t.same(await kv.readMap('guarded'), new Map([['own', 'y']]))
    t.equal((await change({ set: { a: '1' }, atMost: 2 })).changed, true)
    t.equal((await change({ set: { b: '1' }, atMost: 2 })).changed, false)
    t.equal((await change({ set: { b: '1' }, remove: ['a'], atMost: 2 })).changed, true, 'one goes, one comes')
    t.equal((await change({ set: { b: '2' }, atMost: 1 })).changed, true, 'nothing is added')
    t.same(
      await kv.readMap('guarded'),
      new Map([
        ['own', 'y'],
        ['b', '2'],
      ]),
    )
  },
  async 'of a hundred guarded changes at once one is made'(t, kv) {
    const won = await hundred((n) => kv.changeMap('race', { set: { own: String(n) }, unless: 'own' }, 60_000))
    t.equal(won.filter(({ changed }) => changed).length, 1)
    const winner = won.findIndex(({ changed }) => changed)
    t.same(await kv.readMap('race'), new Map([['own', String(winner)]]))
    const counted = await hundred((n) => kv.changeMap('room', { set: { [`f${n}`]: '' }, atMost: 10 }, 60_000))
    t.equal(counted.filter(({ changed }) => changed).length, 10)
    t.equal((await kv.readMap('room')).size, 10)
  },
  async 'a key holds one kind of value'(t, kv) {
    await kv.set('kind', 'text', 60_000)
    await t.rejects(kv.readMap('kind'), { name: 'KeyValueUnavailable' })
    await t.rejects(kv.changeMap('kind', { set: { a: '1' } }, 60_000), { name: 'KeyValueUnavailable' })
    await kv.changeMap('other', { set: { a: '1' } }, 60_000)
    await t.rejects(kv.get('other'), { name: 'KeyValueUnavailable' })
    await t.rejects(kv.changeMap('other', { set: { a: '1' } }, Number.NaN), { name: 'RangeError' })
  },
  async 'who listens to a channel hears what is published, in order, until it stops'(t, kv) {
    const heard: string[] = []
    const twice: string[] = []
    const other: string[] = []
    const listen = (channel: string, into: string[] = []) =>
      kv.subscribe(channel, { message: (text) => void into.push(text), lost: () => void into.push('lost') })
    await kv.publish('channel', 'to nobody')
    const first = await listen('channel', heard)
    const second = await listen('channel', twice)
    await listen('other', other)
    const sent = Array.from({ length: 50 }, (_, n) => `ü ${n}`)
    for (const text of sent) await kv.publish('channel', text)
    await eventually(DEADLINE, 'all of them', () => heard.length >= 50 && twice.length >= 50)
    t.same(heard, sent)
    t.same(twice, sent)
    t.same(other, [])
    await first.stop()
    await first.stop()
    await kv.publish('channel', 'last')
    await eventually(DEADLINE, 'the last', () => twice.includes('last'))
    t.equal(heard.length, 50)
    await second.stop()
    const again = await listen('channel', heard)
    await kv.publish('channel', 'again')
    await eventually(DEADLINE, 'the channel to be heard again', () => heard.at(-1) === 'again')
    await again.stop()
  },
  async 'it answers a ping'(t, kv) {
    await t.resolves(kv.ping())
  },
}
