import { z } from 'zod'
import { isSlow } from './patterns.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** JSON Schema 2020-12 of what a client sends (`input`) or gets (`output`). @throws when zod cannot express it */
export const toJsonSchema = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema =>
  z.toJSONSchema(schema, { target: 'draft-2020-12', io })

const DIALECTS: ReadonlySet<unknown> = new Set([
  'https://json-schema.org/draft/2020-12/schema',
  'https://json-schema.org/draft/2020-12/schema#',
])

/** What must not stand in a published schema: a root that is no object, a dialect that is not ours, a reference that leaves the document, a pattern with which a text can hold up a node. */
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
      for (const pattern of patternsOf(key, value)) {
        if (isSlow(pattern)) faults.push(`${of}: the pattern ${pattern} takes too long for some texts`)
      }
      walk(value)
    }
  }
  walk(schema)
  return faults
}

function patternsOf(key: string, value: unknown): readonly string[] {
  if (key === 'pattern' && typeof value === 'string') return [value]
  return key === 'patternProperties' && typeof value === 'object' && value !== null ? Object.keys(value) : []
}
