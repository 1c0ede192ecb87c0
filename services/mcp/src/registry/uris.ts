/** A resource path with its variables: `projects/{projectId}/entries`. */
export interface PathPattern {
  readonly path: string
  readonly variables: readonly string[]
  /** The same for two patterns that would match the same URIs. */
  readonly shape: string
  /** The values, decoded, when the path (without scheme) fits. */
  match(path: string): Readonly<Record<string, string>> | undefined
}

const SEGMENT = /^(?:\{[A-Za-z][A-Za-z0-9_]*\}|[A-Za-z0-9._~-]+)$/
const MAX_URI = 2_048
// RFC 3986 section 2.3: nothing else stands for itself inside a variable, so that one resource has one URI.
const VALUE = /^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+$/

/** @throws TypeError for a path that is no sequence of plain segments and `{variables}` */
export function compilePath(path: string): PathPattern {
  const segments = path.split('/')
  const fault = segments.find((segment) => !SEGMENT.test(segment))
  if (fault !== undefined)
    throw new TypeError(`"${path}" has a segment that is neither plain nor one {variable}: "${fault}"`)
  const variables = segments.filter(isVariable).map((segment) => segment.slice(1, -1))
  if (new Set(variables).size !== variables.length) throw new TypeError(`"${path}" names a variable twice`)
  return {
    path,
    variables,
    shape: segments.map((segment) => (isVariable(segment) ? '{}' : segment)).join('/'),
    match: (given) => matchSegments(segments, given.split('/')),
  }
}

const isVariable = (segment: string): boolean => segment.startsWith('{')

function matchSegments(
  segments: readonly string[],
  given: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (segments.length !== given.length) return undefined
  const values: Record<string, string> = {}
  for (const [at, segment] of segments.entries()) {
    const part = given[at] ?? ''
    if (!isVariable(segment)) {
      if (segment !== part) return undefined
      continue
    }
    const value = decodeValue(part)
    if (value === undefined) return undefined
    values[segment.slice(1, -1)] = value
  }
  return values
}

function decodeValue(part: string): string | undefined {
  if (!VALUE.test(part)) return undefined
  try {
    const value = decodeURIComponent(part)
    // A second spelling of the same value would be a second URI for the same thing; a dot segment would be another path.
    return encodeURIComponent(value) === part && value !== '.' && value !== '..' ? value : undefined
  } catch {
    return undefined
  }
}

/** The path of a URI of this scheme, or `undefined` for anything else: other schemes, relative references, overlong text. */
export function pathOf(scheme: string, uri: unknown): string | undefined {
  if (typeof uri !== 'string' || uri.length > MAX_URI || !uri.startsWith(`${scheme}://`)) return undefined
  return uri.slice(scheme.length + 3)
}

export const uriOf = (scheme: string, path: string): string => `${scheme}://${path}`
