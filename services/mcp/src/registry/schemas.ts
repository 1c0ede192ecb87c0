import { z } from 'zod'

export type JsonSchema = Readonly<Record<string, unknown>>

/** JSON Schema 2020-12 of what a client sends (`input`) or gets (`output`). @throws when zod cannot express it */
export const toJsonSchema = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema =>
  z.toJSONSchema(schema, { target: 'draft-2020-12', io })

const DIALECTS: ReadonlySet<unknown> = new Set([
  'https://json-schema.org/draft/2020-12/schema',
  'https://json-schema.org/draft/2020-12/schema#',
])

/** What must not stand in a published schema: a root that is no object, a dialect that is not ours, a reference that leaves the document. */
export function schemaFaults(of: string, schema: JsonSchema): string[] {
  const faults = schema.type === 'object' ? [] : [`${of}: the root of a schema must be an object`]
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const item of node) walk(item)
      return
    }
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if (key === '$schema' && typeof value === 'string' && !DIALECTS.has(value)) {
        faults.push(`${of}: the dialect ${value} is not supported; JSON Schema 2020-12 is`)
      }
      if (key === '$ref' && typeof value === 'string' && !value.startsWith('#')) {
        faults.push(`${of}: $ref ${value} leaves the document`)
      }
      walk(value)
    }
  }
  walk(schema)
  return faults
}
