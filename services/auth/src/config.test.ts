import { readFile } from 'node:fs/promises'
import { ConfigError, loadConfig } from '@gatehouse/config'
import { test } from 'tap'
import { authConfig } from './config.ts'

const GOOD = {
  PUBLIC_URL: 'https://a.example/',
  GATEHOUSE_SECRET: 's'.repeat(16),
  GATEHOUSE_ADMIN_TOKEN: 't'.repeat(16),
}
const JWK = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }

test('the least configuration is enough; the issuer has no slash', async (t) => {
  const config = loadConfig(authConfig, GOOD)
  t.match(config, { PUBLIC_URL: 'https://a.example', PORT: 4001, HOST: '127.0.0.1', INTERNAL_CLIENTS: [] })
  t.notMatch(JSON.stringify(config), 'ssss')
})

test('every fault is told at once, and a private key is refused where a public one belongs', async (t) => {
  const clients = [{ id: 'gatehouse-mcp', jwk: { ...JWK, d: 'd' } }]
  const env = {
    MCP_REDIRECT_DOMAINS: 'good.example, https://bad.example',
    PUBLIC_URL: 'https://a.example/path',
    PORT: 'x',
    INTERNAL_CLIENTS: JSON.stringify(clients),
    DATABASE_URL: 'mysql://x',
  }
  t.throws(() => loadConfig(authConfig, env), ConfigError)
  try {
    loadConfig(authConfig, env)
  } catch (error) {
    const faults = (error as ConfigError).faults.join('\n')
    for (const name of [
      'MCP_REDIRECT_DOMAINS',
      'PUBLIC_URL',
      'PORT',
      'INTERNAL_CLIENTS',
      'DATABASE_URL',
      'GATEHOUSE_SECRET',
      'GATEHOUSE_ADMIN_TOKEN',
    ]) {
      t.match(faults, name)
    }
  }
  t.throws(() => loadConfig(authConfig, { ...GOOD, INTERNAL_CLIENTS: '{' }), ConfigError)
  const good = JSON.stringify([{ id: 'gatehouse-mcp', jwk: { ...JWK, kid: 'k', use: 'sig' } }])
  t.match(loadConfig(authConfig, { ...GOOD, INTERNAL_CLIENTS: good }).INTERNAL_CLIENTS, JSON.parse(good))
})

test('credentials go over TLS, or stay on this machine [A-TP-01]', async (t) => {
  const at = (PUBLIC_URL: string) => () => loadConfig(authConfig, { ...GOOD, PUBLIC_URL })
  for (const url of ['https://a.example', 'http://localhost:4000', 'http://acme.localhost:4000', 'http://127.0.0.1:1'])
    t.doesNotThrow(at(url), url)
  t.doesNotThrow(at('http://[::1]:4000'))
  for (const host of ['a.example', '10.0.0.1', '192.168.0.1:4000', 'localhost.evil.example', '127.0.0.1.evil.example'])
    t.throws(at(`http://${host}`), ConfigError, host)
})

test('providers are read whole, or it is told what is wrong with them, never their secrets', async (t) => {
  const corp = {
    id: 'corp',
    label: 'Corp',
    issuer: 'https://id.corp.example',
    clientId: 'us',
    clientSecret: 'hush-hush',
  }
  const read = (...list: unknown[]) => loadConfig(authConfig, { ...GOOD, UPSTREAM_PROVIDERS: JSON.stringify(list) })
  t.same(loadConfig(authConfig, GOOD).UPSTREAM_PROVIDERS, [])
  t.match(read({ ...corp, authoritativeDomains: ['Corp.EXAMPLE'] }).UPSTREAM_PROVIDERS, [
    {
      proof: { method: 'client_secret_basic', secret: 'hush-hush' },
      scopes: ['openid', 'email', 'profile'],
      authoritativeDomains: ['corp.example'],
    },
  ])
  const { clientSecret: _, ...open } = corp
  for (const [bad, word] of [
    [{ ...corp, issuer: 'http://id.corp.example' }, /issuer/],
    [{ ...corp, issuer: 'https://id.corp.example?x' }, /issuer/],
    [{ ...corp, id: 'Corp/..' }, /id/],
    [{ ...corp, scopes: ['email'] }, /openid/],
    [{ ...corp, clientID: 'x' }, /clientID/],
    [open, /clientSecret/],
    [{ ...corp, privateKey: { kty: 'EC', alg: 'ES256', d: 'd' } }, /clientSecret/],
  ] as const) {
    try {
      read(bad)
      t.fail(JSON.stringify(bad))
    } catch (error) {
      t.match((error as ConfigError).faults.join(), word)
      t.notMatch(String(error), 'hush-hush')
    }
  }
})

test('the README names exactly the variables that there are', async (t) => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const rows = readme.split('\n').filter((line) => /^\| `[A-Z]/.test(line))
  const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name))
  t.same(named.sort(), Object.keys(authConfig.shape).sort())
})
