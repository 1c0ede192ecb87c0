import { isSubjectToken } from '@gatehouse/contracts'
import { type Profile, rulesOf, type Site, type Sites, sitesOf } from '@gatehouse/profiles'
import { createRateLimit } from '@gatehouse/rate-limit'
import type { App, ReadyCheck } from '@gatehouse/service'
import { createToolCalls } from './calls/call-tool.ts'
import { createCompletions } from './calls/complete.ts'
import { createPromptGets } from './calls/get-prompt.ts'
import { createResourceReads } from './calls/read-resource.ts'
import { type Coming, createRecorder, type Recorder } from './calls/record.ts'
import { tracedRecorder } from './calls/traced.ts'
import { DEFAULT_LIMITS, type McpDeps, type McpLimits } from './deps.ts'
import { createProof } from './edge/credential.ts'
import { createDoorLog, type DoorLog } from './edge/door-log.ts'
import { createGuard } from './edge/guard.ts'
import { judgeKey } from './edge/judge-key.ts'
import { createKeyCache } from './edge/key-cache.ts'
import { type Doors, doorsOf, originsOf } from './edge/origin.ts'
import { type Arrive, atHosts, atOnePlace, type Place } from './edge/places.ts'
import { createStanding } from './edge/standing.ts'
import { addMetadata, resourceNames, sseResourceNames } from './metadata/protected-resource.ts'
import { createPresence, outbox, type Presence } from './presence/presence.ts'
import { createDispatch } from './protocol/dispatch.ts'
import { createEndpoint, type EndpointDeps } from './protocol/endpoint.ts'
import { createEnvelope, type Envelope } from './protocol/envelope.ts'
import { type Extras, offeredBy } from './protocol/methods.ts'
import { tracedDispatch } from './protocol/traced.ts'
import { buildRegistry } from './registry/build.ts'
import { createLists } from './registry/lists.ts'
import { type OpenedSessions, openSessions } from './sessions/open-sessions.ts'
import { createSessionMethods } from './sessions/session-methods.ts'
import { openSse } from './sse/open-sse.ts'
import { createSseEndpoint, type SseDeps } from './sse/sse-endpoint.ts'
import { createHub } from './streams/hub.ts'
import { createListen } from './streams/listen.ts'
import { observeDomain } from './streams/observe.ts'
import { createReplayWindow, type ReplayWindow } from './streams/replay-window.ts'
import { openTasks } from './tasks/open-tasks.ts'
import type { Tasks } from './tasks/tasks.ts'
import { tellTasks } from './tasks/tell-tasks.ts'

export interface McpApp {
  readonly app: App
  /** What has to hold before requests may come. */
  readonly ready: readonly ReadyCheck[]
  /** Resolves when the replay window of domain changes has been read for the first time. */
  readonly caughtUp: Promise<void>
  /** Streams of all kinds that are open on this node. */
  readonly openStreams: number
  /**
   * Before the server closes: readiness is off from now on, no stream opens any more, those that are open end with their result at random moments
   * of `streamsMs`, and calls of sessions get `callsMs` to be answered. Resolves when that is done.
   */
  drain(times: { readonly streamsMs: number; readonly callsMs: number }): Promise<void>
  /** Ends streams, following, and recording, in this order. Repeats do nothing. @returns what could not be brought to its end, in words */
  close(): Promise<readonly string[]>
}

/** What is not served is refused by the protocol itself, with its own error. */
const ALL_METHODS = ['OPTIONS', 'POST', 'GET', 'HEAD', 'DELETE', 'PUT', 'PATCH']

/** Events that still wait for the bus get so long before the process ends. */
const CLOSE_MS = 5_000

/**
 * Builds the MCP node and begins to follow the domain stream. Opens nothing, listens on nothing.
 * @throws RegistryError when the catalogs do not fit the profile; TypeError for a public URL that is no origin, or a bad node name
 */
export function createMcpApp(deps: McpDeps): McpApp {
  if (!isSubjectToken(deps.node)) throw new TypeError(`"${deps.node}" cannot be the name of a node`)
  if (new URL(deps.publicUrl).origin !== deps.publicUrl) throw new TypeError(`"${deps.publicUrl}" is not an origin`)
  const limits: McpLimits = { ...DEFAULT_LIMITS, ...deps.limits }
  const { profile, catalogs, bus, clock, log, metrics, feed } = deps
  const rules = rulesOf(profile)
  const registry = buildRegistry(profile, catalogs)
  const coming = { calls: 0 }
  const recorder = tracedRecorder(
    deps.recorder ?? createRecorder({ ...deps, coming, maxQueued: limits.auditQueue }),
    deps.tracing,
  )
  const window = createReplayWindow({ clock, windowMs: limits.replayWindowMs, maxEntries: limits.replayEntries })
  const hub = createHub({
    clock,
    feed,
    rules,
    window,
    metrics,
    capacity: {
      perNode: limits.streamsPerNode,
      perTenant: limits.streamsPerTenant,
      perPrincipal: limits.streamsPerPrincipal,
    },
    keepAliveMs: limits.keepAliveMs,
    slowReaderMs: limits.slowReaderMs,
  })
  const observer = observeDomain({
    bus,
    registry,
    hub,
    window,
    clock,
    windowMs: limits.replayWindowMs,
    log,
    metrics,
  })
  const presence = createPresence({ ...deps, leaseMs: limits.presenceLeaseMs, beatMs: limits.presenceBeatMs })
  const drainer = outbox.startDrainer({ db: deps.db, host: deps.host, publish: (message) => bus.publish(message), log })
  const keys = createKeyCache({
    exchange: deps.exchangeKey,
    feed,
    clock,
    maxAgeMs: limits.keyCacheMs,
    size: limits.keyCacheSize,
    unknownPerMinute: limits.unknownKeysPerMinute,
    judge: (facts) => judgeKey(facts, profile),
    failed: (error) => log.warn({ err: error }, 'an API key could not be exchanged'),
  })
  const sessions = openSessions({
    kv: deps.kv,
    sealer: deps.sealers.session,
    registry,
    hub,
    window,
    presence,
    windowMs: limits.replayWindowMs,
    now: () => clock.now(),
    log,
    lifeMs: limits.sessionMs,
    askMs: limits.askMs,
    maxUris: limits.urisPerStream,
  })
  const envelope = createEnvelope(profile)
  const tasks = openTasks(deps, limits, { rules, registry, recorder, envelope })
  tellTasks({ tasks, hub, registry, db: deps.db, pollMs: limits.taskPollMs, log })
  const standing = createStanding({
    introspect: deps.introspect,
    clock,
    failed: (error) => log.warn({ err: error }, 'auth cannot be asked about a credential'),
  })
  const doorLog = createDoorLog({ recorder, clock, node: deps.node })
  const own = { rules, registry, recorder, coming, doorLog, envelope }
  const parts: Parts = { ...own, window, hub, presence, keys, standing, sessions, tasks }
  const endpoint = endpointOf(deps, limits, parts)
  const sse = sseOf(deps, limits, parts, endpoint)

  let draining = false
  let closing: Promise<readonly string[]> | undefined
  const closeAll = async (): Promise<readonly string[]> => {
    hub.close()
    // What still runs may be answered on another node, where its client has gone.
    await Promise.all([sessions.close(CLOSE_MS), tasks.close()])
    const left = sessions.sessions.ongoing > 0 ? ['calls of sessions that were not answered'] : []
    keys.close()
    await observer.stop()
    await presence.close()
    await drainer.stop()
    doorLog.close()
    await recorder.close(CLOSE_MS)
    if ((recorder.waiting ?? 0) > 0) left.push('audit events that were not recorded')
    if (deps.journal?.empty === false)
      left.push('audit events in the journal, for the next process that has its folder')
    return left
  }
  return {
    app: async (server) => {
      addMetadata(server, { ...deps, rules })
      server.direct(endpoint.path, ALL_METHODS, createEndpoint(endpoint))
      if (sse !== undefined) {
        const serve = createSseEndpoint(sse)
        server.direct(sse.paths.sse, ['OPTIONS', 'GET', 'HEAD', 'POST'], serve.sse)
        server.direct(sse.paths.messages, ['OPTIONS', 'POST'], serve.messages)
      }
      // Before the server waits for its connections: an open stream is one that never ends by itself.
      server.addHook('preClose', async () => hub.close())
    },
    ready: [
      {
        name: 'staying',
        check: async () => {
          if (draining) throw new Error('this node is about to end')
        },
      },
      { name: 'domain changes', check: () => observer.check() },
      { name: 'revocations', check: () => checkFeed(deps) },
      {
        name: 'bus',
        // With a journal a node goes on without it, for as long as revocations are known.
        check: async () => {
          if (deps.journal?.writable !== true) await bus.ping()
        },
      },
      { name: 'tasks', check: () => tasks.check() },
    ],
    caughtUp: observer.caughtUp,
    get openStreams() {
      return hub.size
    },
    async drain({ streamsMs, callsMs }) {
      draining = true
      await Promise.all([hub.drain(streamsMs), sessions.sessions.settled(callsMs)])
    },
    close: () => {
      closing ??= closeAll()
      return closing
    },
  }
}

async function checkFeed({ feed }: McpDeps): Promise<void> {
  if (feed.freshness() === 'expired') throw new Error('revocations are not known')
}

interface Parts {
  readonly rules: ReturnType<typeof rulesOf>
  readonly registry: ReturnType<typeof buildRegistry>
  readonly recorder: Recorder
  readonly coming: Coming
  readonly doorLog: DoorLog
  readonly hub: ReturnType<typeof createHub>
  readonly keys: ReturnType<typeof createKeyCache>
  readonly standing: ReturnType<typeof createStanding>
  readonly window: ReplayWindow
  readonly presence: Presence
  readonly sessions: OpenedSessions
  readonly envelope: Envelope
  readonly tasks: Tasks
}

const metadataUrlOf = ({ profile, publicUrl }: Pick<McpDeps, 'profile' | 'publicUrl'>): string | undefined =>
  profile.credentials.includes('oauth') ? resourceNames(publicUrl, profile).metadataUrl : undefined

/** An API key in the query only where the profile says so. */
const queryKeyPrefixOf = ({ apiKeyInQuery, credentials, apiKeyPrefix }: Profile): string | undefined =>
  apiKeyInQuery && credentials.includes('api-key') ? apiKeyPrefix : undefined

const guardAt = ({ profile, feed }: McpDeps, { rules, standing }: Parts, arrive: Arrive) =>
  createGuard({ arrive, standing, feed, profile, rules })

/** By account there is one place; by host one for each tenant, whose tokens its own verifier knows. */
function arriveOf(deps: McpDeps, { rules, keys }: Parts, sites: Sites, doors: Doors): Arrive {
  const { profile, feed, verifierAt } = deps
  if (!sites.byHost) {
    const prove = createProof({ profile, verifier: deps.verifier, keys })
    return atOnePlace(doors, { prove, origin: sites.own.origin, metadataUrl: metadataUrlOf(deps) })
  }
  if (verifierAt === undefined) throw new TypeError('tenancy by host needs a verifier for each host')
  const placeOf = (site: Site, tenant: string, by: 'host' | 'header'): Place => ({
    prove: createProof({ profile, verifier: by === 'host' ? verifierAt(site, tenant) : undefined, keys }),
    origin: site.origin,
    metadataUrl: by === 'host' ? metadataUrlOf({ profile, publicUrl: site.origin }) : undefined,
    tenant,
  })
  return atHosts({ profile, sites, feed, rules, doors, placeOf })
}

/** HTTP+SSE, where the profile has it. */
function sseOf(deps: McpDeps, limits: McpLimits, parts: Parts, endpoint: EndpointDeps): SseDeps | undefined {
  const { profile, publicUrl, sseBasePath = '', sseVerifier, clock, feed, log, kv } = deps
  const { sse, messages } = profile.paths
  if (sse === undefined || messages === undefined) return undefined
  const oauth = profile.credentials.includes('oauth')
  if (oauth && sseVerifier === undefined) throw new TypeError('HTTP+SSE needs a verifier for its own audience')
  log.info({ path: sse }, 'HTTP+SSE is offered; MCP has deprecated it')
  const metadataUrl = oauth ? sseResourceNames(publicUrl, profile)?.metadataUrl : undefined
  const doors = doorsOf(publicUrl, deps.allowedHosts, deps.allowedOrigins)
  const prove = createProof({ profile, verifier: sseVerifier ?? deps.verifier, keys: parts.keys })
  return openSse({
    profile,
    paths: { sse, messages },
    basePath: sseBasePath,
    guard: guardAt(deps, parts, atOnePlace(doors, { prove, origin: publicUrl, metadataUrl })),
    endpoint,
    extras: { sessions: true },
    opened: parts.sessions,
    sealer: deps.sealers.session,
    kv,
    hub: parts.hub,
    presence: parts.presence,
    feed,
    log,
    now: () => clock.now(),
    maxUris: limits.urisPerStream,
    position: () => parts.window.position,
  })
}

function endpointOf(deps: McpDeps, limits: McpLimits, parts: Parts): EndpointDeps {
  const { rules, registry, recorder, coming, hub, presence, sessions, envelope, tasks } = parts
  const { profile, publicUrl, clock, log, metrics, node } = deps
  const sites = sitesOf(profile, publicUrl)
  const doors: Doors = doorsOf(publicUrl, deps.allowedHosts, deps.allowedOrigins)
  const common = { registry, rules, envelope, clock, callMs: limits.callMs }
  const extras: Extras = { sessions: true, tasks: tasks.offered }
  const offered = offeredBy(registry, extras)
  const { name, title, version } = profile.server
  return {
    path: profile.paths.mcp,
    guard: guardAt(deps, parts, arriveOf(deps, parts, sites, doors)),
    limit: createRateLimit({
      kv: deps.kv,
      clock,
      perMinute: profile.limits.requestsPerMinute,
      perTenant: profile.limits.tenantRequestsPerMinute,
      nodes: presence.nodes,
      away: (error) => log.warn({ err: error }, 'the key-value store is away; this node counts requests alone'),
    }),
    doorLog: parts.doorLog,
    registry,
    rules,
    bodyBytes: limits.bodyBytes,
    allowedOrigins: originsOf(sites, doors),
    queryKeyPrefix: queryKeyPrefixOf(profile),
    offered,
    sessions: sessions.endpoint,
    mrtr: { sealer: deps.sealers.state, clock },
    dispatch: tracedDispatch(
      createDispatch({
        profile,
        registry,
        lists: createLists({ registry, rules, envelope, sealer: deps.sealers.cursor, pageSize: limits.pageSize }),
        envelope,
        offered,
        extras,
        callTool: createToolCalls({
          ...common,
          askMs: limits.askMs,
          recorder,
          coming,
          metrics,
          node,
          tasks,
          auditReads: deps.auditReads ?? 'required',
        }),
        readResource: createResourceReads(common),
        getPrompt: createPromptGets(common),
        complete: createCompletions(common),
        ofSessions: createSessionMethods({ registry, rules }),
        ofTasks: { 'tasks/get': tasks.get, 'tasks/update': tasks.update, 'tasks/cancel': tasks.cancel },
        listen: createListen({
          registry,
          rules,
          hub,
          presence,
          clock,
          tasks,
          maxUris: limits.urisPerStream,
          serverInfo: { name, title, version },
        }),
      }),
      deps.tracing,
      { registry, offered },
    ),
  }
}
