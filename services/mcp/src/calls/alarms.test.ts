import { test } from 'tap'
import { Alarm, Alarms } from './alarms.ts'

class Bell extends Alarm {
  readonly heard: Promise<void>
  readonly #log: string[]
  readonly #name: string
  readonly #also: () => void
  #told: () => void = () => undefined

  constructor(name: string, log: string[], also = (): void => undefined) {
    super()
    this.#also = also
    this.#name = name
    this.#log = log
    this.heard = new Promise((resolve) => {
      this.#told = resolve
    })
  }

  ring(): void {
    this.#log.push(this.#name)
    this.#also()
    this.#told()
  }
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test('alarms ring in their order, each when its time has come and not before', async (t) => {
  const line = new Alarms(200)
  const log: string[] = []
  const [first, second] = [new Bell('first', log), new Bell('second', log)]
  const began = performance.now()
  line.add(first)
  await later(150)
  const next = performance.now()
  line.add(second)
  await first.heard
  t.same(log, ['first'])
  t.ok(performance.now() - began >= 199)
  await second.heard
  t.same(log, ['first', 'second'])
  t.ok(performance.now() - next >= 199, 'the timer of the first does not ring for the second')
})

test('one that is added while another rings does not keep those that wait already', async (t) => {
  const line = new Alarms(2_000)
  const log: string[] = []
  const [waits, added] = [new Bell('waits', log), new Bell('added', log)]
  const rings = new Bell('rings', log, () => line.add(added))
  line.add(rings)
  await later(300)
  line.add(waits)
  const began = performance.now()
  await waits.heard
  t.ok(performance.now() - began < 3_500, 'it rings at its own time')
  line.remove(added)
  t.same(log, ['rings', 'waits'])
})

test('one that was taken away does not ring, wherever it stood; taking it away again does nothing', async (t) => {
  for (const gone of [['a'], ['b'], ['c'], ['a', 'b'], ['b', 'c'], ['a', 'c'], ['a', 'b', 'c']]) {
    const line = new Alarms(10)
    const log: string[] = []
    const bells = new Map(['a', 'b', 'c'].map((name) => [name, new Bell(name, log)]))
    for (const bell of bells.values()) line.add(bell)
    for (const name of [...gone, ...gone]) line.remove(bells.get(name) as Bell)
    const last = new Bell('last', log)
    line.add(last)
    await last.heard
    t.same(log, [...['a', 'b', 'c'].filter((name) => !gone.includes(name)), 'last'], `without ${gone}`)
  }
})

test('one timer serves all, and none keeps the process when nobody waits', (t) => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const line = new Alarms(60_000)
  const bells = Array.from({ length: 100 }, () => new Bell('late', []))
  for (const bell of bells) line.add(bell)
  t.equal(timers(), before + 1)
  for (const bell of bells) line.remove(bell)
  t.equal(timers(), before)
  const again = new Bell('again', [])
  line.add(again)
  t.equal(timers(), before + 1, 'and it is kept again when somebody does')
  line.remove(again)
  t.end()
})
