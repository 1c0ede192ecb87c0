import { test } from 'tap'
import { ownPath } from './own-path.ts'

test('only a path of ours is gone on to after a sign-in: there is no open redirect', async (t) => {
  for (const good of [
    '/',
    '/settings/security',
    '/settings/developer/authorized-apps?x=1#y',
    '/a//b',
    '/%2f%2fevil.example',
  ]) {
    t.equal(ownPath(good), good)
  }
  for (const bad of [
    undefined,
    '',
    'settings',
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    '/a\\b',
    '/é',
    '/sign-in',
    '/sign-in/x',
    '/sign-out',
    '/a/../sign-out',
    `/${'x'.repeat(1_001)}`,
  ]) {
    t.equal(ownPath(bad), undefined, JSON.stringify(bad))
  }
})
