import { test } from 'tap'
import { faultOfPassword } from './new-password.ts'

const of = { email: 'mei.tanaka@acme.test', name: 'Mei Tanaka', brand: 'Align' }

test('a new password is long and not the first that is tried; there are no rules of composition [A-LN-04]', async (t) => {
  for (const good of [
    'correct horse battery',
    'aaaa bbbb cccc dddd eeee',
    'ÄÖÜ straße größer',
    '🦊🐙🦉🐢🦋🐝🐌🐞🦀🐠🐬🐳',
    `${'x'.repeat(3)}yz4qwvu8kkp`,
  ]) {
    t.equal(faultOfPassword(good, of), undefined, good)
  }
  for (const bad of [
    '',
    'short',
    'elevenchars',
    '🦊🐙🦉',
    'x'.repeat(12),
    'ab'.repeat(10),
    `a b c d e f ${'x'.repeat(300)}`,
    'mei.tanaka@acme.test',
    'MeiTanaka2026',
    'meitanakaalign1',
    'password1234',
    'Passwort 2026',
    'qwertyqwerty12',
    '1234567890123',
  ]) {
    t.type(faultOfPassword(bad, of), 'string', bad)
  }
})
