import type { Sites } from '@gatehouse/profiles'

/** Which `Host` and `Origin` values may use the endpoint: the guard against DNS rebinding. */
export interface Doors {
  readonly hosts: ReadonlySet<string>
  readonly origins: ReadonlySet<string>
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/**
 * The public URL's own host and origin, and what the operator adds. A server that is public as one loopback name answers to all of
 * them: they are one machine, and a page from elsewhere cannot claim any of them.
 */
export function doorsOf(publicUrl: string, hosts: readonly string[] = [], origins: readonly string[] = []): Doors {
  const { protocol, hostname, port, host, origin } = new URL(publicUrl)
  const suffix = port === '' ? '' : `:${port}`
  const names = LOOPBACK.includes(hostname) ? LOOPBACK.map((name) => `${name}${suffix}`) : [host]
  return {
    hosts: new Set([...names, ...hosts].map((name) => name.toLowerCase())),
    origins: new Set([origin, ...names.map((name) => `${protocol}//${name}`), ...origins].map((o) => o.toLowerCase())),
  }
}

/** Origins that browsers are told of: those of the doors, and by host each tenant's own, which the guard holds to its host. */
export const originsOf = (sites: Sites, { origins }: Doors): Pick<ReadonlySet<string>, 'has'> => ({
  has: (origin) => origins.has(origin) || (sites.byHost && isTenantOrigin(sites, origin)),
})

function isTenantOrigin(sites: Sites, origin: string): boolean {
  const slug = sites.slugOf(origin.slice(origin.indexOf('//') + 2))
  return slug !== undefined && sites.of(slug).origin === origin
}

/** A missing `Origin` is no browser and is allowed; a missing `Host` is not. */
export function judgeDoors(
  doors: Doors,
  host: string | undefined,
  origin: string | undefined,
): 'host.unknown' | 'origin.refused' | undefined {
  if (host === undefined || !(doors.hosts.has(host) || doors.hosts.has(host.toLowerCase()))) return 'host.unknown'
  if (origin !== undefined && !doors.origins.has(origin.toLowerCase())) return 'origin.refused'
  return undefined
}
