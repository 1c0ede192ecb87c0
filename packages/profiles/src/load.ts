import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LineCounter, parseDocument } from 'yaml'
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
  const parsed = profileSchema.safeParse(document.toJS())
  const faults = parsed.success
    ? crossChecks(parsed.data).map(({ path, message }) => `line ${lineOf(path)}: ${path.join('.')}: ${message}`)
    : parsed.error.issues.map(
        (issue) => `line ${lineOf(issue.path)}: ${issue.path.map(String).join('.')}: ${issue.message}`,
      )
  if (faults.length > 0 || !parsed.success) throw new ProfileError(source, faults)
  return parsed.data
}

interface Fault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** What one field cannot say alone. */
function crossChecks(profile: Profile): Fault[] {
  const scopes = new Set(profile.scopes.map((scope) => scope.name))
  const faults: Fault[] = []
  profile.defaultScopes.forEach((name, index) => {
    if (!scopes.has(name)) faults.push({ path: ['defaultScopes', index], message: `${name} is not among the scopes` })
  })
  profile.scopes.forEach((scope, index) => {
    for (const implied of scope.implies) {
      if (!scopes.has(implied)) {
        faults.push({ path: ['scopes', index, 'implies'], message: `${implied} is not among the scopes` })
      }
    }
  })
  profile.resources.forEach((resource, at) => {
    const own = new Set(resource.scopes.map((scope) => scope.name))
    const missing = (name: string): string => `${name} is not among the scopes of ${resource.name}`
    resource.defaultScopes.forEach((name, index) => {
      if (!own.has(name)) faults.push({ path: ['resources', at, 'defaultScopes', index], message: missing(name) })
    })
    resource.scopes.forEach((scope, index) => {
      const unknown = scope.implies.find((name) => !own.has(name))
      if (unknown !== undefined)
        faults.push({ path: ['resources', at, 'scopes', index, 'implies'], message: missing(unknown) })
    })
  })
  if ((profile.paths.sse === undefined) !== (profile.paths.messages === undefined)) {
    faults.push({ path: ['paths'], message: 'sse and messages go together' })
  }
  if (profile.tenancy.by === 'host' && profile.paths.sse !== undefined) {
    faults.push({ path: ['paths', 'sse'], message: 'HTTP+SSE is not served by host' })
  }
  profile.plans.withMcp.forEach((plan, index) => {
    if (!profile.plans.all.includes(plan)) {
      faults.push({ path: ['plans', 'withMcp', index], message: `${plan} is not among all plans` })
    }
  })
  return faults
}
