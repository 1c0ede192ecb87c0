import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { test } from 'tap'
import { z } from 'zod'
import { ConfigError, duration, flag, loadConfig, port, secret, url } from './load.ts'
import { Secret } from './secret.ts'

const schema = z.object({
  DATABASE_URL: url('postgres', 'postgresql').optional(),
  PORT: port().default(4000),
  GRACE_SECONDS: duration().default(60),
  OPEN: flag().default(false),
  ADMIN_TOKEN: secret(),
})

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    loadConfig(schema, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

test('what is given is read, what is not has its default', async (t) => {
  const config = loadConfig(schema, { ADMIN_TOKEN: 'hush', PORT: '80', OPEN: 'Yes', OTHER: 'ignored' })
  t.match(config, { PORT: 80, GRACE_SECONDS: 60, OPEN: true, DATABASE_URL: undefined })
  t.equal(config.ADMIN_TOKEN.reveal(), 'hush')
  t.notOk('OTHER' in config)
})

test('an empty variable is one that is not set', async (t) => {
  t.equal(loadConfig(schema, { ADMIN_TOKEN: 'hush', PORT: '' }).PORT, 4000)
  t.match(faultsOf({ ADMIN_TOKEN: '' }), [/^ADMIN_TOKEN: /])
})

test('every fault is told at once, one line each', async (t) => {
  const env = { DATABASE_URL: 'mysql://host/db', PORT: '70000', GRACE_SECONDS: 'soon', OPEN: 'maybe' }
  const faults = faultsOf(env)
  t.same(
    faults.map((fault) => fault.split(':', 1)[0]),
    ['DATABASE_URL', 'PORT', 'GRACE_SECONDS', 'OPEN', 'ADMIN_TOKEN'],
  )
  t.match(faults[0], 'must be a URL with scheme postgres or postgresql')
  t.equal(faults[1], 'PORT: must be a whole number from 0 to 65535')
  t.equal(faultsOf({ ...env, PORT: 'abc' })[1], faults[1])
  t.equal(faults[2], 'GRACE_SECONDS: must be a number of seconds, 0 or more')
  t.throws(() => loadConfig(schema, env), { message: `configuration is not usable:\n  - ${faults.join('\n  - ')}` })
})

test('a fault names the variable and not its value', async (t) => {
  const faults = faultsOf({ ADMIN_TOKEN: 'hush', DATABASE_URL: 'mysql://user:passw0rd@host/db', PORT: 'passw0rd' })
  t.equal(faults.length, 2)
  t.notMatch(faults.join('\n'), /passw0rd|hush/)
})

test('NAME_FILE gives the value from a file, without the line end', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'token')
  writeFileSync(file, 'from a file\n')
  t.equal(loadConfig(schema, { ADMIN_TOKEN_FILE: file }).ADMIN_TOKEN.reveal(), 'from a file')
  t.same(faultsOf({ ADMIN_TOKEN_FILE: file, ADMIN_TOKEN: 'hush' }), [
    'ADMIN_TOKEN and ADMIN_TOKEN_FILE are both set; set one',
  ])
})

test('a file that cannot be read is one fault, told with the others', async (t) => {
  t.match(faultsOf({ ADMIN_TOKEN_FILE: '/nowhere/at/all', PORT: '-1' }), [
    'ADMIN_TOKEN_FILE: cannot be read (ENOENT)',
    /^PORT: /,
  ])
  t.equal(faultsOf({ ADMIN_TOKEN_FILE: '/nowhere/at/all', PORT: '-1' }).length, 2)
})

test('a secret prints as *** wherever it is put', async (t) => {
  const hidden = new Secret('hush')
  const holder = { token: hidden, list: [hidden] }
  for (const shown of [
    String(hidden),
    `${hidden}`,
    JSON.stringify(holder),
    inspect(holder, { depth: 5, showHidden: true }),
    inspect(hidden),
    Object.entries(hidden).join(),
    JSON.stringify(structuredClone({ ...hidden })),
  ]) {
    t.notMatch(shown, 'hush')
  }
  t.equal(`${hidden}`, '***')
  t.equal(JSON.stringify(hidden), '"***"')
  t.equal(inspect(hidden), '***')
  t.equal(hidden.reveal(), 'hush')
})

for (const [value, meaning] of [
  ['1', true],
  ['true', true],
  ['ON', true],
  ['yes', true],
  ['0', false],
  ['False', false],
  ['off', false],
  ['no', false],
] as const) {
  test(`a flag that says ${value} is ${meaning}`, async (t) => {
    t.equal(loadConfig(schema, { ADMIN_TOKEN: 'hush', OPEN: value }).OPEN, meaning)
  })
}

for (const [name, values] of Object.entries({
  PORT: ['-1', '65536', '1.5', 'http', '0x'],
  GRACE_SECONDS: ['-1', 'NaN', 'Infinity', '5s'],
  OPEN: ['2', 'y', 'truth'],
  DATABASE_URL: ['localhost', '//host', 'http://host', 'postgres'],
})) {
  test(`${name} refuses ${values.join(', ')}`, async (t) => {
    for (const value of values)
      t.match(faultsOf({ ADMIN_TOKEN: 'hush', [name]: value }), [new RegExp(`^${name}: `)], value)
  })
}

test('port 0 and a duration of 0 are values', async (t) => {
  t.match(loadConfig(schema, { ADMIN_TOKEN: 'hush', PORT: '0', GRACE_SECONDS: '0' }), { PORT: 0, GRACE_SECONDS: 0 })
})
