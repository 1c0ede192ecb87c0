import { test } from 'tap'
import { z } from 'zod'
import { ConfigError, loadConfig } from './load.ts'
import { refuseEmbeddedInProduction, serviceFields } from './service-fields.ts'

const schema = z.object(serviceFields({ port: 4009, database: 'test' }))
const parts = ['DATABASE_URL', 'REDIS_URL', 'NATS_URL'] as const

test('production names each embedded part that it refuses, unless they are allowed', async (t) => {
  const faults = (env: Record<string, string>) => {
    try {
      refuseEmbeddedInProduction({ ...loadConfig(schema, env), REDIS_URL: env.REDIS_URL }, parts)
      return []
    } catch (error) {
      return error instanceof ConfigError ? error.faults.map((fault) => fault.split(':', 1)[0]) : [String(error)]
    }
  }
  t.same(faults({ NODE_ENV: 'production' }), parts)
  t.same(faults({ NODE_ENV: 'production', GATEHOUSE_ALLOW_EMBEDDED: '1' }), [])
  t.same(faults({}), [])
  const real = { DATABASE_URL: 'postgres://db/x', REDIS_URL: 'redis://kv', NATS_URL: 'nats://bus' }
  t.same(faults({ NODE_ENV: 'production', ...real }), [])
})

test('several NATS servers may be named, and nothing else', async (t) => {
  const NATS_URL = 'nats://a:4222,tls://b:4222'
  t.equal(loadConfig(schema, { NATS_URL }).NATS_URL, NATS_URL)
  for (const bad of ['nats://a:4222,http://b', 'a:4222', 'nats://']) {
    t.throws(() => loadConfig(schema, { NATS_URL: bad }), ConfigError, bad)
  }
})

test('lists are split at commas and empty without a value', async (t) => {
  t.same(loadConfig(schema, { TRUSTED_PROXIES: '10.0.0.1, ::1,' }).TRUSTED_PROXIES, ['10.0.0.1', '::1'])
  t.same(loadConfig(schema, {}).TRUSTED_PROXIES, [])
})
