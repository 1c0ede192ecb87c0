import { auditSchema, createAuditApp } from '@gatehouse/audit'
import { authSchema, createAuthApp, type Mailer } from '@gatehouse/auth'
import type { DemoTenant } from '@gatehouse/catalog'
import { Secret } from '@gatehouse/config'
import { type Clock, STREAMS, systemClock } from '@gatehouse/contracts'
import {
  createMcpApp,
  drainCatalogs,
  hostVerifiers,
  loadCatalogs,
  mcpSchema,
  openCatalogs,
  openSealers,
  resourceNames,
  sseResourceNames,
} from '@gatehouse/mcp'
import type { Profile } from '@gatehouse/profiles'
import { type Closing, createServer } from '@gatehouse/service'
import { createMetrics, type Logger } from '@gatehouse/telemetry'
import { createTokenVerifier, followFeed, localJwks } from '@gatehouse/token'
import type { FastifyInstance } from 'fastify'
import { fillDemo } from './demo.ts'
import { inProcess } from './in-process.ts'
import { openParts, type Parts, type PartUrls } from './parts.ts'
import type { Secrets } from './secrets.ts'

export interface HouseOptions {
  readonly profile: Profile
  /** Origin that clients and people use. */
  readonly publicUrl: string
  readonly parts: PartUrls
  /** Folder of the embedded database; absent = in memory. */
  readonly folder: string | undefined
  readonly secrets: Secrets
  readonly demo: boolean
  readonly log: Logger
  /** Default: the system's. */
  readonly clock?: Clock
  /** Refuses what is made for tests; default false. */
  readonly production?: boolean
  /** Default: letters are written to the log. */
  readonly mailer?: Mailer
}

/** The product in one process, not yet listening. */
export interface House {
  readonly server: FastifyInstance
  /** The parts in words. */
  readonly description: string
  /** Empty without demo data. */
  readonly demoTenants: readonly DemoTenant[]
  /** What it runs over, for what runs beside it in the same process. */
  readonly parts: Pick<Parts, 'host' | 'kv' | 'bus'>
  /** Resolves when requests may come. */
  ready(): Promise<void>
}

/** Assembles the three services over shared parts into one server. Everything that is opened goes through `closing`. */
export async function assembleHouse(options: HouseOptions, closing: Closing): Promise<House> {
  const { profile, publicUrl, secrets, log } = options
  const clock = options.clock ?? systemClock
  const production = options.production ?? false
  const catalogs = await loadCatalogs(profile.catalogs, { from: process.cwd(), production })
  const schemas = [authSchema, auditSchema, mcpSchema, ...catalogs.map(({ schema }) => schema)]
  const { host, kv, bus, description } = await openParts(options.parts, options.folder, schemas, log, closing)
  await bus.ensureStreams(Object.values(STREAMS))
  const { demoPassword: password, demoApiKey: apiKey } = secrets
  const demoTenants = options.demo ? await fillDemo({ host, profile, catalogs, password, apiKey }) : []

  const adminToken = new Secret(secrets.adminToken)
  const metrics = createMetrics()
  const db = host.as(authSchema.role)
  const auth = createAuthApp({
    profile,
    publicUrl,
    db,
    host,
    kv,
    bus,
    clock,
    log,
    metrics,
    secret: new Secret(secrets.master),
    adminToken,
    ...(options.mailer && { mailer: options.mailer }),
    installation: {
      production,
      embedded: (['database', 'redis', 'nats'] as const).filter((part) => options.parts[part] === undefined),
      mail: 'log',
    },
  })
  closing(auth.background())

  const feed = await followFeed({ bus, clock, log, graceSeconds: profile.staleGraceSeconds })
  closing({ close: () => feed.stop() })
  closing(drainCatalogs(catalogs, { host, bus, log }))
  const { sealers } = closing(
    await openSealers({ db: host.as(mcpSchema.role), secret: new Secret(secrets.master), clock, log }),
  )
  const jwks = localJwks(() => auth.jwks())
  const verifierFor = (audience: string, tenant?: null) =>
    createTokenVerifier({
      ...{ jwks, issuers: [publicUrl], audiences: [audience], clock, feed: feed.view },
      ...(tenant === null && { tenant }),
    })
  const sse = sseResourceNames(publicUrl, profile)
  const mcp = closing(
    createMcpApp({
      profile,
      publicUrl,
      issuer: publicUrl,
      node: 'stack',
      catalogs: openCatalogs(catalogs, host, auth.directory),
      verifier: verifierFor(resourceNames(publicUrl, profile).resource),
      verifierAt: hostVerifiers({ jwks, clock, feed: feed.view }),
      ...(sse === undefined ? {} : { sseVerifier: verifierFor(sse.resource) }),
      feed: feed.view,
      exchangeKey: auth.exchangeCredential,
      introspect: auth.introspect,
      db: host.as(mcpSchema.role),
      host,
      sealers,
      bus,
      kv,
      clock,
      log,
      metrics,
    }),
  )

  const audit = createAuditApp({
    profile,
    publicUrl,
    issuer: publicUrl,
    authUrl: publicUrl,
    // In the same process, whatever stands between it and its public address.
    fetch: async (...asked) => inProcess(server)(...asked),
    verifierFor,
    feed: feed.view,
    database: host.as(auditSchema.role),
    bus,
    secret: new Secret(secrets.master),
    adminToken,
    clock,
    log,
    metrics,
  })
  await audit.background.start()
  closing(audit.background)

  const server = closing(
    createServer({ log, metrics, ready: [...auth.ready, ...mcp.ready, ...audit.ready], notFound: auth.notFound }),
  )
  for (const app of [auth.app, mcp.app, audit.app]) await server.register(app)
  return {
    server,
    description,
    demoTenants,
    parts: { host, kv, bus },
    async ready() {
      await Promise.all([feed.ready(), mcp.caughtUp])
    },
  }
}
