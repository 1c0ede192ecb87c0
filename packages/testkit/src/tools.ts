import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** The Inspector asks for it; the official suite for any 22. */
const NODE_FLOOR = [22, 19] as const

/** `package.json` and the lock file of what is installed here. */
const PINS = join(import.meta.dirname, '../tools')
const CACHE = join(import.meta.dirname, '../../../node_modules/.cache/gatehouse-tools')

const folderOf = (): string => {
  const lock = readFileSync(join(PINS, 'package-lock.json'))
  const hash = createHash('sha256').update(lock).digest('hex').slice(0, 16)
  return join(CACHE, `${process.platform}-${process.arch}-${hash}`)
}

const inside = (...path: readonly string[]): string | undefined =>
  [join(folderOf(), 'node_modules', ...path)].find(existsSync)

/** @returns the path of a Node that the official suite and the Inspector run on: this one, else the one installed with the tools */
export function findNewNode(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > NODE_FLOOR[0] || (major === NODE_FLOOR[0] && minor >= NODE_FLOOR[1])) return process.execPath
  return inside(`node-${process.platform}-${process.arch}`, 'bin', 'node')
}

/** @returns the path of the Inspector's main script, if it is installed */
export const findInspector = (): string | undefined =>
  inside('@modelcontextprotocol', 'inspector', 'clients', 'launcher', 'build', 'index.js')

/**
 * Installs the tools as their lock file pins them, once per lock file and machine; a second call does nothing. No package's own
 * script runs.
 * @throws Error with what npm said
 */
export function installTools(): void {
  const folder = folderOf()
  if (existsSync(folder)) return
  mkdirSync(CACHE, { recursive: true })
  // Under another name until it is whole: of two at once the second to finish throws its own away.
  const draft = mkdtempSync(join(CACHE, 'draft-'))
  try {
    cpSync(PINS, draft, { recursive: true })
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const { status, stderr, error } = spawnSync('npm', ['ci', ...flags], { cwd: draft, encoding: 'utf8' })
    if (status !== 0) throw new Error(`the tools of the tests cannot be installed: ${error?.message ?? stderr}`)
    if (!existsSync(folder)) renameSync(draft, folder)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** @throws Error that says what to do */
export function newNode(): string {
  const found = findNewNode()
  if (found === undefined) throw new Error(`Node ${NODE_FLOOR.join('.')} or newer is not on this machine: install it`)
  return found
}

/** @throws Error that says what to do */
export function inspector(): string {
  const found = findInspector()
  if (found === undefined) throw new Error('the Inspector is not installed: call installTools first')
  return found
}
