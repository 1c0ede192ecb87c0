import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock as clock } from '@gatehouse/contracts'
import { openKeyValue } from '@gatehouse/kv'
import { createRateLimit } from './rate-limit.ts'

// Beside a test: takes from one window from all sides until that has ended `resets` times, and prints how each answer stood.
const [redisUrl = '', perMinute = '600', windowMs = '60000', resets = '2'] = process.argv.slice(2)
const AT_ONCE = 10
/** A client that was refused comes again soon, and not at once. */
const AGAIN_MS = 20

const kv = await openKeyValue(redisUrl)
const limit = createRateLimit({
  kv,
  clock,
  perMinute: Number(perMinute),
  perTenant: 1_000_000,
  windowMs: Number(windowMs),
  away: (error) => {
    throw error
  },
})
await kv.ping()
// Heard from here on: before, the signal would end the process.
const begin = once(process, 'SIGUSR2')
process.stdout.write('waiting\n')
await begin

const took: unknown[] = []
let ended = -1
let end = 0
async function take(): Promise<void> {
  while (ended < Number(resets)) {
    const { over, headers } = await limit.take({ tenant: 'acme', credentialId: 'shared' }, 1)
    const reset = Number(headers['x-ratelimit-reset'])
    // Seconds are rounded: the same end may be told as two.
    if (reset > end + 1) {
      ended += 1
      end = reset
    }
    took.push({ over, headers, now: clock.now() })
    if (over) await pause(AGAIN_MS)
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, take))
process.stdout.write(`took ${JSON.stringify(took)} done\n`)
// Its connection keeps it until the test has read all of that, and ends it.
