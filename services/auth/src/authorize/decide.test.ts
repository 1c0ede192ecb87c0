import { test } from 'tap'
import type { Prompt } from './checks.ts'
import { decide, isOwnPage, isUnproven, unmetPrompts } from './decide.ts'

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

test('a sign-in that is older than max_age is asked for again, and for 0 any is [A-AZ-09, A-LN-05]', async (t) => {
  const now = 1_000_000
  const cases: readonly (readonly [readonly Prompt[], number | undefined, number | undefined, readonly Prompt[]])[] = [
    [[], undefined, now - 9_000, []],
    [[], 10, now - 9_000, []],
    [[], 10, now - 11_000, ['login']],
    [[], 0, now, ['login']],
    [[], 0, undefined, []],
    [['consent'], 1, now - 2_000, ['consent', 'login']],
    [['login'], 0, now, ['login']],
  ]
  for (const [prompts, maxAge, authTime, expected] of cases) {
    const at = authTime === undefined ? undefined : new Date(authTime)
    t.same(unmetPrompts({ prompts, maxAge }, at, now), expected, JSON.stringify([prompts, maxAge, authTime]))
  }
})

test('a page is our own when an operator registered it and it answers at the very origin of the issuer', async (t) => {
  const issuer = 'http://localhost:4000/t/acme'
  for (const [kind, uri, own] of [
    ['registered', 'http://localhost:4000/activity/callback', true],
    ['dynamic', 'http://localhost:4000/activity/callback', false],
    ['metadata', 'http://localhost:4000/activity/callback', false],
    ['registered', 'http://localhost:4001/activity/callback', false],
    ['registered', 'http://127.0.0.1:4000/activity/callback', false],
    ['registered', 'https://localhost:4000/activity/callback', false],
    ['registered', 'com.example.app:/callback', false],
  ] as const) {
    t.equal(isOwnPage({ kind }, uri, issuer), own, `${kind} ${uri}`)
  }
})
