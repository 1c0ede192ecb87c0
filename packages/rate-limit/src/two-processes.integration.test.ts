import { fileURLToPath } from 'node:url'
import { redis, spawnNode } from '@gatehouse/testkit'
import { test } from 'tap'
import type { Allowance } from './rate-limit.ts'

const MAIN = fileURLToPath(new URL('./taking.main.ts', import.meta.url))
const PER_MINUTE = 600
const TAKES = 500

test('two processes over one Redis let through what one would, and each answer says how it stands [L19]', async (t) => {
  const { url } = await redis(t)
  const given = [url, String(TAKES), String(PER_MINUTE)]
  const processes = [spawnNode(t, MAIN, {}, given), spawnNode(t, MAIN, {}, given)]
  for (const one of processes) await one.ready('waiting')
  for (const one of processes) one.kill('SIGUSR2')
  const took: (Allowance & { readonly now: number })[] = []
  for (const one of processes)
    took.push(...JSON.parse((await one.ready(/^took .* done$/)).slice('took '.length, -' done'.length)))

  t.equal(took.length, 2 * TAKES)
  const admitted = took.filter(({ over }) => !over)
  t.ok(admitted.length >= PER_MINUTE * 0.99 && admitted.length <= PER_MINUTE, `${admitted.length} were admitted`)
  const remaining = admitted.map(({ headers }) => Number(headers['x-ratelimit-remaining']))
  t.same(
    remaining.sort((one, other) => other - one),
    Array.from({ length: admitted.length }, (_, at) => PER_MINUTE - 1 - at),
    'each that was admitted took one of what was left',
  )
  const resets = new Set<number>()
  for (const { over, headers, retryAfter, now } of took) {
    const reset = Number(headers['x-ratelimit-reset'])
    resets.add(reset)
    const ahead = reset - now / 1_000
    const right =
      headers['x-ratelimit-limit'] === String(PER_MINUTE) &&
      ahead > 0 &&
      ahead <= 61 &&
      (over
        ? headers['retry-after'] === String(retryAfter) && headers['x-ratelimit-remaining'] === '0'
        : headers['retry-after'] === undefined)
    if (!right) t.fail(JSON.stringify({ over, headers }))
  }
  t.ok(Math.max(...resets) - Math.min(...resets) <= 1, 'all name the same end of the window')
})
