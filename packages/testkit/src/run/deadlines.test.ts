import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { findTests } from './find-tests.ts'
import { FILE_MS } from './run.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

test('no test file asks for more time than the runner gives it', async (t) => {
  for (const file of findTests(root, { quick: false, files: [] })) {
    const asked = [...readFileSync(join(root, file), 'utf8').matchAll(/^file\.setTimeout\(([\d_]+)\)/gm)]
    for (const [, ms = ''] of asked) t.ok(Number(ms.replaceAll('_', '')) < FILE_MS, file)
  }
})
