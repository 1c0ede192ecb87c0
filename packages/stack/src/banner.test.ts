import { test } from 'tap'
import { type BannerFacts, banner } from './banner.ts'

const FACTS: BannerFacts = {
  ...{ version: '1.2.3', profile: 'audigyd', parts: 'embedded parts', publicUrl: 'http://localhost:4000' },
  ...{ mcpUrl: 'http://localhost:4000/mcp', keysAlone: false, hosts: [], folder: '.gatehouse', adminToken: 'admin' },
  demo: { password: 'secret', apiKey: 'aug_live_1', tenants: [] },
  readyMs: 1_234,
}

test('where people sign in, a client is given the address alone', async (t) => {
  const text = banner(FACTS, false)
  t.match(text, 'claude mcp add --transport http audigyd http://localhost:4000/mcp\n')
  t.match(text, 'it finds the rest by itself')
  t.match(text, 'Demo API key   aug_live_1')
})

test('where no key is taken, none is shown', async (t) => {
  const text = banner({ ...FACTS, demo: { password: 'secret', tenants: [] } }, false)
  t.notMatch(text, /API key|Bearer/)
  t.notMatch(text, '--cli', 'which signs nobody in')
  t.match(text, 'Quick OAuth Flow')
})

test('where keys are the only credential, each line gives the client one, and none says that it finds the rest [U11]', async (t) => {
  const keys = { ...FACTS, keysAlone: true, sseUrl: 'http://localhost:4000/mcp-server/sse' }
  const text = banner(keys, false)
  const lines = text.slice(text.indexOf('Connect')).split('\n')
  for (const line of lines.filter((line) => /claude mcp|npx/.test(line))) t.match(line, 'Bearer aug_live_1', line)
  t.match(text, 'HTTP+SSE       http://localhost:4000/mcp-server/sse')
  t.match(text, 'npx mcp-remote http://localhost:4000/mcp-server/sse --transport sse-only')
  t.notMatch(text, 'finds the rest')
  t.match(banner({ ...keys, demo: undefined }, false), 'Bearer <API key>')
})

test('the line for the command line can be pasted as it is', (t) => {
  const line = 'GATEHOUSE_URL=http://localhost:4000 GATEHOUSE_ADMIN_TOKEN=admin npm run -s gatehouse -- tenants list'
  t.match(banner(FACTS, false), line)
  t.end()
})
