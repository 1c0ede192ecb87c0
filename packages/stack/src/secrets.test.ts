import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { openSecrets, publicHalf } from './secrets.ts'

const NOTHING = { adminToken: undefined, demoPassword: undefined, demoApiKey: undefined }

test('a second start has the secrets of the first; the file is for its owner alone', async (t) => {
  const folder = temporaryFolder(t)
  const first = await openSecrets(folder, 'align_', NOTHING)
  t.same(await openSecrets(folder, 'align_', NOTHING), first)
  t.equal(statSync(join(folder, 'secrets.json')).mode & 0o777, 0o600)
  t.match(first.demoApiKey, /^align_.{32}$/)
})

test('starts at once on an empty folder end with the same secrets', async (t) => {
  const folder = temporaryFolder(t)
  const all = await Promise.all(Array.from({ length: 8 }, () => openSecrets(folder, 'align_', NOTHING)))
  t.equal(new Set(all.map(({ master }) => master)).size, 1)
})

test('what the environment gives wins and is kept; the master secret stays', async (t) => {
  const folder = temporaryFolder(t)
  const { master } = await openSecrets(folder, 'align_', NOTHING)
  const given = await openSecrets(folder, 'align_', { ...NOTHING, demoPassword: 'given-by-hand' })
  t.match(given, { master, demoPassword: 'given-by-hand' })
  t.equal((await openSecrets(folder, 'align_', NOTHING)).demoPassword, 'given-by-hand')
})

test('a file that cannot be understood is not replaced: it may hold the only key to the data', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'secrets.json')
  writeFileSync(file, '{ half')
  chmodSync(file, 0o600)
  await t.rejects(openSecrets(folder, 'align_', NOTHING))
  t.equal(readFileSync(file, 'utf8'), '{ half')
})

test('the public half of a key has no private part', async (t) => {
  const { mcpClientJwk } = await openSecrets(temporaryFolder(t), 'align_', NOTHING)
  t.ok(mcpClientJwk.d)
  t.notOk('d' in publicHalf(mcpClientJwk))
})
