import { z } from 'zod'
import { profileSchema } from './schema.ts'

interface Field {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly items?: Field
  readonly properties?: Readonly<Record<string, Field>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Field | boolean
}

interface Row {
  readonly name: string
  readonly type: string
  /** JSON, `required`, or empty for a field that may be left out. */
  readonly preset: string
  readonly meaning: string
}

/** `docs/profiles.md`: every field of a profile, from the schema's own descriptions. */
export function profileDocument(): string {
  const schema = z.toJSONSchema(profileSchema, { io: 'input' }) as Field
  const lines = rowsOf(schema, '').map(
    ({ name, type, preset, meaning }) => `| \`${name}\` | ${type} | ${preset} | ${cell(meaning)} |`,
  )
  return `# Profiles

A profile is what one deployment shows to the outside: names, paths, scopes, plans and limits. It is data, written in YAML or
JSON, and read at start. All faults of a file are reported at once, each with its line. \`GATEHOUSE_PROFILE\` names a profile
that comes with Gatehouse (\`packages/profiles/profiles/\`) or the path of a file.

This page is made from the schema (\`packages/profiles/src/schema.ts\`); \`node --import tsx packages/profiles/src/write-document.ts\`
writes it anew.

| Field | Type | Default | Meaning |
| --- | --- | --- | --- |
${lines.join('\n')}

Beyond single fields: \`defaultScopes\` and \`implies\` name declared scopes, of which no two have one name; \`plans.withMcp\` names
plans of \`plans.all\`; \`paths.sse\` and \`paths.messages\` go together, and no two paths are one; \`apiKeyInQuery\` needs \`api-key\`
among the credentials.
`
}

function rowsOf(schema: Field, prefix: string): Row[] {
  const required = new Set(schema.required ?? [])
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const name = `${prefix}${key}`
    if (field.properties !== undefined) return rowsOf(field, `${name}.`)
    if (field.items?.properties !== undefined) return rowsOf(field.items, `${name}[].`)
    const preset =
      field.default !== undefined ? `\`${JSON.stringify(field.default)}\`` : required.has(key) ? 'required' : ''
    return [{ name, type: typeOf(field), preset, meaning: field.description ?? '' }]
  })
}

function typeOf(field: Field): string {
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(', ')
  if (field.items !== undefined) return `list of ${typeOf(field.items)}${field.minItems ? ', at least one' : ''}`
  if (typeof field.additionalProperties === 'object') return `map to ${typeOf(field.additionalProperties)}`
  const least = field.minimum ?? (field.exclusiveMinimum === undefined ? undefined : field.exclusiveMinimum + 1)
  const most = field.maximum === Number.MAX_SAFE_INTEGER ? undefined : field.maximum
  const range = [least === undefined ? '' : `from ${least}`, most === undefined ? '' : `to ${most}`].filter(Boolean)
  const size = field.maxLength === undefined ? [] : [`up to ${field.maxLength} characters`]
  return [field.type ?? 'any', ...(range.length > 0 ? [range.join(' ')] : []), ...size].join(', ')
}

/** A vertical bar would end the cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|')
