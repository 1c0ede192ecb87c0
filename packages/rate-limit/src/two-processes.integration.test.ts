import { fileURLToPath } from 'node:url'
import { redis, spawnNode } from '@gatehouse/testkit'
import { test } from 'tap'
import type { Allowance } from './telling.ts'

const MAIN = fileURLToPath(new URL('./taking.main.ts', import.meta.url))
const PER_WINDOW = 600
const WINDOW_SECONDS = 4
const RESETS = 2
const POLICY = `"credential";q=${PER_WINDOW};w=${WINDOW_SECONDS}, "tenant";q=1000000;w=${WINDOW_SECONDS}`
const TOLD = /^"credential";r=(\d+);t=(\d+)(, "tenant";r=\d+;t=\d+)?$/

type Taken = Pick<Allowance, 'over' | 'headers'> & { readonly now: number }

/** By the window that the answers name; the rounded second of its end may differ by one. */
function byWindow(took: readonly Taken[]): Taken[][] {
  const windows: Taken[][] = []
  let end = 0
  for (const one of [...took].sort((a, b) => resetOf(a) - resetOf(b))) {
    if (resetOf(one) > end + 1) {
      windows.push([])
      end = resetOf(one)
    }
    windows.at(-1)?.push(one)
  }
  return windows
}
const resetOf = ({ headers }: Taken): number => Number(headers['x-ratelimit-reset'])

test('two processes over one Redis let through what one would between two resets, and each answer says how it stands [L19]', async (t) => {
  const { url } = await redis(t)
  const given = [url, PER_WINDOW, WINDOW_SECONDS * 1_000, RESETS].map(String)
  const processes = [spawnNode(t, MAIN, {}, given), spawnNode(t, MAIN, {}, given)]
  for (const one of processes) await one.ready('waiting')
  for (const one of processes) one.kill('SIGUSR2')
  const took: Taken[] = []
  for (const one of processes) {
    took.push(...JSON.parse((await one.ready(/^took .* done$/, 120_000)).slice('took '.length, -' done'.length)))
  }

  const windows = byWindow(took)
  t.equal(windows.length, RESETS + 1)
  for (const window of windows.slice(0, RESETS)) {
    const admitted = window.filter(({ over }) => !over)
    t.ok(admitted.length >= PER_WINDOW * 0.99 && admitted.length <= PER_WINDOW, `${admitted.length} were admitted`)
    t.ok(window.length > admitted.length, `${window.length - admitted.length} were not`)
    t.same(
      admitted.map(({ headers }) => Number(headers['x-ratelimit-remaining'])).sort((one, other) => other - one),
      Array.from({ length: admitted.length }, (_, at) => PER_WINDOW - 1 - at),
      'each that was admitted took one of what was left',
    )
  }
  for (const { over, headers, now } of took) {
    const ahead = Number(headers['x-ratelimit-reset']) - now / 1_000
    const [, left, seconds, tenant] = TOLD.exec(headers.ratelimit ?? '') ?? []
    const right =
      headers['x-ratelimit-limit'] === String(PER_WINDOW) &&
      headers['x-ratelimit-remaining'] === left &&
      headers['ratelimit-policy'] === POLICY &&
      ahead <= WINDOW_SECONDS + 1 &&
      (over
        ? headers['retry-after'] === seconds && left === '0' && tenant === undefined
        : headers['retry-after'] === undefined && tenant !== undefined)
    if (!right) t.fail(JSON.stringify({ over, headers }))
  }
})
