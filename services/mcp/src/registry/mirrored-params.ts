import { isObject } from '../protocol/classify.ts'
import type { JsonSchema } from './schemas.ts'

/** An argument that a client repeats in a header, for those on the way to route by (MCP 2026-07-28, `x-mcp-header`). */
export interface MirroredParam {
  /** Lower case, as Node names headers: `mcp-param-region`. */
  readonly header: string
  /** Members from the root of the arguments to it. */
  readonly path: readonly string[]
}

export const EXTENSION = 'x-mcp-header'
// RFC 9110 section 5.6.2.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const TYPES: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean'])
const SECRET = /password|secret|token|api[-_]?key|credential/i

/**
 * The mirrored arguments of a published schema, and what is wrong with how they are declared: clients leave out a tool whose declaration
 * is not to the letter. It stands only on primitive properties that `properties` alone lead to.
 */
export function mirroredParams(
  of: string,
  schema: JsonSchema,
): { readonly params: readonly MirroredParam[]; readonly faults: readonly string[] } {
  const params: MirroredParam[] = []
  const faults: string[] = []
  const reached = new Set<object>()
  const follow = (node: JsonSchema, path: readonly string[]): void => {
    const name = node[EXTENSION]
    if (name !== undefined && path.length > 0) {
      reached.add(node)
      const fault = paramFault(name, node, path, params)
      if (fault !== undefined) faults.push(`${of}: ${EXTENSION} of ${path.join('.')} ${fault}`)
      else params.push({ header: `mcp-param-${String(name).toLowerCase()}`, path })
    }
    if (!isObject(node.properties)) return
    for (const [key, member] of Object.entries(node.properties)) if (isObject(member)) follow(member, [...path, key])
  }
  follow(schema, [])
  if (elsewhere(schema, reached)) faults.push(`${of}: ${EXTENSION} stands where \`properties\` alone do not lead`)
  return { params, faults }
}

function paramFault(
  name: unknown,
  node: JsonSchema,
  path: readonly string[],
  known: readonly MirroredParam[],
): string | undefined {
  if (typeof name !== 'string' || !TOKEN.test(name)) return 'is not the name of a header'
  if (!TYPES.has(node.type)) return 'stands on something other than a string, an integer or a boolean'
  if (known.some(({ header }) => header === `mcp-param-${name.toLowerCase()}`)) return `repeats the name ${name}`
  if (SECRET.test(name) || SECRET.test(path.join('.'))) return 'would show a secret to everybody on the way'
  return undefined
}

function elsewhere(node: unknown, reached: ReadonlySet<object>): boolean {
  if (Array.isArray(node)) return node.some((item) => elsewhere(item, reached))
  if (!isObject(node)) return false
  if (Object.hasOwn(node, EXTENSION) && !reached.has(node)) return true
  return Object.values(node).some((value) => elsewhere(value, reached))
}
