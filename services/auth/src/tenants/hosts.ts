import type { Database } from '@gatehouse/database'
import { decideHost } from '@gatehouse/policy'
import { type Profile, rulesOf, type Site, type Sites } from '@gatehouse/profiles'
import { type App, createServer, type ServerOptions } from '@gatehouse/service'
import { createMetrics, type Logger } from '@gatehouse/telemetry'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { tenant_get_by_slug } from './tenants.store.ts'

/**
 * Beyond so many, the host that was asked for longest ago is opened anew when it is asked for again. One holds 1.4 MB: whoever asks for all
 * of them must not fill the process.
 */
const MAX_OPEN = 100

export interface HostsDeps {
  readonly profile: Profile
  readonly sites: Sites
  readonly db: Database
  readonly log: Logger
  readonly trustedProxies?: readonly string[] | undefined
  readonly notFound: NonNullable<ServerOptions['notFound']>
  /** The routes of one tenant's own authorization server. */
  readonly open: (site: Site, tenantId: string) => App
}

/**
 * By host: what comes for a tenant's host is answered by a server of that tenant, whose issuer, resource, clients, sessions and consents are its
 * own; keys and rows are shared. Who is no tenant is not there. Without MCP in the plan there is nothing to authorize for, and no discovery.
 */
export function serveTenantHosts(server: FastifyInstance, deps: HostsDeps): void {
  const { profile, sites, db } = deps
  const rules = rulesOf(profile)
  const isOfMcp = matcherOfMcp(profile)
  const opened = new Map<string, Promise<FastifyInstance>>()

  const serverOf = (site: Site, tenantId: string): Promise<FastifyInstance> => {
    const key = `${site.slug} ${tenantId}`
    const known = opened.get(key) ?? openServer(deps, site, tenantId)
    opened.delete(key)
    opened.set(key, known)
    // One that could not be opened is tried again.
    known.catch(() => opened.delete(key))
    const [oldest] = opened.size > MAX_OPEN ? opened.keys() : []
    if (oldest !== undefined) {
      const closing = opened.get(oldest)
      opened.delete(oldest)
      void closing
        ?.then((one) => one.close())
        .catch((error: unknown) => deps.log.warn({ err: error }, 'a host did not close'))
    }
    return known
  }

  server.addHook('onRequest', async (request, reply) => {
    const slug = sites.slugOf(request.host)
    if (slug === undefined) return
    const tenant = await db.asPlatform('host', (tx) => tenant_get_by_slug(tx, slug))
    // The route that was found, and not what the client wrote: `/oauth/%61uthorize` is the same path.
    const path = request.routeOptions.url ?? ''
    const there = tenant !== undefined && (decideHost({ ...tenant, tenant: tenant.id }, rules).allow || !isOfMcp(path))
    if (!there) return absent(reply)
    const own = await serverOf(sites.of(slug), tenant.id)
    reply.hijack()
    request.raw.headers['x-request-id'] = request.id
    own.routing(request.raw, reply.raw)
  })
  server.addHook('onClose', async () => {
    for (const one of opened.values()) await one.then((own) => own.close()).catch(() => undefined)
  })
}

async function openServer(deps: HostsDeps, site: Site, tenantId: string): Promise<FastifyInstance> {
  const { log, notFound, trustedProxies } = deps
  const own = createServer({
    // Each answer is told once, by the server that was asked.
    log: log.child({ host: new URL(site.origin).host }, { level: log.isLevelEnabled('info') ? 'warn' : log.level }),
    metrics: createMetrics({ process: false }),
    ready: [],
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
    notFound,
  })
  await own.register(deps.open(site, tenantId))
  await own.ready()
  return own
}

/** Discovery, registration and authorization: without MCP in the plan there is nothing that they could be for. */
function matcherOfMcp({ paths }: Profile): (path: string) => boolean {
  const below = [
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    paths.register,
    paths.mcp,
  ]
  const exact = new Set(['/oauth/authorize', '/oauth/par'])
  return (path) => exact.has(path) || below.some((start) => path === start || path.startsWith(`${start}/`))
}

const absent = (reply: FastifyReply) =>
  reply.code(404).send({ error: 'not_found', error_description: 'Nothing is served at this path.' })
