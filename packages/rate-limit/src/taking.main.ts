import { once } from 'node:events'
import { systemClock as clock } from '@gatehouse/contracts'
import { openKeyValue } from '@gatehouse/kv'
import { createRateLimit } from './rate-limit.ts'

// Beside a test: takes from one window as fast as it can, and prints what it was given.
const { REDIS_URL, TAKES = '1', PER_MINUTE = '600' } = process.env
const kv = await openKeyValue(REDIS_URL)
const away = (error: unknown): void => {
  throw error
}
const limit = createRateLimit({ kv, clock, perMinute: Number(PER_MINUTE), away })
await kv.ping()
process.stdout.write('waiting\n')
await once(process, 'SIGUSR2')
const took = await Promise.all(
  Array.from({ length: Number(TAKES) }, async () => {
    const allowance = await limit.take({ tenant: 'acme', credentialId: 'shared' }, 1)
    return { ...allowance, now: clock.now() }
  }),
)
process.stdout.write(`took ${JSON.stringify(took)} done\n`)
await kv.close()
