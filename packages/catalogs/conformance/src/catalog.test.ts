import { readdirSync, readFileSync } from 'node:fs'
import { type Call, isReply } from '@gatehouse/catalog'
import { bareCall } from '@gatehouse/catalog/testing'
import type { Principal } from '@gatehouse/policy'
import { test } from 'tap'
import { conformance } from './catalog.ts'
import type { Fixtures } from './domain.ts'

const principal: Principal = {
  tenant: 'acme',
  kind: 'person',
  credential: 'oauth',
  subject: 'p1',
  scopes: new Set(['conformance:use']),
  roles: [],
  credentialId: 't1',
  issuedAt: 0,
  expiresAt: 1,
}
const call: Call & Fixtures = Object.assign(bareCall(principal), {
  transact: () => Promise.reject(new Error('nothing is stored here')),
})

test('the first tool answers to no arguments with text: the suite tries headers on it', async (t) => {
  const [first] = conformance.tools
  t.equal(first?.name, 'test_simple_text')
  t.same(first?.input.parse({}), {})
  const said = await first?.run({}, call)
  t.ok(isReply(said))
  t.match(said, { content: [{ type: 'text', text: 'This is a simple text response for testing.' }] })
})

test('everything that is listed has what the suite looks for', async (t) => {
  for (const { name, description } of conformance.tools) {
    t.match(name, /^[A-Za-z0-9_.-]{1,64}$/)
    t.ok(description)
  }
  for (const { name, description, mimeType } of conformance.resources) t.ok(name && description && mimeType, name)
  for (const { name, description } of conformance.prompts ?? []) t.ok(name && description, name)
  const names = conformance.tools.map(({ name }) => name)
  t.equal(new Set(names).size, names.length)
})

test('the tables guard their rows as those of any catalog do', async (t) => {
  const folder = new URL('../migrations/', import.meta.url)
  for (const file of readdirSync(folder)) {
    const text = readFileSync(new URL(file, folder), 'utf8')
    for (const [, table] of text.matchAll(/create table (\S+) \(/g)) {
      t.match(text, `alter table ${table} enable row level security`)
      t.match(text, `alter table ${table} force row level security`)
    }
  }
})
