/**
 * A filter as a regular expression that JavaScript and PostgreSQL read alike: `*` is one token, a final `>` is one or
 * more.
 */
export function subjectPattern(filter: string): string {
  const tokens = filter.split('.').map((token, index, all) => {
    if (token === '*') return '[^.]+'
    if (token === '>' && index === all.length - 1) return '.+'
    return token.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  })
  return `^${tokens.join('\\.')}$`
}

/** Does a subject fall under a filter with NATS wildcards? */
export function matchesSubject(filter: string, subject: string): boolean {
  return new RegExp(subjectPattern(filter)).test(subject)
}

/** `true` for a subject that can be published to: tokens without wildcards or white space, none of them empty. */
export function isLiteralSubject(subject: string): boolean {
  return /^[^\s.*>]+(\.[^\s.*>]+)*$/.test(subject)
}
