import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { newNode } from '@gatehouse/testkit'
import type { Surroundings } from '../cluster/process.ts'
import type { Check, Results } from './judge-results.ts'

/** `dist/index.js`, the suite's command; it exports nothing. */
const SUITE = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
)

export interface SuiteOptions {
  readonly surroundings: Surroundings
  /** Ends it. */
  readonly signal: AbortSignal
  /** Hears what it prints, as it comes. */
  readonly said?: (text: string) => void
}

/**
 * Runs the suite with these arguments, on a Node that it accepts, until it has ended by itself. Its exit code is not looked at: what
 * it wrote is.
 * @throws Error with the end of what it printed when it was ended
 */
export function runSuite(args: readonly string[], { surroundings, signal, said }: SuiteOptions): Promise<void> {
  const { PATH, HOME, TMPDIR } = surroundings
  const child = spawn(newNode(), [SUITE, ...args], {
    env: { PATH, HOME, TMPDIR, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  let tail = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-2_000)
      said?.(text)
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (_code, by) => {
      if (by === null) resolve()
      else reject(new Error(`the suite was ended by ${by}:\n${tail}`))
    })
  })
}

/** What the suite wrote into its folder (`-o`), by scenario. @param prefix `server` or `authorization` */
export function readResults(folder: string, prefix: string): Results {
  const results: Record<string, readonly Check[]> = {}
  for (const name of readdirSync(folder)) {
    const scenario = new RegExp(`^${prefix}-(.+)-\\d{4}-\\d\\d-\\d\\dT[\\d-]+Z$`).exec(name)?.[1]
    if (scenario === undefined) continue
    const file = join(folder, name, 'checks.json')
    // A scenario that threw has a folder and nothing in it.
    results[scenario] = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly Check[]) : []
  }
  return results
}
