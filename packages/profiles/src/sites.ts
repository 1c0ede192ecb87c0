import type { Profile } from './schema.ts'

/** What one authorization server and its MCP resource are called; a deployment by host has one for each tenant, and one of its own. */
export interface Site {
  /** Of the tenant whose host it is; absent: the deployment's own. */
  readonly slug?: string
  readonly origin: string
  readonly issuer: string
  /** Identifier of the MCP endpoint: the audience of its tokens. */
  readonly resource: string
}

export interface Sites {
  readonly byHost: boolean
  /** The public URL's own. */
  readonly own: Site
  /** The tenant whose host it is, by its form alone: nobody may be called so. */
  slugOf(host: string): string | undefined
  /** The tenant whose issuer it is, by its form alone. */
  slugOfIssuer(issuer: string): string | undefined
  of(slug: string): Site
}

/** Whether tokens speak for the organisation that their person has selected now, and not for the one of their grant. */
export const followsSelection = ({ tenancy }: Pick<Profile, 'tenancy'>): boolean =>
  tenancy.by === 'account' && tenancy.account === 'follow'

/** One label of a host name. */
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** The names of a deployment, from its profile and its public URL and from nothing that a request says. */
export function sitesOf(profile: Pick<Profile, 'tenancy' | 'paths'>, publicUrl: string): Sites {
  const { tenancy, paths } = profile
  const { protocol, host: base } = new URL(publicUrl)
  const suffix = tenancy.host.slice('{tenant}'.length).replace('{host}', base)
  const path = tenancy.issuer === 'mcp-path' ? paths.mcp : ''
  const own: Site = { origin: publicUrl, issuer: publicUrl, resource: `${publicUrl}${paths.mcp}` }
  const byHost = tenancy.by === 'host'

  const slugOf = (host: string): string | undefined => {
    const lower = host.toLowerCase()
    if (!byHost || !lower.endsWith(suffix)) return undefined
    const slug = lower.slice(0, -suffix.length)
    return SLUG.test(slug) ? slug : undefined
  }
  return {
    byHost,
    own,
    slugOf,
    slugOfIssuer(issuer) {
      const start = `${protocol}//`
      if (!issuer.startsWith(start) || !issuer.endsWith(path)) return undefined
      const host = issuer.slice(start.length, issuer.length - path.length)
      return host === host.toLowerCase() ? slugOf(host) : undefined
    },
    of(slug) {
      const origin = `${protocol}//${slug}${suffix}`
      return { slug, origin, issuer: `${origin}${path}`, resource: `${origin}${paths.mcp}` }
    },
  }
}
