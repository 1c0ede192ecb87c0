import { test } from 'tap'
import { HISTORIES, proveHistories } from '../testing/histories/prove.ts'

test(`${HISTORIES} histories of parallel refreshes, repeats, revocations and crashes under the strict rule: one successor, none after death, nobody locked out [A-RF-02, A-RF-04, A-RF-06, CF-19]`, async (t) => {
  await proveHistories(t, 0, (line) => t.comment(line))
  t.pass('no history was wrong')
})
