import type { IncomingHttpHeaders } from 'node:http'

/**
 * How long an answer says that it stays good (RFC 9111 section 4.2), in seconds: 0 when it must not be reused unasked, `undefined` when it
 * does not say. Whoever asks sets bounds of their own.
 */
export function cacheSeconds(headers: Pick<IncomingHttpHeaders, 'cache-control' | 'age'>): number | undefined {
  const directives = new Map<string, string>()
  for (const directive of headers['cache-control']?.split(',') ?? []) {
    const [name = '', value = ''] = directive.trim().toLowerCase().split('=', 2)
    if (!directives.has(name)) directives.set(name, value.replace(/^"(.*)"$/, '$1'))
  }
  if (directives.has('no-store') || directives.has('no-cache')) return 0
  const told = directives.get('s-maxage') ?? directives.get('max-age')
  if (told === undefined || !/^\d{1,12}$/.test(told)) return undefined
  const age = /^\d{1,12}$/.test(headers.age ?? '') ? Number(headers.age) : 0
  return Math.max(0, Number(told) - age)
}
