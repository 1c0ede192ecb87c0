import { test } from 'tap'
import { canonicalResource } from './resource.ts'

const same: readonly (readonly [string, string])[] = [
  ['https://h', 'https://h/'],
  ['https://H.Example/mcp', 'https://h.example/mcp'],
  ['HTTPS://h:443/mcp', 'https://h/mcp'],
  ['http://h:80', 'http://h'],
]
const different: readonly (readonly [string, string])[] = [
  ['https://h/mcp', 'https://h/mcp/'],
  ['https://h/mcp', 'https://h/MCP'],
  ['https://h:8443/mcp', 'https://h/mcp'],
  ['https://h/mcp', 'http://h/mcp'],
  ['https://h/a/../mcp', 'https://h/mcp'],
  ['https://h/mcp', 'https://h/mcp?x'],
  ['https://h:80', 'https://h'],
]

test('identifiers that differ only in what means nothing are one [S-AU-17]', (t) => {
  for (const [one, other] of same) t.equal(canonicalResource(one), canonicalResource(other), `${one} ${other}`)
  t.end()
})

test('identifiers that differ in anything else are two [S-AU-17]', (t) => {
  for (const [one, other] of different) t.not(canonicalResource(one), canonicalResource(other), `${one} ${other}`)
  t.end()
})
