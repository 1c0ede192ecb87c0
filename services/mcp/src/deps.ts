import type { Bus } from '@gatehouse/bus'
import type { Catalog, Offer } from '@gatehouse/catalog'
import type { Clock } from '@gatehouse/contracts'
import type { Database, DatabaseHost } from '@gatehouse/database'
import type { KeyValue } from '@gatehouse/kv'
import type { Principal } from '@gatehouse/policy'
import type { Profile, Site } from '@gatehouse/profiles'
import type { Logger, Metrics, Tracing } from '@gatehouse/telemetry'
import type { FeedView, TokenVerifier } from '@gatehouse/token'
import type { Recorder } from './calls/record.ts'
import type { Journal } from './journal/journal.ts'
import type { Sealers } from './sealers.ts'

/** A catalog with its stores bound: `domain` gives handlers the stores, and what is offered, as this principal may use them. */
export interface OpenedCatalog {
  readonly catalog: Catalog
  readonly domain: (principal: Principal, offer: Offer) => object
}

/** What auth says about an API key. The JSON form of a principal; times in seconds since the epoch. */
export interface PrincipalFacts {
  readonly tenant: string
  /** Id of the key: names it in revocations, limits and the audit log. */
  readonly keyId: string
  readonly scopes: readonly string[]
  readonly issuedAt: number
  /** Which version of the key they are of; a change of the key makes another. */
  readonly version?: number | undefined
  /** A key of a project is good for the company's own interfaces alone. Absent: of the organisation. */
  readonly kind?: 'organisation' | 'project' | undefined
  /** Who made it, with the roles that the person has in its tenant now. Absent: an operator. */
  readonly maker?: { readonly person: string; readonly roles: readonly string[] } | undefined
  /** Absent: the key does not expire. */
  readonly expiresAt?: number | undefined
}

/** What auth says a credential is worth now. Rejects when auth cannot be asked. */
export type Introspect = (
  credential: string,
) => Promise<{ readonly active: boolean; readonly tenant_status?: 'active' | 'suspended' }>

/** What one node allows. Durations in milliseconds. */
export interface McpLimits {
  readonly bodyBytes: number
  /** Items on one page of a list. */
  readonly pageSize: number
  readonly callMs: number
  readonly keyCacheMs: number
  readonly keyCacheSize: number
  /** Unknown API keys that one address may present in a minute. */
  readonly unknownKeysPerMinute: number
  readonly replayWindowMs: number
  readonly replayEntries: number
  readonly streamsPerNode: number
  readonly streamsPerTenant: number
  readonly streamsPerPrincipal: number
  readonly urisPerStream: number
  readonly keepAliveMs: number
  /** How long a session of a legacy client lives at most. */
  readonly sessionMs: number
  /** How long a client may take to answer a question; four times as long while it reports progress. */
  readonly askMs: number
  /** A reader that has not taken what was written for so long is cut off. */
  readonly slowReaderMs: number
  /** Events that wait for the bus; beyond it calls are refused. */
  readonly auditQueue: number
  /** A node that was not heard of for so long has lost its connections; how often each looks. */
  readonly presenceLeaseMs: number
  readonly presenceBeatMs: number
  /** How long a task may take. */
  readonly taskMs: number
  /** How long its result can be read after that time. */
  readonly taskKeepMs: number
  /** What clients are told to wait between two looks at a task. */
  readonly taskPollMs: number
  /** A node that was not heard of for so long has lost its tasks. */
  readonly taskLeaseMs: number
  readonly tasksPerNode: number
  readonly tasksPerPrincipal: number
  readonly tasksPerTenant: number
}

export const DEFAULT_LIMITS: McpLimits = {
  bodyBytes: 1_048_576,
  pageSize: 250,
  callMs: 30_000,
  keyCacheMs: 60_000,
  keyCacheSize: 10_000,
  unknownKeysPerMinute: 60,
  replayWindowMs: 600_000,
  replayEntries: 100_000,
  streamsPerNode: 10_000,
  streamsPerTenant: 5_000,
  streamsPerPrincipal: 32,
  urisPerStream: 1_000,
  keepAliveMs: 15_000,
  sessionMs: 86_400_000,
  askMs: 600_000,
  slowReaderMs: 60_000,
  auditQueue: 10_000,
  presenceLeaseMs: 15_000,
  presenceBeatMs: 5_000,
  taskMs: 1_800_000,
  taskKeepMs: 1_800_000,
  taskPollMs: 1_000,
  taskLeaseMs: 15_000,
  tasksPerNode: 250,
  tasksPerPrincipal: 16,
  tasksPerTenant: 64,
}

/** Everything the MCP node is given. It opens nothing itself and reads no environment. */
export interface McpDeps {
  readonly profile: Profile
  /** Origin that clients use, without a path: `https://mcp.example.com`. */
  readonly publicUrl: string
  /** The authorization server, exactly as it names itself. */
  readonly issuer: string
  /** Name of this node, one token of a subject: it publishes on `audit.<node>`. */
  readonly node: string
  readonly catalogs: readonly OpenedCatalog[]
  readonly verifier: TokenVerifier
  /** Of one tenant's host, where tenancy is by host: for its issuer, its resource and its tenant alone. */
  readonly verifierAt?: (site: Site, tenant: string) => TokenVerifier
  /** For the audience of HTTP+SSE; needed where the profile has that transport and takes OAuth tokens. */
  readonly sseVerifier?: TokenVerifier
  /** Put before the path that HTTP+SSE clients post to, for a proxy that takes it away. */
  readonly sseBasePath?: string
  readonly feed: FeedView
  /** `undefined` for a key that is not (or no longer) good. Rejects when auth cannot be asked. */
  readonly exchangeKey: (key: string) => Promise<PrincipalFacts | undefined>
  /** Asked while revocations do not reach this node; absent: credentials are believed for the profile's grace. */
  readonly introspect?: Introspect | undefined
  /** The service's own schema: tasks, claims, keys. */
  readonly db: Database
  /** Hears what other nodes did to tasks. */
  readonly host: Pick<DatabaseHost, 'listen'>
  /** For what clients carry between requests: any node opens what another sealed. */
  readonly sealers: Sealers
  readonly bus: Bus
  readonly kv: KeyValue
  readonly clock: Clock
  readonly log: Logger
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined
  readonly metrics: Metrics
  /** Hosts beside the public one that requests may name (`host:port`), for balancers that rewrite `Host`. */
  readonly allowedHosts?: readonly string[]
  /** Origins of browser clients beside the public one. */
  readonly allowedOrigins?: readonly string[]
  /**
   * `required`: a tool that only reads is refused while its event cannot be recorded. `when-possible`: it runs, and the event waits in
   * memory. Tools that write or destroy are always refused.
   */
  readonly auditReads?: 'required' | 'when-possible'
  /** Where events are recorded while the bus is away or slow; absent: then nothing can be recorded. Whoever opened it closes it. */
  readonly journal?: Journal | undefined
  /** In place of the one that records on the bus. */
  readonly recorder?: Recorder
  readonly limits?: Partial<McpLimits>
}
