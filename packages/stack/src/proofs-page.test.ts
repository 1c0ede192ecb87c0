import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'tap'
import { PROOFS } from './proofs/all.ts'
import { proofsPage } from './proofs/page.ts'
import { keep, type Result } from './proofs/results.ts'

test('the page of proofs is the one that the kept results make; `UPDATE=1` writes it', async (t) => {
  const file = new URL('../../../docs/proofs.md', import.meta.url)
  const kept = JSON.parse(readFileSync(new URL('./proofs/results.json', import.meta.url), 'utf8')) as Result[]
  const expected = proofsPage(PROOFS, kept)
  if (process.env.UPDATE === '1') writeFileSync(file, expected)
  t.equal(readFileSync(file, 'utf8'), expected)
  t.same(keep(kept), kept, 'small, one of each')
})

const result = (of: Partial<Result>): Result => ({
  ...{ proof: 'calls', claim: 'all is well', holds: true, counted: { calls: 1_000_000 }, seconds: 90 },
  ...{ finished: '2026-01-02T03:04:05.000Z', commit: '0123456789abcdef+changes' },
  ...{ machine: { cpu: 'X', cores: 2, memoryGiB: 4, node: 'v20', load: 7 } },
  ...of,
})

test('a proof that was not run, not as it is claimed now, or does not hold, says so', async (t) => {
  const page = proofsPage(
    [
      { name: 'calls', claim: 'all is well' },
      { name: 'other', claim: 'nothing is lost of 2,000' },
      { name: 'never', claim: 'never seen' },
      { name: 'bad', claim: 'all good' },
    ],
    [
      result({}),
      result({ proof: 'other', claim: 'nothing is lost of 1,000' }),
      result({ proof: 'bad', claim: 'all good', holds: false, counted: { error: '{"lost":17,"calls":20}' } }),
    ],
  )
  t.match(page, '| [calls](#calls) | holds | 2026-01-02 03:04 | `0123456` and changes | 90 s |')
  t.match(page, 'calls 1,000,000')
  t.match(page, 'on 2 × X, 4 GiB, Node v20, load average 7 at its end.')
  t.match(page, '| [other](#other) | not run |')
  t.match(page, 'Not run since the claim was changed; the last run was on 2026-01-02 03:04.')
  t.match(page, '| [never](#never) | not run |')
  t.match(page, '| [bad](#bad) | **does not hold** |')
  t.match(page, '{"lost":17,')
  t.match(page, '\nNothing is lost of 2,000.\n')
})

test('what is kept is the newest of each, without long texts', async (t) => {
  const scans = 'Index Scan using a on b; '.repeat(10)
  const kept = keep([
    result({ finished: '2026-01-02T00:00:00.000Z', holds: false }),
    result({ counted: { p50: 1.5, large: 'a b', scans } }),
    result({ finished: '2025-12-31T00:00:00.000Z', holds: false }),
    result({ proof: 'bad', counted: { error: 'x'.repeat(1_000) } }),
  ])
  t.same(
    kept.map(({ proof, holds, counted }) => ({ proof, holds, counted })),
    [
      { proof: 'bad', holds: true, counted: { error: 'x'.repeat(600) } },
      { proof: 'calls', holds: true, counted: { p50: 1.5, large: 'a b' } },
    ],
  )
})
