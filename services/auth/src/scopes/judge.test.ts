import { test } from 'tap'
import { askedScopes, refreshedScopes } from './judge.ts'

const OFFERED = new Set(['read', 'write', 'offline_access'])

test('unknown scopes are left out, none means the default, nothing known is refused [A-SC-01, A-SC-02, A-SC-03, CF-1]', async (t) => {
  const cases: readonly (readonly [string | undefined, readonly string[] | undefined])[] = [
    [undefined, ['read']],
    ['write', ['write']],
    ['write write', ['write']],
    ['write unknown', ['write']],
    ['unknown', undefined],
    ['read  write', undefined],
    [' read', undefined],
    ['read "write"', undefined],
    ['Read', undefined],
  ]
  for (const [value, expected] of cases) t.same(askedScopes(value, OFFERED, ['read']), expected, JSON.stringify(value))
})

test('a refresh may ask for less and never for more; offline_access always passes [A-RF-07, CF-3]', async (t) => {
  const cases: readonly (readonly [string | undefined, readonly string[], readonly string[] | undefined])[] = [
    [undefined, ['read', 'write'], ['read', 'write']],
    ['read', ['read', 'write'], ['read']],
    ['read offline_access', ['read'], ['read']],
    ['read offline_access', ['read', 'offline_access'], ['read', 'offline_access']],
    ['offline_access', ['read'], undefined],
    ['write', ['read'], undefined],
    ['read write', ['read'], undefined],
    ['read  ', ['read'], undefined],
  ]
  for (const [value, granted, expected] of cases)
    t.same(refreshedScopes(value, granted), expected, JSON.stringify(value))
})
