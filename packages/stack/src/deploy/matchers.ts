/** How others choose by their rules: what Kubernetes, the Gateway API and nginx document of the order of their matches. */

interface Rule {
  readonly exact: boolean
  readonly path: string
  readonly to: string
}

/** Element by element: `/a` takes `/a`, `/a/` and `/a/b`, and not `/ab`. */
const isBelow = (path: string, prefix: string): boolean =>
  path === prefix || path.startsWith(`${prefix.replace(/\/$/, '')}/`)

/** An exact match before all prefixes, then the longest prefix: Ingress ("multiple matches") and HTTPRoute (`matches`) alike. */
function chosen(rules: readonly Rule[], path: string): string | undefined {
  const [best] = rules
    .filter((rule) => (rule.exact ? rule.path === path : isBelow(path, rule.path)))
    .sort((a, b) => Number(b.exact) - Number(a.exact) || b.path.length - a.path.length)
  return best?.to
}

/** `*.example.com` stands for one label. */
const fitsHost = (pattern: string, host: string): boolean =>
  pattern.startsWith('*.') ? host.slice(host.indexOf('.')) === pattern.slice(1) : pattern === host

export interface IngressLike {
  readonly spec: {
    readonly rules: readonly {
      readonly host: string
      readonly http: {
        readonly paths: readonly {
          readonly path: string
          readonly pathType: string
          readonly backend: { readonly service: { readonly name: string } }
        }[]
      }
    }[]
  }
}

/** The service to which an Ingress sends a path. */
export function byIngress(ingress: IngressLike, host: string, path: string): string | undefined {
  const rules = ingress.spec.rules.filter((rule) => fitsHost(rule.host, host))
  const paths = rules.flatMap(({ http }) => http.paths)
  return chosen(
    paths.map((one) => ({ exact: one.pathType === 'Exact', path: one.path, to: one.backend.service.name })),
    path,
  )
}

export interface HttpRouteLike {
  readonly spec: {
    readonly hostnames: readonly string[]
    readonly rules: readonly {
      readonly matches: readonly { readonly path: { readonly type: string; readonly value: string } }[]
      readonly backendRefs: readonly { readonly name: string }[]
    }[]
  }
}

/** The service to which an HTTPRoute sends a path. */
export function byHttpRoute(route: HttpRouteLike, host: string, path: string): string | undefined {
  if (!route.spec.hostnames.some((pattern) => fitsHost(pattern, host))) return undefined
  const rules = route.spec.rules.flatMap(({ matches, backendRefs }) =>
    matches.map((match) => ({
      exact: match.path.type === 'Exact',
      path: match.path.value,
      to: backendRefs[0]?.name ?? '',
    })),
  )
  return chosen(rules, path)
}

/** The server that nginx takes for a host: an exact name before a regular expression, else the default one. */
function serverOf(config: string, host: string): string {
  const servers = config.split(/^server \{$/m).slice(1)
  const named = servers.map((text) => ({ text, names: /server_name (.*);/.exec(text)?.[1]?.split(' ') ?? [] }))
  const exact = named.find(({ names }) => names.includes(host))
  const fits = (name: string): boolean => name.startsWith('~') && new RegExp(name.slice(1)).test(host)
  const chosen = exact ?? named.find(({ names }) => names.some(fits))
  return chosen?.text ?? servers.find((text) => text.includes('default_server')) ?? ''
}

/** The service that nginx's locations choose: `=` first, then the longest text that a path begins with. */
export function byNginx(config: string, host: string, path: string): string | undefined {
  const locations = [...serverOf(config, host).matchAll(/location (= )?(\S+) \{ set \$node ([a-z]+):/g)]
  const [, , , exact] = locations.find(([, sign, match]) => sign !== undefined && match === path) ?? []
  if (exact !== undefined) return exact
  const [longest] = locations
    .filter(([, sign, match = '']) => sign === undefined && path.startsWith(match))
    .sort(([, , a = ''], [, , b = '']) => b.length - a.length)
  return longest?.[3]
}
