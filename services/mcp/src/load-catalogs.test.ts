import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { temporaryFolder } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { CatalogError, loadCatalogs } from './load-catalogs.ts'

const GOOD = `{ name: 'own', schema: { name: 'own', role: 'gatehouse_mcp', migrations: new URL('./m/', import.meta.url) },
  tools: [], resources: [], changes: [], open: () => () => ({}), demo: async () => {} }`

/** A working directory with modules of the operator's own. */
function directory(t: Test, files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder(t)
  for (const [name, source] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), source)
  }
  return folder
}

const namesOf = async (names: readonly string[], from: string, production = false) =>
  (await loadCatalogs(names, { from, production })).map(({ name }) => name)

test('a word is a catalog of ours, a scope or a path one of the operator, in the order of the profile', async (t) => {
  const from = directory(t, {
    'a.mjs': `export default ${GOOD}`,
    'b.mjs': `export const catalog = ${GOOD.replace("'own'", "'named'")}`,
    'node_modules/@acme/catalog/package.json': '{"name":"@acme/catalog","type":"module","exports":"./index.js"}',
    'node_modules/@acme/catalog/index.js': `export const catalog = ${GOOD.replace("'own'", "'scoped'")}`,
  })
  t.same(await namesOf(['./b.mjs', 'tracker', '@acme/catalog', join(from, 'a.mjs')], from), [
    'named',
    'tracker',
    'scoped',
    'own',
  ])
})

test('a catalog that is missing, fails or is none stops the start and is named', async (t) => {
  const from = directory(t, {
    'none.mjs': 'export const other = 1',
    'half.mjs': `export default { ...${GOOD}, tools: 'x', open: 1 }`,
    'fails.mjs': "throw new Error('no connection')",
  })
  const refused = {
    nothing: /the catalog nothing cannot be served: there is no package @gatehouse\/catalog-nothing/,
    constructor: /there is no package/,
    '@acme/absent': /no package @acme\/absent, neither seen from/,
    '../elsewhere.mjs': /its module fails: .*elsewhere/,
    'a b': /a name is a word of ours, a package with a scope, or a path/,
    'node:fs': /a name is a word of ours/,
    './none.mjs': /exports neither `default` nor `catalog`/,
    './half.mjs': /is no catalog; wrong: tools, open/,
    './fails.mjs': /its module fails: no connection/,
  }
  for (const [name, message] of Object.entries(refused)) {
    await t.rejects(loadCatalogs([name], { from, production: false }), message, name)
    await t.rejects(loadCatalogs([name], { from, production: false }), CatalogError)
  }
})

test('in production a catalog that is made for tests is refused', async (t) => {
  const from = directory(t, { 'a.mjs': `export const refusedInProduction = true\nexport default ${GOOD}` })
  t.same(await namesOf(['./a.mjs'], from), ['own'])
  await t.rejects(namesOf(['./a.mjs'], from, true), /made for tests, and NODE_ENV is production/)
  t.same(await namesOf(['conformance'], from), ['conformance'])
  await t.rejects(namesOf(['conformance'], from, true), /made for tests, and NODE_ENV is production/)
})
