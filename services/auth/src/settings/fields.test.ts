import { test } from 'tap'
import { readEmail } from './fields.ts'

const SOME = ['rosa@new.test', 'Rosa.Ek+gatehouse@Sub.New.Test', "o'neil@new.test", 'zoë@new.test', 'a_b=c!@x-y.test']
const NONE = [
  ...[
    '',
    'rosa',
    'rosa@',
    '@new.test',
    'rosa@new',
    'rosa@-new.test',
    'rosa@new..',
    'a b@new.test',
    `${'x'.repeat(65)}@new.test`,
  ],
  // Of two addresses, of a comment, of a quoted part, of a group: what is left of each is another address.
  ...['a,b@new.test', 'a;b@new.test', 'a<b@new.test', 'a>b@new.test', 'a(b)@new.test', '"a"@new.test', 'a:b@new.test'],
  ...['a\\b@new.test', 'a[b]@new.test', 'a@b@new.test', 'a\r\nBcc:b@new.test', 'a\0@new.test'],
  // Looks like another: read from right to left, of no width, the Kelvin sign in a host.
  ...['a\u202eb@new.test', 'a\u200bb@new.test', 'a@\u212aelvin.test'],
]

test('an address is one address, and the one that a letter goes to', async (t) => {
  for (const text of SOME) t.equal(readEmail(` ${text} `), text)
  for (const text of NONE) t.equal(readEmail(text), undefined, JSON.stringify(text))
})
