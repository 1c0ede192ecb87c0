import { readFileSync } from 'node:fs'
import { ConfigError, loadConfig } from '@gatehouse/config'
import { test } from 'tap'
import { auditConfig } from './config.ts'

const token = { GATEHOUSE_ADMIN_TOKEN: 't', GATEHOUSE_SECRET: 's', PUBLIC_URL: 'https://gatehouse.example' }

test('the address, the secret and the admin token are all that must be said', (t) => {
  t.throws(
    () => loadConfig(auditConfig, {}),
    /- PUBLIC_URL: [^\n]*\n\s*- GATEHOUSE_SECRET: [^\n]*\n\s*- GATEHOUSE_ADMIN_TOKEN: [^\n]*$/,
  )
  t.match(loadConfig(auditConfig, token), {
    PORT: 4003,
    HOST: '127.0.0.1',
    GATEHOUSE_MIGRATE: true,
    TRUSTED_PROXIES: [],
  })
  t.end()
})

test('several NATS servers may be named, and nothing else', (t) => {
  const NATS_URL = 'nats://a:4222,tls://b:4222'
  t.equal(loadConfig(auditConfig, { ...token, NATS_URL }).NATS_URL, NATS_URL)
  t.throws(() => loadConfig(auditConfig, { ...token, NATS_URL: 'nats://a:4222,http://b' }), ConfigError)
  t.end()
})

test('the README names exactly the variables that there are', (t) => {
  const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const rows = text.split('\n').filter((line) => /^\| `[A-Z]/.test(line))
  const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name))
  t.same(named.sort(), Object.keys(auditConfig.shape).sort())
  t.end()
})
