import type { z } from 'zod'
import { isObject } from '../protocol/classify.ts'
import { toJsonSchema } from './schemas.ts'

/** An argument of a prompt, as it is listed. */
export interface PromptArgument {
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly required: boolean
}

/** The arguments that a schema of strings names, in its order. */
export function promptArguments(
  of: string,
  schema: z.ZodObject,
): { readonly arguments: readonly PromptArgument[]; readonly faults: readonly string[] } {
  const { properties, required } = toJsonSchema(schema, 'input')
  const needed = new Set(Array.isArray(required) ? required : [])
  const faults: string[] = []
  const named = Object.entries(isObject(properties) ? properties : {}).map(([name, member]) => {
    const { type, enum: choices, title, description } = isObject(member) ? member : {}
    if (type !== 'string' && choices === undefined) faults.push(`${of}: the argument ${name} is no string`)
    return {
      name,
      ...(typeof title === 'string' ? { title } : {}),
      ...(typeof description === 'string' ? { description } : {}),
      required: needed.has(name),
    }
  })
  return { arguments: named, faults }
}
