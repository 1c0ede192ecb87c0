import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type CloudEvent, defineEvent, type EventKind, envelopeOf } from './event.ts'

/** Who did it: a person, a key or a service, through which client. Names and ids, never a credential. */
export const actor = z.object({
  kind: z.enum(['person', 'key', 'service']),
  id: z.string(),
  client: z.string().optional(),
  grant: z.string().optional(),
})

/** How it ended. `unknown`: it began, and nobody has said how it ended. */
export const OUTCOMES = ['succeeded', 'failed', 'refused', 'timed-out', 'unknown'] as const

const argumentsSha256 = z
  .string()
  .length(64)
  .describe('Hex SHA-256 of the canonical JSON (RFC 8785) of the arguments; of a consent, of what was shown.')

const call = z.object({
  tool: z.string(),
  argumentsSha256,
  actor,
  protocolVersion: z.string(),
  requestId: z.string(),
  node: z.string(),
})

/** One per tool call, refused ones too. Names and hashes, never values: a value may be a secret. */
export const ToolCalled = defineEvent(
  'mcp.tool-called',
  1,
  call.extend({
    outcome: z.enum(OUTCOMES),
    /** Why it was refused or failed, as a stable code; absent on success. */
    reason: z.string().optional(),
    durationMs: z.number().int().nonnegative(),
  }),
)
export type ToolCalledData = z.infer<typeof ToolCalled.schema>

/**
 * A tool that writes or destroys is about to run. It is stored before the handler is entered, so that a call of which nothing more is heard
 * is known all the same: when `leaseSeconds` are over, it is closed as `unknown`.
 */
export const ToolBegun = defineEvent(
  'mcp.tool-begun',
  1,
  call.extend({
    call: z.guid().describe('Id of the event that tells how it ended.'),
    leaseSeconds: z.number().int().positive().max(86_400),
  }),
)
export type ToolBegunData = z.infer<typeof ToolBegun.schema>

/** What closes a call that began and of which nothing more was heard. It follows from how the call began: whoever closes it makes the same. */
export function closedAsUnknown(begun: CloudEvent<ToolBegunData>): CloudEvent<ToolCalledData> {
  const { call: id, leaseSeconds, ...data } = begun.data
  const { source, tenantid: tenant, traceparent } = begun
  const durationMs = leaseSeconds * 1_000
  const now = new Date(new Date(begun.time).getTime() + durationMs)
  const about = { source, tenant, now, ...(traceparent === undefined ? {} : { traceparent }) }
  const closed = envelopeOf(ToolCalled, about, { ...data, outcome: 'unknown', reason: 'result.missing', durationMs })
  return { ...closed, id: derivedEventId('tool-call-unknown', id) }
}

/** The same id for the same parts, in the form of a UUID (RFC 9562 section 5.8): however often an event is made, it is stored once. */
export function derivedEventId(...parts: readonly string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Beside those who hold a credential: an OAuth client by itself, who has the admin token, the platform's own schedule, and nobody known. */
export const ACTOR_KINDS = ['person', 'key', 'service', 'client', 'operator', 'platform', 'nobody'] as const

/** What every audited fact other than a tool call may tell. Names, ids and hashes, never values. */
export const audited = z.object({
  actor: z.object({
    kind: z.enum(ACTOR_KINDS),
    id: z.string().optional(),
    client: z.string().optional(),
    grant: z.string().optional(),
  }),
  outcome: z.enum(OUTCOMES),
  reason: z.string().optional().describe('Why, as a stable code.'),
  object: z.object({ kind: z.string(), id: z.string() }).optional().describe('What it was done to.'),
  action: z
    .string()
    .optional()
    .describe('Which of several ways: a grant type, a transport, an operation of the admin API.'),
  fields: z.array(z.string()).optional().describe('Names of the fields that were given; of a consent, the scopes.'),
  argumentsSha256: argumentsSha256.optional(),
  durationMs: z.number().int().nonnegative().optional(),
  count: z.number().int().positive().optional().describe('How many of the same it stands for; absent: one.'),
  protocolVersion: z.string().optional(),
  requestId: z.string().optional(),
  node: z.string().optional(),
})
export type AuditedData = z.infer<typeof audited>

const fact = (name: string) => defineEvent(name, 1, audited)

/** Every audited fact other than a tool call. The tenant is `*` where it belongs to none. */
export const AUDITED = {
  /** A session of a legacy client, or an open stream: what a client holds to hear of changes. */
  connected: fact('mcp.connected'),
  /** Exactly one for each `connected`. */
  disconnected: fact('mcp.disconnected'),
  /** A request with a good credential that was refused before any method was looked at: over its limit, tenant suspended, MCP off. */
  turnedAway: fact('mcp.turned-away'),
  signedIn: fact('auth.sign-in'),
  signedOut: fact('auth.sign-out'),
  consented: fact('auth.consent'),
  tokenIssued: fact('auth.token-issued'),
  tokenRefused: fact('auth.token-refused'),
  refreshReused: fact('auth.refresh-reused'),
  accessRevoked: fact('auth.access-revoked'),
  keyCreated: fact('auth.key-created'),
  keyChanged: fact('auth.key-changed'),
  keyRevoked: fact('auth.key-revoked'),
  clientRegistered: fact('auth.client-registered'),
  clientChanged: fact('auth.client-changed'),
  clientDeleted: fact('auth.client-deleted'),
  administered: fact('auth.administered'),
  passwordChanged: fact('auth.password-changed'),
  organisationSwitched: fact('auth.organisation-switched'),
  keyringRotated: fact('auth.keyring-rotated'),
} as const satisfies Record<string, EventKind<string, typeof audited>>
export type AuditedKind = keyof typeof AUDITED

/** What the log calls a call of a tool; other kinds are called by their type. */
const NAMES: ReadonlyMap<string, string> = new Map([[ToolCalled.type, 'mcp_tool_call']])

/** The short name of a kind, as people read it in the log: `mcp_connected` of `gatehouse.mcp.connected.v1`. */
export const auditName = (type: string): string =>
  NAMES.get(type) ??
  type
    .replace(/^gatehouse\./, '')
    .replace(/\.v\d+$/, '')
    .replaceAll(/[.-]/g, '_')

/** Short name → type of an event, for the kinds that are known. */
export const AUDIT_TYPES: ReadonlyMap<string, string> = new Map(
  [ToolCalled, ToolBegun, ...Object.values(AUDITED)].map(({ type }) => [auditName(type), type]),
)

/** Type of an event → its kind. */
export const AUDITED_BY_TYPE: ReadonlyMap<string, AuditedKind> = new Map(
  Object.entries(AUDITED).map(([name, kind]) => [kind.type, name as AuditedKind]),
)
