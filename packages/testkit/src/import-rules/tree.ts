import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, unknown>>
}

/** The repository as the rules see it. Paths are relative to its root. */
export interface Tree {
  /** By folder: `packages/kv`. */
  readonly packages: ReadonlyMap<string, Manifest>
  /** TypeScript sources by path. */
  readonly sources: ReadonlyMap<string, string>
  /** What the root's package.json gives to the tests of all packages. */
  readonly shared: readonly string[]
}

export function readTree(root: string): Tree {
  const folders = ['services', 'packages', 'packages/catalogs'].flatMap((room) =>
    readdirSync(join(root, room)).map((name) => join(room, name)),
  )
  const manifest = (folder: string): Manifest => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  const packages = new Map(
    folders
      .filter((folder) => existsSync(join(root, folder, 'package.json')))
      .map((folder) => [folder, manifest(folder)]),
  )
  const sources = [...packages.keys()].flatMap((folder) => sourcesBelow(join(root, folder, 'src')))
  return {
    packages,
    sources: new Map(sources.map((file) => [relative(root, file), readFileSync(file, 'utf8')])),
    shared: Object.keys(manifest('').devDependencies ?? {}),
  }
}

function sourcesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sourcesBelow(path)
    return entry.name.endsWith('.ts') ? [path] : []
  })
}
