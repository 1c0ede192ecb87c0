import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Catalog } from '@gatehouse/catalog'
import { z } from 'zod'

/** A catalog that a profile names and that cannot be served. */
export class CatalogError extends Error {
  constructor(name: string, why: string) {
    super(`the catalog ${name} cannot be served: ${why}`)
    this.name = 'CatalogError'
  }
}

export interface LoadOptions {
  /** Modules of the operator's own are looked for from here first: the working directory. */
  readonly from: string
  /** Refuses catalogs that are made for tests: their module exports `refusedInProduction`. */
  readonly production: boolean
}

/** `tracker` is `@gatehouse/catalog-tracker`. */
const OURS = /^[a-z][a-z0-9-]*$/
/** `@acme/catalog`, `./catalog.ts`, `/srv/catalog.js`. */
const THEIRS = /^(@[^/@\s]+\/.+|\.{1,2}\/.+)$/

const method = z.custom((value) => typeof value === 'function')

/** What makes a value a catalog; what its tools and resources hold is the registry's to judge. */
const shape = z.object({
  name: z.string().min(1),
  schema: z.object({ name: z.string(), role: z.string(), migrations: z.instanceof(URL) }),
  tools: z.array(z.unknown()),
  resources: z.array(z.unknown()),
  changes: z.array(z.unknown()),
  open: method,
  demo: method,
})

/**
 * The catalogs by the names that a profile gives, in their order: the default export of each module, or the one named `catalog`.
 * @throws CatalogError for a module that is missing, has no catalog, fails, or is not for production
 */
export async function loadCatalogs(names: readonly string[], options: LoadOptions): Promise<readonly Catalog[]> {
  const catalogs: Catalog[] = []
  for (const name of names) catalogs.push(await loadCatalog(name, options))
  return catalogs
}

async function loadCatalog(name: string, { from, production }: LoadOptions): Promise<Catalog> {
  const address = addressOf(name, from)
  let module: Readonly<Record<string, unknown>>
  try {
    module = (await import(address)) as Readonly<Record<string, unknown>>
  } catch (error) {
    throw new CatalogError(name, `its module fails: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (production && module.refusedInProduction === true) {
    throw new CatalogError(name, 'it is made for tests, and NODE_ENV is production')
  }
  const found = module.default ?? module.catalog
  const judged = shape.safeParse(found)
  if (judged.success) return found as Catalog
  if (found === undefined) throw new CatalogError(name, 'its module exports neither `default` nor `catalog`')
  const faults = judged.error.issues.map((issue) => issue.path.map(String).join('.') || 'it')
  throw new CatalogError(name, `what its module exports is no catalog; wrong: ${[...new Set(faults)].join(', ')}`)
}

/** @throws CatalogError when nothing is there */
function addressOf(name: string, from: string): string {
  const ours = OURS.test(name)
  if (!ours && !THEIRS.test(name) && !isAbsolute(name)) {
    throw new CatalogError(name, 'a name is a word of ours, a package with a scope, or a path')
  }
  // A path needs no search: it is taken as it stands, so that a file that is missing is named in full.
  if (name.startsWith('.') || isAbsolute(name)) return pathToFileURL(resolve(from, name)).href
  const specifier = ours ? `@gatehouse/catalog-${name}` : name
  const places = ours ? [import.meta.url] : [pathToFileURL(join(from, 'profile')).href, import.meta.url]
  for (const place of places) {
    try {
      return pathToFileURL(createRequire(place).resolve(specifier)).href
    } catch {
      // The next place may have it.
    }
  }
  throw new CatalogError(name, `there is no package ${specifier}${ours ? '' : `, neither seen from ${from}`}`)
}
