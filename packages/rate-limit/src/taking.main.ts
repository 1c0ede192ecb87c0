import { once } from 'node:events'
import { systemClock as clock } from '@gatehouse/contracts'
import { openKeyValue } from '@gatehouse/kv'
import { createRateLimit } from './rate-limit.ts'

// Beside a test: takes from one window as fast as it can, and prints what it was given.
const [redisUrl = '', takes = '1', perMinute = '600'] = process.argv.slice(2)
const kv = await openKeyValue(redisUrl)
const away = (error: unknown): void => {
  throw error
}
const limit = createRateLimit({ kv, clock, perMinute: Number(perMinute), away })
await kv.ping()
process.stdout.write('waiting\n')
await once(process, 'SIGUSR2')
const took = await Promise.all(
  Array.from({ length: Number(takes) }, async () => {
    const allowance = await limit.take({ tenant: 'acme', credentialId: 'shared' }, 1)
    return { ...allowance, now: clock.now() }
  }),
)
process.stdout.write(`took ${JSON.stringify(took)} done\n`)
await kv.close()
