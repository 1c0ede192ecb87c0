import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { needsRealParts, type Options } from './options.ts'

const ROOMS = ['services', 'packages']
const SKIPPED = new Set(['node_modules', 'migrations', '.gatehouse'])

/** @returns the test files to run, relative to `root`, the slow ones first @throws Error when a named file is not there */
export function findTests(root: string, options: Options): string[] {
  if (options.files.length > 0) {
    const absent = options.files.find((file) => statSync(join(root, file), { throwIfNoEntry: false }) === undefined)
    if (absent !== undefined) throw new Error(`there is no ${absent}`)
    return [...options.files]
  }
  const all = ROOMS.flatMap((room) => filesBelow(join(root, room)))
    .map((file) => relative(root, file))
    .filter((file) => file.endsWith('.test.ts'))
    .sort()
  const [real, embedded] = [all.filter(needsRealParts), all.filter((file) => !needsRealParts(file))]
  return options.quick ? embedded : [...real, ...embedded]
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesBelow(join(folder, entry.name))
    return [join(folder, entry.name)]
  })
}
