import { test } from 'tap'
import { batchesOf } from './batches.ts'

test('files of a room share a process, unless they hold real parts or measure; browsers never run side by side', async (t) => {
  const files = [
    'packages/stack/src/scenarios/browser.integration.test.ts',
    'services/auth/src/races.integration.test.ts',
    'services/auth/src/a.test.ts',
    'packages/kv/src/memory.test.ts',
    'packages/pages/src/consent.integration.test.ts',
    'services/auth/src/b/b.test.ts',
  ]
  t.same(
    batchesOf(files).map(({ name, files }) => [name, files.length]),
    [
      ['in a browser', 2],
      ['services/auth/src/races.integration.test.ts', 1],
      ['services/auth', 2],
      ['packages/kv/src/memory.test.ts', 1],
    ],
  )
  t.same(
    batchesOf(files)
      .flatMap(({ files }) => files)
      .sort(),
    [...files].sort(),
    'none is lost',
  )
})
