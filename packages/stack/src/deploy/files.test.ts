import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadProfile } from '@gatehouse/profiles'
import { test } from 'tap'
import { generatedFiles, hostsOf } from './files.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

test('routing, permissions of the bus and alert rules are those that the code makes; `UPDATE=1` writes them', async (t) => {
  for (const [path, text] of Object.entries(generatedFiles(read))) {
    if (process.env.UPDATE === '1') {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    t.equal(read(path), text, path)
  }
})

test('the profile of the overlays is usable, and the one that comes with Gatehouse', async (t) => {
  for (const overlay of ['local', 'production']) {
    const file = `k8s/overlays/${overlay}/profile/profile.yaml`
    if (process.env.UPDATE === '1') writeFileSync(join(root, file), read('packages/profiles/profiles/align.yaml'))
    t.same(loadProfile(join(root, file)), loadProfile('align'))
  }
})

test('where each organisation has a host, all of them are routed', async (t) => {
  const at = (by: 'account' | 'host', host: string) =>
    hostsOf({ tenancy: { by, host, account: 'follow', issuer: 'origin' } }, 'a.example')
  t.same(at('account', '{tenant}.{host}'), ['a.example'])
  t.same(at('host', '{tenant}.{host}'), ['a.example', '*.a.example'])
  t.same(at('host', '{tenant}-app.other.example'), ['a.example', '*.other.example'])
})
