import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { citationsOf, coveragePage, faultsOf, gapsOf } from './coverage.ts'
import { REQUIREMENTS } from './requirements.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')

const sources = ['services', 'packages'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
    .filter((file) => file.endsWith('.test.ts') || file.includes('scenarios') || file.endsWith('contract.ts'))
    .map((file) => relative(root, join(root, folder, file))),
)
const citations = sources.sort().flatMap((file) => citationsOf(file, readFileSync(join(root, file), 'utf8')))

test('every cited requirement exists and no test cites more than five', async (t) => {
  t.same(faultsOf(citations), [])
})

test('every duty, whether it binds or not, is proven by a test, or a reason of its own says why none is', async (t) => {
  t.same(gapsOf(citations), [])
})

test('the coverage page is the one that the tests make; `UPDATE=1` writes it', async (t) => {
  const page = join(root, 'docs/coverage.md')
  const expected = coveragePage(citations)
  if (process.env.UPDATE === '1') writeFileSync(page, expected)
  t.equal(readFileSync(page, 'utf8'), expected)
})

test('a citation is read from the name of a test and nowhere else', async (t) => {
  const source = "test('answers 401 [S-AU-22, CF-5]', async (t) => {})\n// [S-AU-01]\nconst x = ['S-AU-02']"
  t.same(citationsOf('a.test.ts', source), [{ file: 'a.test.ts', test: 'answers 401', ids: ['S-AU-22', 'CF-5'] }])
  t.match(faultsOf([{ file: 'f', test: 'n', ids: ['S-XX-99'] }])[0], /S-XX-99, which is no requirement/)
})

test('every requirement that no test cites stands at the end of the page', async (t) => {
  const page = coveragePage(citations)
  const end = page.slice(page.indexOf('## Not proven by a test'))
  const cited = new Set(citations.flatMap(({ ids }) => ids))
  const missing = Object.values(REQUIREMENTS)
    .flat()
    .filter((id) => !cited.has(id) && !new RegExp(`\\b${id}\\b`).test(end))
  t.same(missing, [])
})
