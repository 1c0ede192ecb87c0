import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { holdsTests, linksOf, testNamesOf } from './doc-links.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: root, encoding: 'utf8' })
const pages = listed.split('\n').filter((file) => file !== '' && existsSync(join(root, file)))
const read = (file: string) => readFileSync(join(root, file), 'utf8')

test('every relative link of every page leads to something that exists', async (t) => {
  t.ok(pages.includes('README.md'))
  const broken = pages.flatMap((file) =>
    linksOf(file, read(file))
      .filter(({ target }) => !existsSync(join(root, target)))
      .map(({ target }) => `${file}: ${target}`),
  )
  t.same(broken, [])
})

test('every test that the authorization page and the threat model name exists, in the file that they link', async (t) => {
  for (const file of ['docs/authorization.md', 'docs/threat-model.md']) {
    const links = linksOf(file, read(file)).filter(({ target }) => holdsTests(target))
    t.ok(links.length > 10, file)
    const wrong = links.filter(({ text, target }) => !testNamesOf(read(target)).has(text))
    t.same(wrong, [], file)
  }
})

test('every row of the threat model has an attack, a guard and a test', async (t) => {
  const [, table = ''] = read('docs/threat-model.md').split('| --- | --- | --- |\n')
  const rows = table.split('\n\n', 1)[0]?.trim().split('\n') ?? []
  t.ok(rows.length > 10)
  for (const row of rows) {
    const cells = row.slice(1, -1).split(' | ')
    t.equal(cells.length, 3, row)
    t.ok(
      linksOf('docs/threat-model.md', cells[2] ?? '').some(({ target }) => holdsTests(target)),
      row,
    )
  }
})

test('links are read outside of code, and names of tests without what they cite', async (t) => {
  t.same(linksOf('docs/a.md', '[b](../c.md#d) [e](https://f)\n```\n[g](h)\n```\n'), [{ text: 'b', target: 'c.md' }])
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a piece of source
  t.same([...testNamesOf("t.test('a [S-AU-01, CF-2]', x); { title: `b ${c} d` }")], ['a', 'b … d'])
})
