/**
 * The form in which resource identifiers are compared: scheme and host in lower case, no default port, and an origin
 * with or without its slash alike (`https://h` is `https://h/`). Nothing else is normalised: a path is compared as it is.
 * What is no absolute URI is returned unchanged.
 */
export function canonicalResource(identifier: string): string {
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s.exec(identifier)
  if (parts === null) return identifier
  const [, scheme = '', authority = '', rest = ''] = parts
  const lower = scheme.toLowerCase()
  const port = DEFAULT_PORTS[lower]
  const host = authority.toLowerCase()
  const plain = port !== undefined && host.endsWith(port) ? host.slice(0, -port.length) : host
  return `${lower}://${plain}${rest === '/' ? '' : rest}`
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: ':80', https: ':443' }
