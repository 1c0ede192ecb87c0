import { test } from 'tap'
import { isLiteralSubject, matchesSubject } from './subjects.ts'

const MATCHES: readonly [filter: string, subject: string, matches: boolean][] = [
  ['a', 'a', true],
  ['a', 'b', false],
  ['a', 'a.b', false],
  ['a.b', 'a', false],
  ['a.b', 'a.b', true],
  ['a.b', 'a-b', false],
  ['A.b', 'a.b', false],
  ['*', 'a', true],
  ['*', 'a.b', false],
  ['a.*', 'a.b', true],
  ['a.*', 'a', false],
  ['a.*', 'a.b.c', false],
  ['*.b', 'a.b', true],
  ['a.*.c', 'a.b.c', true],
  ['a.*.c', 'a.b.d', false],
  ['>', 'a', true],
  ['>', 'a.b.c', true],
  ['a.>', 'a', false],
  ['a.>', 'a.b', true],
  ['a.>', 'a.b.c', true],
  ['a.>', 'ab.c', false],
  ['a.*.>', 'a.b', false],
  ['a.*.>', 'a.b.c.d', true],
  ['a.>.b', 'a.x.b', false],
  ['a.>.b', 'a.>.b', true],
  ['a+(b)|c.[d]$', 'a+(b)|c.[d]$', true],
  ['a+', 'aa', false],
]

test('a filter takes the subjects that NATS would give it', async (t) => {
  for (const [filter, subject, matches] of MATCHES) {
    t.equal(matchesSubject(filter, subject), matches, `${filter} ${matches ? 'takes' : 'leaves'} ${subject}`)
  }
})

test('only a subject without wildcards, white space and empty tokens can be published to', async (t) => {
  for (const subject of ['a', 'a.b', 'domain.t-1.entry_x.updated', 'ä.b']) t.ok(isLiteralSubject(subject), subject)
  for (const subject of ['', '.', 'a.', '.a', 'a..b', 'a.*', 'a.>', 'a b', 'a\n', 'a.b\r\n']) {
    t.notOk(isLiteralSubject(subject), JSON.stringify(subject))
  }
})
