import type { FastifyInstance } from 'fastify'

/** The methods that a path is served with, in the order of their routes; none for a path that nobody serves. */
export type MethodsAt = (path: string) => readonly string[]

/**
 * Follows every route that is added from here on, so that a request with another method than those of its path is answered 405 with
 * `Allow` (RFC 9110 section 15.5.6) and not as if the path were not there.
 */
export function followMethods(server: FastifyInstance): MethodsAt {
  const routes = new Map<string, { readonly fits: (path: string) => boolean; readonly methods: Set<string> }>()
  server.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { fits: matcherOf(url), methods: new Set() }
    routes.set(url, route)
    for (const one of [method].flat()) route.methods.add(one)
  })
  return (path) => {
    const decoded = decode(path)
    if (decoded === undefined) return []
    const fitting = [...routes.values()].filter(({ fits }) => fits(decoded))
    return [...new Set(fitting.flatMap(({ methods }) => [...methods]))]
  }
}

/** `:name` is one segment, `*` at the end all that follows. */
function matcherOf(url: string): (path: string) => boolean {
  const segments = url.split('/').map((segment) => {
    if (segment === '*') return '.*'
    return segment.startsWith(':') ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  const pattern = new RegExp(`^${segments.join('/')}$`)
  return (path) => pattern.test(path)
}

function decode(path: string): string | undefined {
  try {
    return decodeURI(path)
  } catch {
    return undefined
  }
}
