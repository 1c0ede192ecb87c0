import type { Sql } from './port.ts'

class Fragment implements Sql {
  readonly strings: readonly string[]
  readonly values: readonly unknown[]
  constructor(strings: readonly string[], values: readonly unknown[]) {
    this.strings = strings
    this.values = values
  }
  get text(): string {
    return this.strings.reduce((text, part, n) => `${text}$${n}${part}`)
  }
}

/** A statement with its values apart: `` sql`select * from auth.grants where id = ${id}` ``. Fragments nest. */
export function sql(strings: TemplateStringsArray, ...parts: readonly unknown[]): Sql {
  const texts = [strings[0] ?? '']
  const values: unknown[] = []
  const glue = (text: string) => texts.push(`${texts.pop() ?? ''}${text}`)
  parts.forEach((part, n) => {
    if (part instanceof Fragment) {
      glue(part.strings[0] ?? '')
      texts.push(...part.strings.slice(1))
      values.push(...part.values)
    } else {
      texts.push('')
      values.push(part)
    }
    glue(strings[n + 1] ?? '')
  })
  return new Fragment(texts, values)
}

/** A name as part of the statement, quoted; dots separate: `ident('tracker.entries')` is `"tracker"."entries"`. */
export const ident = (name: string): Sql => new Fragment([quoteIdentifier(name)], [])

/** @throws TypeError for a name that is empty or has a NUL */
export function quoteIdentifier(name: string): string {
  if (!/^[^\0.]+(\.[^\0.]+)*$/.test(name)) throw new TypeError('not a name for SQL')
  return name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')
}

/** A value for a `json` or `jsonb` column. Needed for arrays and for bare strings; plain objects are written as JSON anyway. */
export const json = (value: unknown): string => JSON.stringify(value)

/** The fragments with a separator between: `` sql`where ${join(conditions, ' and ')}` ``. */
export function join(parts: readonly Sql[], separator: ', ' | ' and ' | ' or '): Sql {
  const strings = ['', ...parts.slice(1).map(() => separator), ''] as unknown as TemplateStringsArray
  return parts.length === 0 ? new Fragment([''], []) : sql(strings, ...parts)
}
