import type { Bus } from '@gatehouse/bus'
import type { Secret } from '@gatehouse/config'
import type { Clock, DirectoryPort } from '@gatehouse/contracts'
import type { Database, DatabaseHost } from '@gatehouse/database'
import { deriveKey } from '@gatehouse/keyring'
import type { KeyValue } from '@gatehouse/kv'
import type { Outbound } from '@gatehouse/outbound'
import { pagesAssets, signedOutPage } from '@gatehouse/pages'
import { type Profile, type Site, sitesOf } from '@gatehouse/profiles'
import type { App, Closeable, ReadyCheck } from '@gatehouse/service'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { JWK } from 'jose'
import { accountRoutes } from './accounts/routes.ts'
import type { Installation } from './admin/doctor-operations.ts'
import { adminRoutes } from './admin/routes.ts'
import { createServiceAuthentication, type InternalClient } from './api-keys/assertion.ts'
import { createExchange, type ExchangeCredential } from './api-keys/exchange.ts'
import { internalRoutes } from './api-keys/internal.ts'
import { rememberAsked } from './audit/asked-by.ts'
import { parRoutes } from './authorize/par.ts'
import { startBackground } from './background.ts'
import { createClients } from './clients/clients.ts'
import { registerRoutes } from './clients/register.ts'
import { createDirectory } from './directory/directory.ts'
import { directoryRoutes } from './directory/routes.ts'
import { revocationRoutes } from './grants/revocation.ts'
import { asRefusal } from './http/answer-errors.ts'
import { createBrowsers } from './http/browser.ts'
import { addForms } from './http/form.ts'
import { createLimiter } from './http/limiter.ts'
import { brandOf, createPages, PageFault } from './http/pages.ts'
import { prefersHtml } from './http/prefers-html.ts'
import { isSecureOrigin } from './http/secure-origin.ts'
import { authorizeRoutes } from './interaction/authorize.ts'
import { authorizedAppsRoutes } from './interaction/authorized-apps.ts'
import { homeRoutes } from './interaction/home.ts'
import { createReturns, returnRoutes } from './interaction/return.ts'
import { signInRoutes } from './interaction/sign-in.ts'
import { signOutRoutes } from './interaction/signed-in.ts'
import { createIntrospection, type Introspection } from './introspection/introspect.ts'
import { introspectionRoutes } from './introspection/routes.ts'
import { openRings, type RingDeps } from './keys/rings.ts'
import { createLogMailer } from './mail/drivers/log.ts'
import type { Mailer } from './mail/port.ts'
import { metadataRoutes } from './metadata/routes.ts'
import { createDevices } from './people/devices.ts'
import { createPasswords } from './people/passwords.ts'
import { createResourceAuthentication } from './resources/authenticate.ts'
import { createRegistry, resourcesAt } from './resources/registry.ts'
import { offeredScopes } from './scopes/offered.ts'
import { logoutRoutes } from './sessions/logout.ts'
import { organisationRoutes } from './sessions/organisation.ts'
import { securityRoutes } from './sessions/security.ts'
import { settingsRoutes } from './settings/routes.ts'
import { serveTenantHosts } from './tenants/hosts.ts'
import { createMinter } from './token/mint.ts'
import { createTokenReader } from './token/own-tokens.ts'
import { tokenRoutes } from './token/routes.ts'
import { userinfoRoutes } from './token/userinfo.ts'
import type { Provider } from './upstream/provider.ts'
import { createProviders } from './upstream/providers.ts'
import { createRelyingParty } from './upstream/relying-party.ts'
import { upstreamRoutes } from './upstream/routes.ts'

/** Everything that the service is given. It opens nothing itself and reads no environment. */
export interface AuthDeps {
  readonly profile: Profile
  /** Origin of the service without a path; it is the issuer, to the character. */
  readonly publicUrl: string
  /** As `gatehouse_auth`, migrated with `authSchema`. */
  readonly db: Database
  readonly host: Pick<DatabaseHost, 'listen'>
  readonly kv: KeyValue
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  /** Where what is done beside the requests is counted. */
  readonly metrics?: Metrics
  /** From which the keys are derived that encrypt keyrings and make form tokens. At least 16 characters. */
  readonly secret: Secret
  /** Bearer of `/admin/v1`. At least 16 characters. */
  readonly adminToken: Secret
  /** How long a signing key is used; 0: until an operator rotates it. Default 90. */
  readonly signingKeyDays?: number
  /** What the next key of access tokens signs by: RS256 for resource servers that know nothing else. Default ES256. */
  readonly accessTokenAlgorithm?: RingDeps['accessTokenAlgorithm']
  /** Rings whose keys are in files instead of the database. */
  readonly keyringFiles?: RingDeps['files']
  /** Rings whose private keys a key management service holds. */
  readonly keyServices?: RingDeps['services']
  /** Fetches what clients keep elsewhere. Default: over public addresses, and loopback where the service itself is there. */
  readonly outbound?: Outbound
  /** Services that may exchange credentials over HTTP. */
  readonly internalClients?: readonly InternalClient[]
  /** OpenID providers where people can sign in, besides those that are added over the admin API. */
  readonly upstream?: readonly Provider[]
  /** What `gatehouse doctor` tells of it; by default everything embedded, on a laptop. */
  readonly installation?: Installation
  /** How letters leave; by default they are written to the log. */
  readonly mailer?: Mailer
  /** Addresses of proxies whose `X-Forwarded-*` are believed at the hosts of tenants, as the server believes them. */
  readonly trustedProxies?: readonly string[] | undefined
  /** How providers are asked; by default over the network. */
  readonly upstreamFetch?: Parameters<typeof createRelyingParty>[0]['fetch']
}

export interface AuthApp {
  /** All routes, as one plugin. */
  readonly app: App
  /** What requests cannot do without. A store of counters or a bus that is away is done without for a while. */
  readonly ready: readonly ReadyCheck[]
  /** Starts the outbox's drainer, the feed and the sweeper; close it before the ports. */
  background(): Closeable
  /** For a path that nobody serves: a page when one is wanted. @returns whether it answered */
  notFound(request: FastifyRequest, reply: FastifyReply): boolean
  /** What an API key proves, for a caller in the same process. */
  readonly exchangeCredential: ExchangeCredential
  /** Organisations and their people, for a caller in the same process. */
  readonly directory: DirectoryPort
  /** What a token or an API key is worth now, for a service of ours in the same process. */
  introspect(credential: string): Promise<Introspection>
  /** The JWK Set of public keys, for a verifier in the same process. */
  jwks(): Promise<{ readonly keys: readonly JWK[] }>
}

/** @throws TypeError when a protection would be empty */
export function createAuthApp(deps: AuthDeps): AuthApp {
  const { profile, publicUrl, db, clock, kv } = deps
  refuseEmptyProtections(deps)
  const rings = openRings({ ...deps, files: deps.keyringFiles, services: deps.keyServices })
  const { accessSigner, idSigner } = rings
  const publicKeys = async () => [
    ...(await accessSigner.publicKeys()),
    ...(profile.openid ? await idSigner.publicKeys() : []),
  ]
  const sites = sitesOf(profile, publicUrl)
  const registry = createRegistry(deps)
  const limiter = createLimiter(deps)
  /** The same at every host. */
  const common = {
    ...deps,
    installation: deps.installation ?? LAPTOP,
    /** Where people of a tenant are at home. */
    originOf: (slug: string) => (sites.byHost ? sites.of(slug).origin : publicUrl),
    mailer: deps.mailer ?? createLogMailer(deps.log, { production: false }),
    publicKeys,
    offered: offeredScopes(profile),
    registry,
    rings,
    refreshRing: rings.refresh,
    limiter,
    passwords: createPasswords(),
    providers: createProviders({ configured: deps.upstream ?? [], db, clock, secret: deps.secret }),
    relyingParty: createRelyingParty({
      key: deriveKey(deps.secret, 'upstream'),
      now: () => clock.now(),
      fetch: deps.upstreamFetch,
    }),
    pages: createPages(profile),
    returns: createReturns({ key: deriveKey(deps.secret, 'return'), clock }),
    logoutKey: deriveKey(deps.secret, 'logout'),
    exchange: createExchange(deps),
    directory: createDirectory(deps),
  }
  /** What belongs to one issuer. */
  const issuedBy = ({ issuer, origin }: Site, tenantId?: string) => {
    const own = { ...common, issuer, publicUrl: origin, home: sites.byHost ? { tenantId } : undefined }
    // Our own services ask about whatever any of our issuers has issued.
    const isIssuer = (one: string) =>
      one === issuer || (tenantId === undefined && sites.slugOfIssuer(one) !== undefined)
    const readToken = createTokenReader({ isIssuer, signer: accessSigner, now: () => clock.now() })
    const resources = tenantId === undefined ? registry.open : resourcesAt(profile, origin)
    return {
      ...own,
      resources,
      keyResources: registry.open,
      protectedResources: tenantId === undefined ? undefined : [`${origin}${profile.paths.mcp}`],
      minter: createMinter({ issuer, profile, accessSigner, idSigner }),
      readToken,
      introspect: createIntrospection({ issuer, profile, db, clock, readToken }),
      authenticateResource: createResourceAuthentication(own),
      ...createClients(own),
      browsers: createBrowsers({ publicUrl: origin, csrfKey: deriveKey(deps.secret, 'csrf'), realm: tenantId }),
      devices: createDevices({ publicUrl: origin, key: deriveKey(deps.secret, 'device'), clock }),
      authenticate: createServiceAuthentication({ clients: deps.internalClients ?? [], issuer, kv, clock }),
    }
  }
  const shared = issuedBy(sites.own)
  const notFound: AuthApp['notFound'] = (request, reply) => {
    const wanted = prefersHtml(request.headers.accept)
    if (wanted) shared.pages.sendError(request, reply, new PageFault('address.unknown'))
    return wanted
  }
  /** What clients and people come for. */
  const publicRoutes = async (server: FastifyInstance, at: ReturnType<typeof issuedBy>): Promise<void> => {
    await addForms(server)
    if (at.publicUrl.startsWith('https:')) server.addHook('onRequest', sayHttpsOnly)
    // Says itself for whom it does what: most that it answers is told to nobody.
    await server.register(tokenRoutes, at)
    rememberAsked(server)
    await server.register(metadataRoutes, at)
    await server.register(registerRoutes, { ...at, path: profile.paths.register })
    await server.register(parRoutes, at)
    await server.register(revocationRoutes, at)
    await server.register(introspectionRoutes, at)
    if (profile.openid) await server.register(userinfoRoutes, at)
    await server.register(pageRoutes, at)
    await server.register(pagesAssets)
  }
  const open =
    (site: Site, tenantId: string): App =>
    (server) =>
      publicRoutes(server, issuedBy(site, tenantId))
  return {
    app: async (server) => {
      if (sites.byHost) serveTenantHosts(server, { ...deps, sites, notFound, open })
      await publicRoutes(server, shared)
      await server.register(internalRoutes, shared)
      await server.register(directoryRoutes, shared)
      await server.register(adminRoutes, shared)
    },
    ready: [
      { name: 'database', check: () => db.ping() },
      { name: 'keys', check: async () => void (await publicKeys()) },
    ],
    background: () => startBackground({ ...deps, rings: rings.all }),
    notFound,
    exchangeCredential: shared.exchange,
    directory: shared.directory,
    introspect: (credential) => shared.introspect(credential, undefined),
    jwks: async () => ({ keys: await publicKeys() }),
  }
}

type PageDeps = Parameters<typeof authorizeRoutes>[1] &
  Parameters<typeof returnRoutes>[1] &
  Parameters<typeof signInRoutes>[1] &
  Parameters<typeof upstreamRoutes>[1] &
  Parameters<typeof securityRoutes>[1] &
  Parameters<typeof logoutRoutes>[1] &
  Parameters<typeof authorizedAppsRoutes>[1] &
  Parameters<typeof settingsRoutes>[1] &
  Parameters<typeof accountRoutes>[1]

/** What a person sees. Errors are pages too. */
async function pageRoutes(server: FastifyInstance, deps: PageDeps): Promise<void> {
  const { pages, profile } = deps
  server.setErrorHandler((error, request, reply) => {
    const fault = error instanceof PageFault ? error : asRefusal(error)
    if (fault === undefined) request.log.error({ err: error }, 'page failed')
    else request.log.info({ reason: fault.reason }, 'page refused')
    return pages.sendError(request, reply, fault)
  })
  authorizeRoutes(server, deps)
  returnRoutes(server, deps)
  signInRoutes(server, deps)
  upstreamRoutes(server, deps)
  securityRoutes(server, deps)
  organisationRoutes(server, deps)
  logoutRoutes(server, deps)
  signOutRoutes(server, { ...deps, signedOut: () => signedOutPage({ brand: brandOf(profile) }) })
  homeRoutes(server, deps)
  authorizedAppsRoutes(server, deps)
  settingsRoutes(server, deps)
  accountRoutes(server, deps)
}

const LAPTOP: Installation = { production: false, embedded: ['database', 'redis', 'nats'], mail: 'log' }

/** Two years; for this host alone, since what else the operator has below it is not ours to say (RFC 6797 section 6.1). */
const sayHttpsOnly = async (_request: unknown, reply: FastifyReply) =>
  void reply.header('strict-transport-security', 'max-age=63072000')

/** A service that would protect nothing does not start. */
function refuseEmptyProtections({ publicUrl, secret, adminToken }: AuthDeps): void {
  if (new URL(publicUrl).origin !== publicUrl)
    throw new TypeError('publicUrl must be an origin without a path or slash')
  if (!isSecureOrigin(publicUrl)) throw new TypeError('publicUrl must be https, or http on this machine')
  if (secret.reveal().length < 16) throw new TypeError('the secret needs at least 16 characters')
  if (adminToken.reveal().length < 16) throw new TypeError('the operator token needs at least 16 characters')
}
