import { readFileSync, writeFileSync } from 'node:fs'
import { commandsOf, createProgram } from '@gatehouse/cli'
import { test } from 'tap'
import { commandLinePage } from './command-line-page.ts'

const file = new URL('../../../docs/command-line.md', import.meta.url)

test('the page of the command line has every command as it is; `UPDATE=1` writes it', async (t) => {
  const expected = commandLinePage()
  if (process.env.UPDATE === '1') writeFileSync(file, expected)
  const page = readFileSync(file, 'utf8')
  t.equal(page, expected)
  const nowhere = { env: {}, fetch: globalThis.fetch, out: () => undefined, err: () => undefined }
  const sections = [...page.matchAll(/^### (.+)$/gm)].map(([, name]) => name)
  t.same(sections.sort(), [...commandsOf(createProgram(nowhere)).keys()].sort())
})
