import { createHash } from 'node:crypto'
import { decideHost, type Rules } from '@gatehouse/policy'
import { type Profile, type Sites, sitesOf } from '@gatehouse/profiles'
import type { FeedView } from '@gatehouse/token'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const ALLOW = 'GET, HEAD, OPTIONS'

/** Names of this resource, all from the public URL: what clients compare must not depend on a request's headers. */
export interface ResourceNames {
  /** The MCP endpoint's URL: the identifier of the resource and the audience of its tokens. */
  readonly resource: string
  /** Where its metadata is (RFC 9728 section 3.1: the well-known path goes between host and path). */
  readonly metadataUrl: string
}

export const resourceNames = (publicUrl: string, profile: Profile): ResourceNames =>
  namesOf(publicUrl, profile.paths.mcp)

/** Names of the resource of HTTP+SSE, where the profile has it: a token for one is none for the other. */
export function sseResourceNames(publicUrl: string, { paths: { sse } }: Profile): ResourceNames | undefined {
  return sse === undefined ? undefined : namesOf(publicUrl, sse)
}

const namesOf = (publicUrl: string, path: string): ResourceNames => ({
  resource: `${publicUrl}${path}`,
  metadataUrl: `${publicUrl}${WELL_KNOWN}${path}`,
})

/** Scopes that a challenge and the metadata may name: those that narrow are never demanded. */
export const advertisedScopes = (profile: Profile): readonly string[] =>
  profile.scopes.filter((scope) => !scope.narrowing).map((scope) => scope.name)

/** The protected-resource metadata document (RFC 9728 section 2). */
export function protectedResource(deps: {
  readonly profile: Profile
  readonly publicUrl: string
  readonly issuer: string
  /** Default: the MCP endpoint. */
  readonly resource?: string
}) {
  return {
    resource: deps.resource ?? resourceNames(deps.publicUrl, deps.profile).resource,
    authorization_servers: [deps.issuer],
    scopes_supported: advertisedScopes(deps.profile),
    bearer_methods_supported: ['header'],
    resource_name: deps.profile.server.title,
  }
}

/** Serves the document at the path-inserted and the root URL, to every origin: it holds nothing secret and asks for no credential. */
export function addMetadata(
  server: FastifyInstance,
  deps: {
    readonly profile: Profile
    readonly publicUrl: string
    readonly issuer: string
    readonly feed: Pick<FeedView, 'tenantBySlug'>
    readonly rules: Rules
  },
): void {
  const { profile, publicUrl } = deps
  // A resource that takes API keys alone has no authorization server to point to.
  if (!profile.credentials.includes('oauth')) return
  const places = [WELL_KNOWN, `${WELL_KNOWN}${profile.paths.mcp}`]
  const sites = sitesOf(profile, publicUrl)
  if (sites.byHost) {
    addDocument(server, places, ({ host }) => documentAt(host, sites, deps))
    return
  }
  addDocument(server, places, fixed(protectedResource(deps)))
  const resource = sseResourceNames(publicUrl, profile)?.resource
  if (resource === undefined) return
  addDocument(server, [`${WELL_KNOWN}${profile.paths.sse}`], fixed(protectedResource({ ...deps, resource })))
}

/** The document of a tenant's host; none where there is no such tenant, or its plan has no MCP. */
function documentAt(
  host: string,
  sites: Sites,
  { profile, feed, rules }: Parameters<typeof addMetadata>[1],
): Document | undefined {
  const slug = sites.slugOf(host)
  if (slug === undefined || !decideHost(feed.tenantBySlug(slug), rules).allow) return undefined
  const { origin, issuer } = sites.of(slug)
  return documentOf(protectedResource({ profile, publicUrl: origin, issuer }))
}

interface Document {
  readonly body: string
  readonly etag: string
}

function documentOf(document: unknown): Document {
  const body = JSON.stringify(document)
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` }
}

const fixed = (document: unknown) => {
  const made = documentOf(document)
  return () => made
}

function addDocument(
  server: FastifyInstance,
  urls: readonly string[],
  documentFor: (request: FastifyRequest) => Document | undefined,
): void {
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    const document = documentFor(request)
    if (document === undefined) return reply.callNotFound()
    const { body, etag } = document
    reply.headers({ 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=3600', etag })
    if (request.headers['if-none-match'] === etag) return reply.code(304).send()
    return reply.type('application/json').send(body)
  }
  const preflight = (_request: FastifyRequest, reply: FastifyReply) =>
    reply
      .code(204)
      .headers({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': ALLOW,
        'access-control-allow-headers': 'MCP-Protocol-Version, Authorization, Accept, Content-Type',
        'access-control-max-age': '86400',
      })
      .send()
  const refuse = async (_request: FastifyRequest, reply: FastifyReply) =>
    reply.code(405).headers({ allow: ALLOW, 'access-control-allow-origin': '*' }).send()

  for (const url of urls) {
    server.route({ method: ['GET', 'HEAD'], url, handler: answer })
    server.route({ method: 'OPTIONS', url, handler: preflight })
    // Before a body is looked at: what it is does not matter.
    server.route({ method: ['POST', 'PUT', 'PATCH', 'DELETE'], url, onRequest: refuse, handler: refuse })
  }
}
