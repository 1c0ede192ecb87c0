import { z } from 'zod'

export type JsonSchema = Readonly<Record<string, unknown>>

/** JSON Schema 2020-12 of what a client sends (`input`) or gets (`output`). @throws when zod cannot express it */
export const toJsonSchema = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema =>
  z.toJSONSchema(schema, { target: 'draft-2020-12', io })

/**
 * What must not stand in a published schema: a root that is no object, a reference that leaves the document, and `x-mcp-header`, which
 * promises a check of `Mcp-Param-*` headers that is not made yet.
 */
export function schemaFaults(of: string, schema: JsonSchema): string[] {
  const faults = schema.type === 'object' ? [] : [`${of}: the root of a schema must be an object`]
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const item of node) walk(item)
      return
    }
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if (key === '$ref' && typeof value === 'string' && !value.startsWith('#')) {
        faults.push(`${of}: $ref ${value} leaves the document`)
      }
      if (key === 'x-mcp-header') faults.push(`${of}: x-mcp-header is not supported`)
      walk(value)
    }
  }
  walk(schema)
  return faults
}
