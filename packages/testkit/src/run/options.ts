import { relative, resolve } from 'node:path'

export interface Options {
  /** Leave out what needs PostgreSQL, Redis, NATS, a browser or more than one process. */
  readonly quick: boolean
  /** Test files relative to the repository; empty means all of them. */
  readonly files: readonly string[]
}

/** The one rule of names: a test that needs real parts is called `*.integration.test.ts`. */
export const needsRealParts = (file: string): boolean => file.endsWith('.integration.test.ts')

/** @throws Error that says how it is used */
export function readOptions(given: readonly string[], root: string): Options {
  // pnpm hands on the separator that npm takes away.
  const args = given.filter((arg) => arg !== '--')
  const unknown = args.find((arg) => (arg.startsWith('-') ? arg !== '--quick' : !arg.endsWith('.test.ts')))
  if (unknown !== undefined) {
    throw new Error(`not understood: ${unknown}\nusage: npm test [-- --quick | -- path/to/file.test.ts …]`)
  }
  const files = args.filter((arg) => !arg.startsWith('-')).map((file) => relative(root, resolve(file)))
  const quick = args.includes('--quick')
  if (quick && files.length > 0) throw new Error('--quick chooses the files itself')
  return { quick, files }
}
