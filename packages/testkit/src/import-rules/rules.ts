import { isBuiltin } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { code, type Import, importsOf } from './parse.ts'
import type { Manifest, Tree } from './tree.ts'

const MAX_LINES = 400

/** The product assembled: the one package that imports services, and that starts real servers outside of tests. */
const STACK = 'packages/stack'
const TESTKIT = 'packages/testkit'

/** They know nothing of each other nor of anything else of ours. */
const ROOTS = ['packages/contracts', 'packages/config', 'packages/telemetry', 'packages/policy']

/** Each driver and the one package that may speak to it. */
const DRIVERS: Readonly<Record<string, string>> = {
  pg: 'packages/database',
  '@electric-sql/pglite': 'packages/database',
  ioredis: 'packages/kv',
  nats: 'packages/bus',
}

/** Files that wire: only they read the environment. */
const ENTRIES = ['main.ts', 'start.ts', 'cluster.ts', 'bench.ts', 'proof.ts', 'conformance.ts', 'migrate.ts']

/** What of the test kit starts a real part. */
const REAL_PARTS = ['postgres', 'postgresTemplate', 'redis', 'nats', 'natsServers', 'browser', 'chromium']

/** Literal exceptions, each with its reason. A rule here is the name that a violation carries. */
export type Exceptions = Readonly<Record<string, Readonly<Record<string, string>>>>

export interface Violation {
  readonly rule: string
  readonly file: string
  readonly says: string
}

interface Place {
  readonly file: string
  readonly folder: string
  readonly manifest: Manifest
  readonly source: string
  readonly imports: readonly Import[]
  /** Runs only in tests: a test, its fixtures, the cases of a contract. */
  readonly forTests: boolean
}

/** Every breach of the rules of the house, but for the exceptions; and exceptions that are no longer needed. */
export function violations(tree: Tree, exceptions: Exceptions = {}): Violation[] {
  const places = placesOf(tree)
  const found = [...places.flatMap((place) => RULES.flatMap((rule) => rule(place, tree))), ...cycles(places, tree)]
  const excepted = ({ rule, file }: Violation) => exceptions[rule]?.[file] !== undefined
  const needless = Object.entries(exceptions).flatMap(([rule, files]) =>
    Object.keys(files)
      .filter((file) => !found.some((one) => one.rule === rule && one.file === file))
      .map((file) => ({ rule: 'exception', file, says: `needs no exception from "${rule}" any more` })),
  )
  return [...found.filter((one) => !excepted(one)), ...needless]
}

type Rule = (place: Place, tree: Tree) => Violation[]

const eachImport =
  (rule: string, judge: (one: Import, place: Place, tree: Tree) => string | undefined): Rule =>
  (place, tree) =>
    place.imports.flatMap((one) => {
      const says = judge(one, place, tree)
      return says === undefined ? [] : [{ rule, file: place.file, says }]
    })

const RULES: readonly Rule[] = [
  eachImport('service', ({ specifier }, { folder }, tree) => {
    const target = folderOf(specifier, tree)
    if (target === undefined || target === folder || folder === STACK || !target.startsWith('services/'))
      return undefined
    return `imports the service ${specifier}; only ${STACK} may. Share a contract instead`
  }),
  eachImport('catalog', ({ specifier }, { folder, forTests }, tree) => {
    const target = folderOf(specifier, tree)
    if (!folder.startsWith('services/') || !target?.startsWith('packages/catalogs/') || forTests) return undefined
    return `imports the catalog ${specifier}; a profile names it, and loadCatalogs finds it`
  }),
  eachImport('driver', ({ specifier }, { folder }) => {
    const owner = DRIVERS[packageOf(specifier)]
    if (owner === undefined || owner === folder) return undefined
    return `imports the driver ${specifier}; use the port of ${owner}`
  }),
  eachImport('deep', ({ specifier }, _, tree) => {
    const exported = tree.packages.get(folderOf(specifier, tree) ?? '')?.exports ?? {}
    const path = `.${specifier.slice(packageOf(specifier).length)}`
    if (!specifier.startsWith('@gatehouse/') || path in exported || path === './package.json') return undefined
    return `reaches into ${packageOf(specifier)}; export what it needs from src/index.ts`
  }),
  eachImport('outside', ({ specifier }, { file, folder }) => {
    if (!specifier.startsWith('.') || join(dirname(file), specifier).startsWith(`${folder}/`)) return undefined
    return `imports ${specifier}, outside of its own package`
  }),
  eachImport('root', ({ specifier }, { folder, forTests }) => {
    if (!ROOTS.includes(folder) || !specifier.startsWith('@gatehouse/')) return undefined
    if (forTests && specifier === '@gatehouse/testkit') return undefined
    return `imports ${specifier}; ${folder} knows nothing else of ours`
  }),
  eachImport('testkit', ({ specifier }, { folder, forTests }) => {
    if (folder === TESTKIT && specifier.startsWith('@gatehouse/') && specifier !== '@gatehouse/config') {
      return `imports ${specifier}; the test kit imports nothing else of ours, so that all can use it`
    }
    if (specifier !== '@gatehouse/testkit' || forTests || folder === STACK) return undefined
    return 'imports the test kit outside of tests'
  }),
  eachImport('declared', ({ specifier, typeOnly }, { folder, manifest, forTests }, tree) => {
    if (specifier.startsWith('.') || isBuiltin(specifier)) return undefined
    const name = packageOf(specifier)
    if (name === manifest.name) return `imports its own package as ${specifier}`
    // What of the stack an image runs is held to its dependencies by `deploy/image.test.ts`; the rest are tools for this repository.
    const beside = forTests || typeOnly || folder === STACK ? Object.keys(manifest.devDependencies ?? {}) : []
    const shared = forTests || folder === TESTKIT || folder === STACK ? tree.shared : []
    if ([...Object.keys(manifest.dependencies ?? {}), ...beside, ...shared].includes(name)) return undefined
    return `imports ${name}, which ${folder}/package.json does not declare${forTests ? '' : ' in dependencies'}`
  }),
  ({ file, folder, source, forTests }) => {
    const allowed = ENTRIES.includes(basename(file)) || folder === TESTKIT || forTests
    if (allowed || !/\bprocess\s*\.\s*env\b/.test(code(source, { templates: true }))) return []
    return [{ rule: 'environment', file, says: 'reads process.env; take the value from an entry point' }]
  },
  eachImport('name', ({ specifier, names }, { file }) => {
    const used = names.filter((name) => REAL_PARTS.includes(name))
    const fromKit =
      specifier === '@gatehouse/testkit' || (file.startsWith(`${TESTKIT}/`) && specifier.endsWith('/index.ts'))
    if (!fromKit || used.length === 0 || !file.endsWith('.test.ts') || file.endsWith('.integration.test.ts')) {
      return undefined
    }
    return `uses ${used.join(', ')}; call it *.integration.test.ts, so that --quick leaves it out`
  }),
  ({ file, source, forTests }) => {
    const lines = source.split('\n').length - 1
    if (forTests || lines <= MAX_LINES) return []
    return [{ rule: 'length', file, says: `has ${lines} lines; ${MAX_LINES} is the limit` }]
  },
]

/** Packages that need each other, however far around. What tests import does not count: it is not there in production. */
function cycles(places: readonly Place[], tree: Tree): Violation[] {
  const edges = new Map<string, Set<string>>()
  for (const { folder, imports, forTests } of places) {
    for (const { specifier } of forTests ? [] : imports) {
      const target = folderOf(specifier, tree)
      if (target !== undefined && target !== folder) edges.set(folder, (edges.get(folder) ?? new Set()).add(target))
    }
  }
  const pathBack = (from: string, to: string, seen: Set<string>): string[] | undefined => {
    for (const next of edges.get(from) ?? []) {
      if (next === to) return [from, to]
      if (seen.has(next)) continue
      const rest = pathBack(next, to, seen.add(next))
      if (rest !== undefined) return [from, ...rest]
    }
    return undefined
  }
  return [...edges.keys()].flatMap((folder) => {
    const path = pathBack(folder, folder, new Set())
    return path === undefined ? [] : [{ rule: 'cycle', file: folder, says: path.join(' → ') }]
  })
}

function placesOf(tree: Tree): Place[] {
  return [...tree.sources].map(([file, source]) => {
    const folder = [...tree.packages.keys()].find((one) => file.startsWith(`${one}/`))
    const manifest = folder === undefined ? undefined : tree.packages.get(folder)
    if (folder === undefined || manifest === undefined) throw new Error(`${file} belongs to no package`)
    return { file, folder, manifest, source, imports: importsOf(source), forTests: isForTests(file) }
  })
}

const isForTests = (file: string): boolean =>
  /\.(test|cases|fixture)\.ts$|\/(contract|testing|scenarios)\/|\/contract\.ts$/.test(file)

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

const folderOf = (specifier: string, tree: Tree): string | undefined =>
  [...tree.packages].find(([, manifest]) => manifest.name === packageOf(specifier))?.[0]
