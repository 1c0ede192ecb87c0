import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { crossChecks } from './cross-checks.ts'
import { type Profile, profileSchema } from './schema.ts'

/** Every fault of a profile at once, each with its line. */
export class ProfileError extends Error {
  readonly faults: readonly string[]

  constructor(source: string, faults: readonly string[]) {
    super(`profile ${source} is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.name = 'ProfileError'
    this.faults = faults
  }
}

/**
 * A profile by its name (one that comes with Gatehouse) or by the path of a YAML or JSON file.
 * @throws ProfileError
 */
export function loadProfile(nameOrPath: string): Profile {
  const shipped = /^[a-z][a-z0-9-]*$/.test(nameOrPath)
  const file = shipped ? fileURLToPath(new URL(`../profiles/${nameOrPath}.yaml`, import.meta.url)) : nameOrPath
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown fault'
    const why =
      shipped && code === 'ENOENT' ? `there is none of this name; there are: ${names().join(', ')}` : undefined
    throw new ProfileError(nameOrPath, [why ?? `cannot be read (${code})`])
  }
  return parseProfile(text, nameOrPath)
}

/** Of the profiles that come with Gatehouse. */
const names = (): readonly string[] =>
  readdirSync(new URL('../profiles/', import.meta.url))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort()

/** @throws ProfileError */
export function parseProfile(text: string, source: string): Profile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  if (document.errors.length > 0) {
    throw new ProfileError(
      source,
      document.errors.map((error) => `line ${lines.linePos(error.pos[0]).line}: ${error.message.split('\n', 1)[0]}`),
    )
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true)
      const range = (node as { range?: [number, number, number] } | undefined)?.range
      if (range) return lines.linePos(range[0]).line
    }
    return 1
  }
  const given: unknown = document.toJS()
  const parsed = profileSchema.safeParse(given)
  const faults = [...(parsed.success ? [] : parsed.error.issues.flatMap(faultsOf)), ...crossChecks(given)]
    .map(({ path, message }) => ({ line: lineOf(path), text: `${path.map(String).join('.')}: ${message}` }))
    .sort((one, other) => one.line - other.line)
    .map(({ line, text }) => `line ${line}: ${text}`)
  if (faults.length > 0 || !parsed.success) throw new ProfileError(source, faults)
  return parsed.data
}

/** An unknown field is told by its name, at its own line. */
const faultsOf = (issue: z.core.$ZodIssue): readonly { path: readonly PropertyKey[]; message: string }[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ path: [...issue.path, key], message: 'there is no such field' }))
    : [issue]
