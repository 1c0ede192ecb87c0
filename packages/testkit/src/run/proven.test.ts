import { test } from 'tap'
import { claimedBy, provenBy } from './proven.ts'

test('a requirement is proven by a passed test that cites it, at any depth, and by no other', async (t) => {
  const tap = [
    'TAP version 14',
    '# Subtest: refuses a batch [S-TR-07, A-AZ-02]',
    '    ok 1 - deeper [CF-5]',
    'ok 1 - refuses a batch [S-TR-07, A-AZ-02] # time=3ms',
    'not ok 2 - fails [S-TR-08]',
    'ok 3 - left out [S-TR-09] # SKIP no browser',
    'ok 4 - brackets of another kind [not an id, L20]',
  ].join('\n')
  t.strictSame([...provenBy(tap)].sort(), ['A-AZ-02', 'CF-5', 'L20', 'S-TR-07'])
})

test('the page claims what its table of proofs names', async (t) => {
  const page = '| MUST | 3 | of 4 |\n| S-TR-07 | MUST | [a test](../x.test.ts) |\n| S-TR-08 | MUST | not offered |\n'
  t.strictSame(claimedBy(page), ['S-TR-07'])
})
