import { OFFLINE } from './offered.ts'

const TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]+$/

/** The scope tokens of a parameter, duplicates left out; `undefined` where it is malformed (RFC 6749 section 3.3). */
export function readScopes(value: string): readonly string[] | undefined {
  const names = value.split(' ')
  return names.every((name) => TOKEN.test(name)) ? [...new Set(names)] : undefined
}

/**
 * What an authorization request asks for. Unknown scopes are left out, and the token answer names what was granted; only when
 * nothing known remains is the request refused (`undefined`). No scope at all means the default, if there is one.
 */
export function askedScopes(
  value: string | undefined,
  offered: ReadonlySet<string>,
  byDefault: readonly string[],
): readonly string[] | undefined {
  if (value === undefined) return byDefault.length === 0 ? undefined : byDefault
  const known = readScopes(value)?.filter((name) => offered.has(name))
  return known === undefined || known.length === 0 ? undefined : known
}

/**
 * What a refresh asks for: all that was granted, or some of it. Anything more is refused (`undefined`), except `offline_access`, which
 * clients repeat from their first request whether they got it or not.
 */
export function refreshedScopes(value: string | undefined, granted: readonly string[]): readonly string[] | undefined {
  if (value === undefined) return granted
  const asked = readScopes(value)?.filter((name) => name !== OFFLINE || granted.includes(name))
  if (asked === undefined || asked.length === 0) return undefined
  return asked.every((name) => granted.includes(name)) ? asked : undefined
}
