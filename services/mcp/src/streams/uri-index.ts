/** Who listens to which URI of which tenant: finding the listeners of a change costs as much as there are listeners. */
export interface UriIndex<S> {
  add(tenant: string, uri: string, listener: S): void
  remove(tenant: string, uri: string, listener: S): void
  listeners(tenant: string, uri: string): ReadonlySet<S>
}

export function createUriIndex<S>(): UriIndex<S> {
  const tenants = new Map<string, Map<string, Set<S>>>()
  const nobody: ReadonlySet<S> = new Set()
  return {
    add(tenant, uri, listener) {
      const uris = tenants.get(tenant) ?? new Map<string, Set<S>>()
      tenants.set(tenant, uris)
      const listeners = uris.get(uri)
      if (listeners === undefined) uris.set(uri, new Set([listener]))
      else listeners.add(listener)
    },
    remove(tenant, uri, listener) {
      const uris = tenants.get(tenant)
      const listeners = uris?.get(uri)
      if (uris === undefined || listeners === undefined) return
      listeners.delete(listener)
      if (listeners.size > 0) return
      uris.delete(uri)
      if (uris.size === 0) tenants.delete(tenant)
    },
    listeners: (tenant, uri) => tenants.get(tenant)?.get(uri) ?? nobody,
  }
}
