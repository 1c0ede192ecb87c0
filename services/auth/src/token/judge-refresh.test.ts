import fc from 'fast-check'
import { test } from 'tap'
import { judgeRefresh, MAX_TRIES, type Presented, type RefreshVerdict, retryWindowMs } from './judge-refresh.ts'

const LIFE_MS = 1_000_000

/** A family as the tables keep it, moved on by the judge's verdicts alone. */
class Family {
  readonly generations: { usedAt: number | undefined; tries: number; expiresAt: number }[]
  ended = false
  readonly #windowMs: number

  constructor(windowMs: number) {
    this.#windowMs = windowMs
    this.generations = [{ usedAt: undefined, tries: 0, expiresAt: LIFE_MS }]
  }

  get newest(): number {
    return this.generations.length - 1
  }

  /** @returns the verdict, and the generation that was handed out */
  present(generation: number, now: number): { readonly verdict: RefreshVerdict | 'ended'; readonly given?: number } {
    const presented = this.generations[generation]
    if (presented === undefined) throw new Error('no such generation')
    if (this.ended) return { verdict: 'ended' }
    const verdict = judgeRefresh(presented, now, this.#windowMs)
    if (verdict === 'reused') this.ended = true
    if (verdict === 'repeat') presented.tries += 1
    if (verdict === 'rotate') {
      presented.usedAt = now
      this.generations.push({ usedAt: undefined, tries: 0, expiresAt: now + LIFE_MS })
    }
    return verdict === 'rotate' || verdict === 'repeat' ? { verdict, given: this.newest } : { verdict }
  }
}

const window = fc.constantFrom(0, 1, 120, 600).map(retryWindowMs)
/** Milliseconds to wait, and how far back from the newest to present. */
const moves = fc.array(fc.record({ wait: fc.nat(700_000), back: fc.nat(5) }), { maxLength: 60 })

test('whatever is presented, a family has one newest token and ends for good when it ends [A-RF-02, A-RF-04]', async (t) => {
  fc.assert(
    fc.property(window, moves, (windowMs, steps) => {
      const family = new Family(windowMs)
      let now = 0
      for (const { wait, back } of steps) {
        now += wait
        const { ended, newest: before } = family
        const generation = Math.max(0, before - back)
        const usedAt = family.generations[generation]?.usedAt
        const { verdict, given } = family.present(generation, now)
        const unused = family.generations.filter((one) => one.usedAt === undefined)
        if (unused.length !== 1 || family.generations.at(-1) !== unused[0]) return false
        if (ended && verdict !== 'ended') return false
        if (family.newest !== before + (verdict === 'rotate' ? 1 : 0)) return false
        if (given !== undefined && given !== family.newest) return false
        const late = usedAt !== undefined && now - usedAt > windowMs
        if (!ended && late !== (verdict === 'reused')) return false
      }
      return true
    }),
  )
  t.pass()
})

test('a client whose processes each refresh with what they last read, at most a window old, is never thrown out [CF-19]', async (t) => {
  const processes = fc.array(fc.record({ wait: fc.nat(30_000), process: fc.nat(3) }), { maxLength: 60 })
  fc.assert(
    fc.property(processes, (steps) => {
      const windowMs = retryWindowMs(120)
      const family = new Family(windowMs)
      const held = [0, 0, 0, 0]
      let now = 0
      for (const { wait, process } of steps) {
        now += wait
        // Whoever slept longer than the window reads the newest from the shared file first.
        const mine = family.generations[held[process] ?? 0]
        const stale = mine?.usedAt !== undefined && now - mine.usedAt > windowMs
        const { verdict, given } = family.present(stale ? family.newest : (held[process] ?? 0), now)
        if (verdict !== 'rotate' && verdict !== 'repeat') return false
        held[process] = given ?? 0
      }
      return !family.ended
    }),
  )
  t.pass()
})

/** presented, received at, window in seconds → verdict */
const CELLS: readonly (readonly [string, Partial<Presented>, number, number, RefreshVerdict])[] = [
  ['the newest', {}, 10, 120, 'rotate'],
  ['the newest after its end', { expiresAt: 10 }, 10, 120, 'expired'],
  ['used, at the end of its window', { usedAt: 0 }, 120_000, 120, 'repeat'],
  ['used, after its window', { usedAt: 0 }, 120_001, 120, 'reused'],
  ['used, after its window and expired', { usedAt: 0, expiresAt: 1 }, 120_001, 120, 'reused'],
  ['used, in its window and expired', { usedAt: 0, expiresAt: 1 }, 120_000, 120, 'repeat'],
  ['strict, on its way when it was rotated', { usedAt: 500 }, 100, 0, 'repeat'],
  ['strict, a second later', { usedAt: 500 }, 1_500, 0, 'repeat'],
  ['strict, later', { usedAt: 500 }, 1_501, 0, 'reused'],
  ['the last try', { usedAt: 0, tries: MAX_TRIES - 1 }, 1, 120, 'repeat'],
  ['one try too many', { usedAt: 0, tries: MAX_TRIES }, 1, 120, 'too-often'],
  ['too many tries, but late', { usedAt: 0, tries: MAX_TRIES }, 120_001, 120, 'reused'],
]

test('every cell of the table', async (t) => {
  for (const [name, presented, at, seconds, verdict] of CELLS) {
    const whole = { expiresAt: LIFE_MS, usedAt: undefined, tries: 0, ...presented }
    t.equal(judgeRefresh(whole, at, retryWindowMs(seconds)), verdict, name)
  }
})
