import { test } from 'tap'
import { Alarm, Alarms } from './alarms.ts'

class Bell extends Alarm {
  readonly heard: Promise<void>
  readonly #log: string[]
  readonly #name: string
  #told: () => void = () => undefined

  constructor(name: string, log: string[]) {
    super()
    this.#name = name
    this.#log = log
    this.heard = new Promise((resolve) => {
      this.#told = resolve
    })
  }

  ring(): void {
    this.#log.push(this.#name)
    this.#told()
  }
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test('alarms ring in their order, each when its time has come and not before', async (t) => {
  const line = new Alarms(40)
  const log: string[] = []
  const [first, second] = [new Bell('first', log), new Bell('second', log)]
  const began = performance.now()
  line.add(first)
  await later(20)
  const next = performance.now()
  line.add(second)
  await first.heard
  t.same(log, ['first'])
  t.ok(performance.now() - began >= 39)
  await second.heard
  t.same(log, ['first', 'second'])
  t.ok(performance.now() - next >= 39, 'the timer of the first does not ring for the second')
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
