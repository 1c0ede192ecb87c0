import { setTimeout as delay } from 'node:timers/promises'
import { type Test, test } from 'tap'
import type { KeyValue } from './port.ts'

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
  async 'it answers a ping'(t, kv) {
    await t.resolves(kv.ping())
  },
}
