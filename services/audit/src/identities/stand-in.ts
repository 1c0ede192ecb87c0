/** What stands in the log where the id of a person would, outside of the actor's column. */
export const standInOf = (identity: string): string => `person:${identity}`

const STAND_IN = /^person:([0-9a-f]{64})$/

/** The salted hash in it; nothing when the text is no stand-in. */
export const identityIn = (text: string): string | undefined => STAND_IN.exec(text)?.[1]

/** The id of the person that it was done to, or what stands for it: `object` of the events of ours. */
export function objectPersonOf({ object }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof object !== 'object' || object === null) return undefined
  const { kind, id } = object as { readonly kind?: unknown; readonly id?: unknown }
  return kind === 'person' && typeof id === 'string' && id !== '' ? id : undefined
}

/** The same JSON with other texts in the place of these, wherever they stand as a whole. */
export function withTexts(value: unknown, texts: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return texts.get(value) ?? value
  if (Array.isArray(value)) return value.map((inner) => withTexts(inner, texts))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withTexts(inner, texts)]))
}
