import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { type Bus, BusUnavailable, busSchema, openBus } from '@gatehouse/bus'
import {
  auditSubject,
  DELTA_SUBJECTS,
  FEED_HEADER,
  FeedTick,
  type Revocation,
  Revoked,
  STREAMS,
  sealEvent,
  stateSubject,
  systemClock,
  TenantState,
  type TenantStateData,
  ToolCalled,
} from '@gatehouse/contracts'
import { type DatabaseHost, sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import type { Keyring } from '@gatehouse/keyring'
import { fixedKeyring } from '@gatehouse/keyring/testing'
import { openKeyValue } from '@gatehouse/kv'
import { parseProfile } from '@gatehouse/profiles'
import { createServer } from '@gatehouse/service'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { createTokenVerifier, type Feed, followFeed, localJwks } from '@gatehouse/token'
import type { FastifyInstance } from 'fastify'
import { exportJWK, SignJWT } from 'jose'
import { t as wholeFile } from 'tap'
import { createMcpApp, type McpApp } from '../app.ts'
import type { McpDeps, PrincipalFacts } from '../deps.ts'
import { mcpSchema } from '../schema.ts'
import { type RingName, sealersOf } from '../sealers.ts'
import { type Notes, notesCatalog } from './notes-catalog.ts'

export const ORIGIN = 'https://mcp.example'
export const RESOURCE = `${ORIGIN}/mcp`
/** Where a test's profile has HTTP+SSE. */
export const SSE_PATHS = { sse: '/mcp/sse', messages: '/mcp/messages' }
export const SSE_RESOURCE = `${ORIGIN}${SSE_PATHS.sse}`
export const ISSUER = 'https://auth.example'
const FEED = 'feed-1'

export const PROFILE = parseProfile(
  `
name: notes
server: { name: notes, title: Notes, version: 1.2.3, instructions: Read notes first. }
uriScheme: notes
catalogs: [notes]
paths: { mcp: /mcp, billing: /settings/billing }
scopes:
  - { name: notes:read, text: Read notes }
  - { name: notes:write, text: Write notes, implies: [notes:read] }
  - { name: notes:only, text: Only notes, narrowing: true }
defaultScopes: [notes:read]
credentials: [oauth, api-key]
apiKeyPrefix: notes_
roles: { owner: [notes:write, notes:purge], member: [notes:write], viewer: [] }
plans: { all: [free, business], withMcp: [business] }
limits: { requestsPerMinute: 100000 }
branding: { name: Notes }
`,
  'test',
)

const tenant = (id: string, over: Partial<TenantStateData> = {}): TenantStateData => ({
  tenant: id,
  slug: id,
  name: id,
  plan: 'business',
  status: 'active',
  mcp: true,
  ...over,
})

export const TENANTS = [
  tenant('acme'),
  tenant('globex'),
  tenant('late', { status: 'suspended' }),
  tenant('quiet', { mcp: false }),
  tenant('poor', { plan: 'free' }),
]

export const KEYS: Readonly<Record<string, PrincipalFacts>> = {
  notes_good: { tenant: 'acme', keyId: 'key1', scopes: ['notes:read'], issuedAt: 1_700_000_000 },
  notes_revocable: { tenant: 'acme', keyId: 'key2', scopes: ['notes:read'], issuedAt: 1_700_000_000 },
}

export interface Rig {
  /** Name of the node. */
  readonly node: string
  readonly server: FastifyInstance
  readonly mcp: McpApp
  readonly bus: Bus
  /** What the notes' tools did. */
  readonly ran: string[]
  /** Lets `notes_wait` go on; `entered` resolves when one has begun. */
  readonly gate: { open(): void; readonly entered: Promise<void>; readonly aborted: Promise<void> }
  token(claims?: Record<string, unknown>): Promise<string>
  revoke(what: Revocation): Promise<unknown>
  setTenant(state: TenantStateData): Promise<unknown>
  changeNote(tenant: string, id: string, subjectTenant?: string): Promise<unknown>
  /** How calls ended, as this node has recorded it from its beginning. */
  auditEvents(): Promise<readonly Recorded[]>
  /** The same of every kind of event. */
  allEvents(): Promise<readonly Recorded[]>
  /** Removes the domain stream and makes it anew. */
  recreateDomain(): Promise<void>
  /** Cuts publishing and pinging of the app's bus, or restores it. */
  cutBus(cut: boolean): void
  close(): Promise<void>
}

export interface Recorded {
  readonly id: string
  readonly type: string
  readonly tenantid: string
  readonly data: Record<string, unknown>
}

/** What the nodes of one test file share: starting a database costs more, a node milliseconds. */
export interface RigParts {
  readonly host: DatabaseHost
  readonly bus: Bus
  readonly feed: Feed
  readonly auth: ReturnType<typeof authOf>
  /** What all nodes seal with. */
  readonly rings: Readonly<Record<RingName, Keyring>>
  recreateDomain(): Promise<void>
  close(): Promise<void>
}

/** A database, the embedded bus in it, the tenants, and a feed that ticks. */
export async function openParts(): Promise<RigParts> {
  const host = await testDatabase(wholeFile, [busSchema, mcpSchema])
  const parts = await openPartsOn(await openBus('memory:', { database: host.as('gatehouse_bus') }), host)
  return {
    ...parts,
    async recreateDomain() {
      const { name } = STREAMS.domain
      const platform = host.as('gatehouse_bus')
      await platform.asPlatform('a test', (tx) => tx.run(sql`delete from bus.streams where name = ${name}`))
      await parts.bus.ensureStreams([STREAMS.domain])
    },
  }
}

/** The same on a bus that is there already; it is closed with the parts. */
export async function openPartsOn(bus: Bus, given?: DatabaseHost): Promise<RigParts> {
  const host = given ?? (await testDatabase(wholeFile, [mcpSchema]))
  await bus.ensureStreams(Object.values(STREAMS))
  const auth = authOf(bus)
  for (const state of TENANTS) await auth.setTenant(state)
  const feed = await followFeed({ bus, clock: systemClock, log: silentLogger })
  const ticking = setInterval(() => void auth.tick(), 250)
  await auth.tick()
  await feed.ready()
  return {
    host,
    bus,
    feed,
    auth,
    rings: { session: fixedKeyring(), state: fixedKeyring(), cursor: fixedKeyring() },
    recreateDomain: () => Promise.reject(new Error('only the embedded bus lets its stream be removed')),
    async close() {
      clearInterval(ticking)
      await feed.stop()
      await bus.close()
    },
  }
}

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] }
let nodes = 0

/** A node with a store and a name of its own. All nodes of a process trust the same key. */
export async function openRig(
  { host, bus, feed, auth, rings, recreateDomain }: RigParts,
  over: Partial<McpDeps> = {},
): Promise<Rig> {
  nodes += 1
  const node = `node-${nodes}`
  const kv = await openKeyValue('memory:')
  const { domain, ran, gate } = notesDomain()
  const cut = { now: false }
  const sealing = await sealersOf(rings, { clock: systemClock, log: silentLogger })
  const mcp = createMcpApp({
    profile: PROFILE,
    publicUrl: ORIGIN,
    issuer: ISSUER,
    node,
    catalogs: [{ catalog: notesCatalog, domain }],
    verifier: createTokenVerifier({
      jwks: localJwks(() => jwks),
      issuers: [ISSUER],
      audiences: [RESOURCE],
      clock: systemClock,
      feed: feed.view,
    }),
    sseVerifier: createTokenVerifier({
      jwks: localJwks(() => jwks),
      issuers: [ISSUER],
      audiences: [SSE_RESOURCE],
      clock: systemClock,
      feed: feed.view,
    }),
    feed: feed.view,
    exchangeKey: async (key) => KEYS[key],
    db: host.as(mcpSchema.role),
    host,
    sealers: sealing.sealers,
    bus: cuttable(bus, cut),
    kv,
    clock: systemClock,
    log: silentLogger,
    metrics: createMetrics({ process: false }),
    ...over,
  })
  await mcp.caughtUp
  const server = createServer({ log: silentLogger, metrics: createMetrics({ process: false }), ready: mcp.ready })
  await server.register(mcp.app)
  await server.ready()

  return {
    node,
    server,
    mcp,
    bus,
    ran,
    gate,
    token: (claims = {}) => sign(keys.privateKey, claims),
    revoke: auth.revoke,
    setTenant: auth.setTenant,
    changeNote: (id, note, subjectTenant = id) => changeNote(bus, id, note, subjectTenant),
    auditEvents: async () => (await readAudit(bus, node)).filter(({ type }) => type === ToolCalled.type),
    allEvents: () => readAudit(bus, node),
    recreateDomain,
    cutBus: (now) => {
      cut.now = now
    },
    async close() {
      await server.close()
      await mcp.close()
      sealing.close()
      await kv.close()
    },
  }
}

function notesDomain() {
  const ran: string[] = []
  const opened = deferred()
  const entered = deferred()
  const aborted = deferred()
  const wait = async (signal: AbortSignal): Promise<void> => {
    entered.resolve()
    signal.addEventListener('abort', () => aborted.resolve(), { once: true })
    await opened.promise
  }
  const notes = [
    { id: 'n1', text: 'first' },
    { id: 'n2', text: 'grüße' },
  ]
  const domain = ({ tenant: of }: { tenant: string }): Notes => ({
    notes: of === 'acme' ? notes : [],
    ran,
    gate: { wait },
  })
  return { domain, ran, gate: { open: () => opened.resolve(), entered: entered.promise, aborted: aborted.promise } }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** What auth publishes. */
function authOf(bus: Bus) {
  const about = () => ({ source: '/services/auth', tenant: '*', now: new Date() })
  let position = 0
  const send = (subject: string, event: unknown) =>
    bus.publish({ subject, id: randomUUID(), data: JSON.stringify(event), headers: { [FEED_HEADER]: FEED } })
  return {
    tick: () => {
      position += 1
      const data = { feed: FEED, position: String(position), at: Date.now() }
      return send(DELTA_SUBJECTS.tick, sealEvent(FeedTick, about(), data)).catch((error: unknown) => {
        if (!(error instanceof BusUnavailable)) throw error
      })
    },
    revoke: (what: Revocation) => send(DELTA_SUBJECTS.revoked(what), sealEvent(Revoked, about(), what)),
    setTenant: (state: TenantStateData) =>
      send(stateSubject('tenant', state.tenant), sealEvent(TenantState, about(), state)),
  }
}

async function sign(key: Parameters<SignJWT['sign']>[0], claims: Record<string, unknown>): Promise<string> {
  const now = Math.floor(Date.now() / 1_000)
  return new SignJWT({
    iss: ISSUER,
    sub: 'person1',
    aud: RESOURCE,
    client_id: 'client1',
    iat: now,
    exp: now + 600,
    jti: randomUUID(),
    scope: 'notes:read notes:write',
    tenant_id: 'acme',
    roles: ['owner'],
    grant_id: 'grant1',
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })
    .sign(key)
}

function changeNote(bus: Bus, tenantId: string, id: string, subjectTenant: string): Promise<unknown> {
  const event = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/catalogs/notes',
    type: 'gatehouse.note.changed.v1',
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    tenantid: tenantId,
    data: { id },
  }
  return bus.publish({ subject: `domain.${subjectTenant}.note.changed`, id: event.id, data: JSON.stringify(event) })
}

async function readAudit(bus: Bus, node: string) {
  const events: Recorded[] = []
  const follower = await bus.follow(STREAMS.audit.name, { from: 'first', filter: auditSubject(node) }, (message) => {
    const read = JSON.parse(new TextDecoder().decode(message.data))
    events.push(...(read.events ?? [read]))
  })
  await follower.caughtUp
  await follower.stop()
  return events
}

/** The bus with its way to the server cut at will: what a stopped server looks like to who publishes. */
function cuttable(bus: Bus, cut: { readonly now: boolean }): Bus {
  const through =
    <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      if (cut.now) throw new BusUnavailable(new Error('cut'))
      return call(...given)
    }
  return { ...bus, driver: bus.driver, publish: through(bus.publish), ping: through(bus.ping) }
}
