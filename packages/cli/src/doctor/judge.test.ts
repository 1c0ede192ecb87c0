import { test } from 'tap'
import { judge, type Observed } from './judge.ts'

const PART = { embedded: false, reachable: true }
const auth = {
  production: true,
  mail: 'smtp',
  parts: ['database', 'redis', 'nats'].map((name) => ({ name, ...PART })),
} as const
const WELL: Observed = {
  url: 'https://align.example',
  issuer: 'https://align.example',
  issuerAnswers: true,
  mcpIssuers: ['https://align.example'],
  auditAnswers: true,
  auth,
  clocks: [
    { of: 'auth', aheadMs: 400 },
    { of: 'the database', aheadMs: -300 },
    { of: 'mcp', aheadMs: 0 },
  ],
}
const without = (name: string, change: object) => ({
  ...auth,
  parts: auth.parts.map((part) => (part.name === name ? { ...part, ...change } : part)),
})
const clocks = (...aheadMs: number[]) => WELL.clocks.map((clock, at) => ({ ...clock, aheadMs: aheadMs[at] ?? 0 }))

const TABLE: readonly (readonly [of: string, seen: Partial<Observed>, says: readonly RegExp[]])[] = [
  ['a sound one', {}, []],
  ['no metadata', { issuer: undefined, issuerAnswers: false }, [/^no authorization server metadata at/]],
  [
    'another issuer',
    { issuer: 'https://other.example', mcpIssuers: ['https://other.example'] },
    [/^wrong issuer: .* says that it is https:\/\/other/],
  ],
  ['an issuer with a path', { issuer: 'https://align.example/mcp', mcpIssuers: ['https://align.example/mcp'] }, []],
  ['an issuer that is not there', { issuerAnswers: false }, [/^the issuer .* does not answer/]],
  [
    'an MCP endpoint that names another',
    { mcpIssuers: ['http://localhost:4001'] },
    [/^the MCP endpoint sends clients to http:\/\/localhost:4001/],
  ],
  ['an MCP endpoint that takes keys only', { mcpIssuers: [] }, []],
  ['no mcp', { mcpIssuers: undefined }, [/^mcp does not answer/]],
  ['no audit', { auditAnswers: false }, [/^audit does not answer/]],
  ['no auth', { auth: undefined }, [/^auth does not answer/]],
  ['no Redis', { auth: without('redis', { reachable: false }) }, [/^auth does not reach its redis/]],
  [
    'a database in the process',
    { auth: without('database', { embedded: true }) },
    [/^embedded database in production/],
  ],
  ['the same on a laptop', { auth: { ...without('database', { embedded: true }), production: false } }, []],
  ['no mail server', { auth: { ...auth, mail: 'log' } }, [/^letters are not sent/]],
  ['a clock ahead', { clocks: clocks(60_000, 0, 0) }, [/^the clock of auth is 60 s ahead/]],
  ['a clock behind', { clocks: clocks(0, 0, -61_000) }, [/^the clock of mcp is 61 s behind/]],
  ['a clock a little off', { clocks: clocks(29_000, 0, 0) }, []],
  ['our own clock behind', { clocks: clocks(60_000, 60_000, 60_000) }, [/^the clock of this machine is 60 s behind/]],
]

test('each fault is named, and a sound installation has none', async (t) => {
  for (const [of, seen, says] of TABLE) {
    const findings = judge({ ...WELL, ...seen })
    t.equal(findings.length, says.length, of)
    for (const [at, pattern] of says.entries()) t.match(findings[at]?.what, pattern, of)
    for (const { whatToDo } of findings) t.match(whatToDo, /\w+/, of)
  }
})

test('letters that are not sent are a note: nothing is broken by it', async (t) => {
  t.match(judge({ ...WELL, auth: { ...auth, mail: 'log' } }), [{ kind: 'note' }])
})
