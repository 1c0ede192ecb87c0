import { join } from 'node:path'
import { test } from 'tap'
import { importsOf } from './import-rules/parse.ts'
import { type Exceptions, violations } from './import-rules/rules.ts'
import { readTree, type Tree } from './import-rules/tree.ts'

/** By rule and file, each with its reason. */
const EXCEPTIONS: Exceptions = {
  environment: {},
  driver: {
    'packages/stack/src/bench/tokens/peer.ts': 'the peer of a benchmark has its own pool',
    'packages/stack/src/bench/tokens/peer-adapter.ts': 'as above',
    'packages/stack/src/deploy/bus-users.integration.test.ts':
      'publishes what the bus would never, as somebody who took a password',
    'packages/stack/src/deploy/kubernetes-stack.integration.test.ts':
      'logs in as a service does, and tries what it may not',
    'packages/stack/src/deploy/testing/guarded-nats.ts': 'asks the server that it has started whether it answers',
    'packages/stack/src/deploy/testing/run-all.ts': 'sets passwords at servers, as their owner',
    'packages/stack/src/isolation/world.ts': 'plants canaries, and takes policies away, as the owner of the tables',
    'packages/stack/src/proofs/catalog-million.ts': 'fills tables as their owner, without the time limit of the pool',
    'packages/testkit/src/servers/postgres.ts': 'asks the server that it has started whether it answers',
    'packages/testkit/src/servers/databases.ts': 'creates and drops the databases of tests',
    'packages/testkit/src/servers/servers.integration.test.ts': 'looks at the servers by their own clients',
    'packages/token/src/feed/follow.integration.test.ts': 'deletes a stream behind the back of the bus',
  },
}

test('the whole tree keeps the rules of imports, environment, names and length', async (t) => {
  const tree = readTree(join(import.meta.dirname, '../../..'))
  t.ok(tree.sources.size > 100)
  t.same(
    violations(tree, EXCEPTIONS).map(({ rule, file, says }) => `${file}: ${says} [${rule}]`),
    [],
  )
})

test('imports are found in every form, and only where they are code', async (t) => {
  const source = `
    import a, { type B, c as d } from 'one'
    import type { E } from "two"
    import 'three'
    export * from 'four'
    export {
      f,
    } from 'five'
    const g = await import('six')
    const h = createRequire(import.meta.url)('seven')
    // import i from 'no'
    /* import j from 'no' */
    const k = "import l from 'no'", o = "await import('no')", url = 'https://x.example/*'
    const m = \`
    import n from 'no'\`
  `
  const found = importsOf(source)
  t.same(found.map(({ specifier }) => specifier).sort(), ['five', 'four', 'one', 'seven', 'six', 'three', 'two'])
  t.same(found.find(({ specifier }) => specifier === 'one')?.names, ['B', 'c'])
  t.equal(found.find(({ specifier }) => specifier === 'two')?.typeOnly, true)
})

/** A small house that keeps the rules, with files added to it. */
function house(files: Readonly<Record<string, string>>): Tree {
  const manifest = (name: string, dependencies: readonly string[] = [], devDependencies: readonly string[] = []) => ({
    name: `@gatehouse/${name}`,
    exports: { '.': './src/index.ts' },
    dependencies: Object.fromEntries(dependencies.map((one) => [one, '*'])),
    devDependencies: Object.fromEntries(devDependencies.map((one) => [one, '*'])),
  })
  const ours = (...names: string[]) => names.map((name) => `@gatehouse/${name}`)
  return {
    packages: new Map([
      ['services/auth', manifest('auth', [...ours('database', 'mcp'), 'pg'], ours('testkit'))],
      ['services/mcp', manifest('mcp', ours('database', 'catalog-own'))],
      ['packages/catalogs/own', manifest('catalog-own')],
      ['packages/contracts', manifest('contracts', ours('config'))],
      ['packages/config', manifest('config')],
      ['packages/database', manifest('database', [...ours('contracts', 'kv'), 'pg'])],
      ['packages/kv', manifest('kv', [...ours('database', 'auth'), 'ioredis'])],
      ['packages/testkit', manifest('testkit', ours('config', 'database'))],
      ['packages/stack', manifest('stack', ours('auth', 'mcp', 'testkit'))],
    ]),
    shared: ['tap', 'tsx'],
    sources: new Map(Object.entries(files)),
  }
}

const KEPT: Readonly<Record<string, string>> = {
  'a service uses a port': "import '@gatehouse/database'",
  'a file uses one beside it': "import { a } from '../token/a.ts'",
  'Node is there': "import { join } from 'node:path'",
  'a comment may speak of anything': "// process.env, import '@gatehouse/mcp'",
}

for (const [what, source] of Object.entries(KEPT)) {
  test(`kept: ${what}`, async (t) => {
    t.same(violations(house({ 'services/auth/src/code/a.ts': source })), [])
  })
}

test('kept: an entry point reads the environment, a test uses tap and the test kit', async (t) => {
  const files = {
    'services/auth/src/main.ts': 'process.env.PORT',
    'services/auth/src/a.integration.test.ts': "import 'tap'\nimport { postgres } from '@gatehouse/testkit'",
    'packages/stack/src/cluster.ts': "import '@gatehouse/auth'\nimport { startPostgres } from '@gatehouse/testkit'",
  }
  t.same(violations(house(files)), [])
})

const BROKEN: readonly (readonly [rule: string, file: string, source: string])[] = [
  ['service', 'services/auth/src/a.ts', "import { a } from '@gatehouse/mcp'"],
  ['service', 'services/auth/src/a.test.ts', "import { a } from '@gatehouse/mcp'"],
  ['service', 'packages/kv/src/a.ts', "const a = await import('@gatehouse/auth')"],
  ['catalog', 'services/mcp/src/a.ts', "import { catalog } from '@gatehouse/catalog-own'"],
  ['driver', 'services/auth/src/a.ts', "import pg from 'pg'"],
  ['deep', 'services/auth/src/a.ts', "import { a } from '@gatehouse/database/src/sql.ts'"],
  ['outside', 'services/auth/src/a.ts', "import { a } from '../../../packages/database/src/sql.ts'"],
  ['root', 'packages/contracts/src/a.ts', "import type { A } from '@gatehouse/config'"],
  ['testkit', 'packages/testkit/src/a.ts', "import { a } from '@gatehouse/database'"],
  ['declared', 'services/auth/src/a.ts', "import { z } from 'zod/v4'"],
  ['declared', 'services/auth/src/a.ts', "import { test } from 'tap'"],
  ['declared', 'services/mcp/src/a.test.ts', "import { eventually } from '@gatehouse/testkit'"],
  ['declared', 'services/auth/src/a.ts', "import { a } from '@gatehouse/auth'"],
  ['environment', 'services/auth/src/config.ts', 'const a = `$' + '{process.env.PORT}`'],
  ['name', 'services/auth/src/a.test.ts', "import { eventually, nats as bus } from '@gatehouse/testkit'"],
  ['length', 'services/auth/src/a.ts', '\n'.repeat(401)],
]

for (const [rule, file, source] of BROKEN) {
  test(`broken, and seen: ${rule}, ${file}, ${source.trim().slice(0, 60)}`, async (t) => {
    t.match(violations(house({ [file]: source })), [{ rule, file }])
  })
}

test('broken, and seen: the test kit in a service, packages that need each other', async (t) => {
  const kit = { 'services/auth/src/a.ts': "import '@gatehouse/testkit'" }
  t.same(
    violations(house(kit))
      .map(({ rule }) => rule)
      .sort(),
    ['declared', 'testkit'],
  )
  const circle = {
    'packages/kv/src/a.ts': "import '@gatehouse/database'",
    'packages/database/src/a.ts': "import '@gatehouse/kv'",
  }
  t.match(violations(house(circle)), [
    { rule: 'cycle', says: 'packages/kv → packages/database → packages/kv' },
    { rule: 'cycle', says: 'packages/database → packages/kv → packages/database' },
  ])
})

test('an exception lets one file pass one rule, and is a fault itself when it is needless', async (t) => {
  const files = { 'services/auth/src/a.ts': "import pg from 'pg'" }
  t.same(violations(house(files), { driver: { 'services/auth/src/a.ts': 'reason' } }), [])
  t.match(violations(house({}), { driver: { 'services/auth/src/a.ts': 'reason' } }), [{ rule: 'exception' }])
})
