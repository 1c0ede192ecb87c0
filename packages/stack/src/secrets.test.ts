import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { openSecrets } from './secrets.ts'

const NONE = { adminToken: undefined, demoPassword: undefined, demoApiKey: undefined }

const folderOf = (t: Test): string => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-secrets-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

test('a second start has the secrets of the first, and nobody else can read them', async (t) => {
  const folder = folderOf(t)
  writeFileSync(join(folder, 'secrets.json.new'), 'left behind', { mode: 0o644 })
  const first = await openSecrets(folder, 'align_', NONE)
  t.equal(statSync(join(folder, 'secrets.json')).mode & 0o777, 0o600)
  t.same(await openSecrets(folder, 'align_', NONE), first)
})

test('a file that is not ours is refused without a word of what it holds, and left as it is', async (t) => {
  for (const text of ['{}', '[]', 'null', '', '{"master":5}', 'hunter2', '{"master":"hunter2","adminToken":']) {
    const folder = folderOf(t)
    writeFileSync(join(folder, 'secrets.json'), text)
    const fault = await openSecrets(folder, 'align_', NONE).catch((error: unknown) => String(error))
    t.match(fault, 'secrets.json', text)
    t.notMatch(fault, 'hunter2')
    t.equal(statSync(join(folder, 'secrets.json')).size, text.length)
  }
})
