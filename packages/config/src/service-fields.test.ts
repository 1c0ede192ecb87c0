import { test } from 'tap'
import { z } from 'zod'
import { ConfigError, loadConfig } from './load.ts'
import { serviceFields } from './service-fields.ts'

const schema = z.object(serviceFields({ port: 4009, database: 'test' }))

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
