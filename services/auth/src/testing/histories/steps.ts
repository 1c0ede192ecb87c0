import fc from 'fast-check'

/** Where the process that answers a refresh dies: nowhere, before its commit, or between the commit and the answer. */
export type Crash = 'none' | 'before-commit' | 'after-commit'

/** One request of a client. `age` picks among the tokens that were ever given out: 0 is the newest, 1 the one before it … */
export type Step =
  | { readonly kind: 'refresh'; readonly age: number; readonly crash: Crash; readonly node: number }
  | { readonly kind: 'revoke'; readonly age: number; readonly node: number }

/** Requests that are under way at the same moment, after `waitMs` in which nothing happened; before them the key of the ring may change. */
export interface Round {
  readonly waitMs: number
  readonly rotateKey: boolean
  readonly steps: readonly Step[]
}

/** The life of one family of refresh tokens. */
export type History = readonly Round[]

const node = fc.nat({ max: 1 })
const crash = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Crash>('none') },
  { weight: 1, arbitrary: fc.constant<Crash>('before-commit') },
  { weight: 1, arbitrary: fc.constant<Crash>('after-commit') },
)
const refresh = (maxAge: number): fc.Arbitrary<Step> =>
  fc.record({ kind: fc.constant('refresh' as const), age: fc.nat({ max: maxAge }), crash, node })
const revoke: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('revoke' as const), age: fc.nat({ max: 2 }), node })

/** Mostly well inside the window, sometimes at its edge, rarely beyond it: a family that dies early shows little. */
const waits = (windowMs: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.nat({ max: Math.floor(windowMs / 4) }) },
    { weight: 2, arbitrary: fc.constantFrom(windowMs - 1, windowMs) },
    { weight: 1, arbitrary: fc.constant(windowMs + 1) },
  )

/** Histories for a family whose tokens may be repeated for `windowMs`. */
export const histories = (windowMs: number): fc.Arbitrary<History> =>
  fc.array(
    fc.record({
      waitMs: waits(windowMs),
      rotateKey: fc.integer({ min: 0, max: 9 }).map((drawn) => drawn === 0),
      steps: fc.array(
        fc.oneof(
          { weight: 6, arbitrary: refresh(0) },
          { weight: 4, arbitrary: refresh(3) },
          { weight: 1, arbitrary: revoke },
        ),
        { minLength: 1, maxLength: 4 },
      ),
    }),
    { minLength: 1, maxLength: 6 },
  )
