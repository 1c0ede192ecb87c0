import { test } from 'tap'
import { z } from 'zod'
import { ConfigError, loadConfig, secret, url } from './load.ts'
import { unsafeInProduction } from './production.ts'
import { serviceFields } from './service-fields.ts'

const schema = z.object({
  ...serviceFields({ port: 4009, database: 'test' }),
  REDIS_URL: url('redis').optional(),
  PUBLIC_URL: url('http', 'https'),
  GATEHOUSE_SECRET: secret(),
})
const SAFE = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://auth:x@db/x',
  REDIS_URL: 'redis://kv',
  NATS_URL: 'nats://auth:x@a:4222,nats://auth:x@b:4222',
  PUBLIC_URL: 'https://gatehouse.example.com',
  GATEHOUSE_SECRET: 'u3aBr0x9QmZk2TnVw7Lc5HsYd8Ej4Gf6',
}

/** The variables that are at fault. */
function faultsOf(change: Record<string, string | undefined>): readonly (string | undefined)[] {
  try {
    loadConfig(schema, { ...SAFE, ...change }, unsafeInProduction(['DATABASE_URL', 'REDIS_URL', 'NATS_URL']))
    return []
  } catch (error) {
    return error instanceof ConfigError ? error.faults.map((fault) => fault.split(':', 1)[0]) : [String(error)]
  }
}

test('production takes what is safe', async (t) => {
  t.same(faultsOf({}), [])
  t.same(faultsOf({ PUBLIC_URL: 'http://localhost:4000' }), [], 'this machine alone')
  t.same(faultsOf({ PUBLIC_URL: 'http://acme.localhost:4000' }), [])
})

const REFUSED: readonly (readonly [
  what: string,
  change: Record<string, string | undefined>,
  faults: readonly string[],
])[] = [
  [
    'embedded parts',
    { DATABASE_URL: undefined, REDIS_URL: undefined, NATS_URL: undefined },
    ['DATABASE_URL', 'REDIS_URL', 'NATS_URL'],
  ],
  ['an embedded database by name', { DATABASE_URL: 'pglite:./x' }, ['DATABASE_URL']],
  ['tokens in the clear', { PUBLIC_URL: 'http://gatehouse.example.com' }, ['PUBLIC_URL']],
  ['a host that only looks like this machine', { PUBLIC_URL: 'http://localhost.example.com' }, ['PUBLIC_URL']],
  ['a short secret', { GATEHOUSE_SECRET: 'short-but-16-long' }, ['GATEHOUSE_SECRET']],
  ['a secret that was typed', { GATEHOUSE_SECRET: 'a'.repeat(64) }, ['GATEHOUSE_SECRET']],
  ['a bus without users', { NATS_URL: 'nats://auth:x@a:4222,nats://b:4222' }, ['NATS_URL']],
]

for (const [what, change, faults] of REFUSED) {
  test(`production refuses ${what}, elsewhere it is taken`, async (t) => {
    t.same(faultsOf(change), faults)
    t.same(faultsOf({ ...change, NODE_ENV: undefined }), [])
  })
}

test('what is allowed by name is taken', async (t) => {
  const embedded = { DATABASE_URL: undefined, REDIS_URL: undefined, NATS_URL: undefined }
  t.same(faultsOf({ ...embedded, GATEHOUSE_ALLOW_EMBEDDED: '1' }), [])
  t.same(faultsOf({ NATS_URL: 'nats://a:4222', GATEHOUSE_ALLOW_OPEN_BUS: 'yes' }), [])
})

test('what cannot be read and what is unsafe are told at once', async (t) => {
  t.same(faultsOf({ PORT: 'x', GATEHOUSE_SECRET: 'abc', NATS_URL: 'nats://a:4222' }), [
    'PORT',
    'GATEHOUSE_SECRET',
    'NATS_URL',
  ])
})
