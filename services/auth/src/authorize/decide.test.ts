import { test } from 'tap'
import type { Prompt } from './checks.ts'
import { decide, isUnproven } from './decide.ts'

const BOTH = ['read', 'write']

/** signed in, unmet prompts, unproven, granted → decision and what is missing */
const CASES: readonly (readonly [
  boolean,
  readonly Prompt[],
  boolean,
  readonly string[],
  string,
  (readonly string[])?,
])[] = [
  [false, [], false, BOTH, 'login'],
  [false, ['consent'], true, [], 'login'],
  [true, ['login'], false, BOTH, 'login'],
  [true, ['login', 'consent'], false, BOTH, 'login'],
  [true, [], false, BOTH, 'issue'],
  [true, [], false, ['read', 'write', 'more'], 'issue'],
  [true, [], false, ['read'], 'consent', ['write']],
  [true, [], false, [], 'consent', BOTH],
  [true, ['consent'], false, BOTH, 'consent', []],
  [true, [], true, BOTH, 'consent', []],
  [true, [], true, ['write'], 'consent', ['read']],
]

test('login, then consent, then a code; an earlier consent is enough only for a proven client [A-CN-03, A-CN-04]', async (t) => {
  for (const [signedIn, unmet, unproven, granted, kind, missing] of CASES) {
    const open = { scopes: BOTH, unmet: new Set(unmet), unproven }
    const name = JSON.stringify([signedIn, unmet, unproven, granted])
    t.match(decide(open, signedIn, new Set(granted)), missing === undefined ? { kind } : { kind, missing }, name)
  }
})

test('a client is unproven when it is public and its redirect can reach any program', async (t) => {
  const cases = [
    ['none', 'http://localhost:1/cb', true],
    ['none', 'cursor://x/cb', true],
    ['none', 'https://a.example/cb', false],
    ['client_secret_basic', 'http://localhost:1/cb', false],
  ] as const
  for (const [authMethod, uri, unproven] of cases)
    t.equal(isUnproven({ authMethod }, uri), unproven, `${authMethod} ${uri}`)
})
