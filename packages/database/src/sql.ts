import type { Sql } from './port.ts'

class Fragment implements Sql {
  readonly strings: readonly string[]
  readonly values: readonly unknown[]
  #text: string | undefined
  constructor(strings: readonly string[], values: readonly unknown[], text?: string) {
    this.strings = strings
    this.values = values
    this.#text = text
  }
  get text(): string {
    this.#text ??= textOf(this.strings)
    return this.#text
  }
}

const textOf = (strings: readonly string[]): string => strings.reduce((text, part, n) => `${text}$${n}${part}`)

/** What a template comes to with these fragments in it. */
interface Shape {
  /** The strings of each part that is a fragment. */
  readonly nested: readonly (readonly string[] | undefined)[]
  readonly strings: readonly string[]
  readonly text: string
}

/** A template is put together once for each set of fragments: the same text is then the same string, which is cheap to look up. */
const shapes = new WeakMap<TemplateStringsArray, Shape[]>()
const MOST_SHAPES = 8

/** A statement with its values apart: `` sql`select * from auth.grants where id = ${id}` ``. Fragments nest. */
export function sql(strings: TemplateStringsArray, ...parts: readonly unknown[]): Sql {
  const nested = parts.map((part) => (part instanceof Fragment ? part.strings : undefined))
  const values = parts.flatMap((part) => (part instanceof Fragment ? part.values : [part]))
  const known = shapes.get(strings) ?? []
  const found = known.find((shape) => shape.nested.every((one, n) => one === nested[n]))
  if (found !== undefined) return new Fragment(found.strings, values, found.text)
  const glued = glue(strings, nested)
  const shape = { nested, strings: glued, text: textOf(glued) }
  if (known.length < MOST_SHAPES) shapes.set(strings, [...known, shape])
  return new Fragment(shape.strings, values, shape.text)
}

/** The strings between the values, those of the fragments let in. */
function glue(strings: readonly string[], nested: Shape['nested']): readonly string[] {
  const glued = [strings[0] ?? '']
  const append = (text: string) => glued.push(`${glued.pop() ?? ''}${text}`)
  nested.forEach((fragment, n) => {
    if (fragment === undefined) glued.push('')
    else {
      append(fragment[0] ?? '')
      glued.push(...fragment.slice(1))
    }
    append(strings[n + 1] ?? '')
  })
  return glued
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
