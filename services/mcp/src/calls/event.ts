import { hash } from 'node:crypto'
import {
  type Clock,
  type CloudEvent,
  envelopeOf,
  ToolBegun,
  type ToolBegunData,
  ToolCalled,
  type ToolCalledData,
} from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'
import type { Metrics } from '@gatehouse/telemetry'
import canonicalize from 'canonicalize'
import type { Caller } from './outcome.ts'

/**
 * Hex SHA-256 of the canonical JSON (RFC 8785). A number that no double can hold (`1e400`) has no canonical form: `null` stands in its
 * place, so that such a call is recorded too. Never throws for what was read as JSON.
 */
export function argumentsSha256(given: unknown): string {
  return hash('sha256', canonicalText(given), 'hex')
}

function canonicalText(given: unknown): string {
  // What came in order is canonical as it is written, and in a third of the time.
  if (isInOrder(given)) return JSON.stringify(given) ?? 'null'
  try {
    return canonicalize(given) ?? 'null'
  } catch {
    return canonicalize(JSON.parse(JSON.stringify(given))) ?? 'null'
  }
}

/** Whether the members of all objects stand by their names, in UTF-16 code units. Of what was read as JSON, and is not nested deeply. */
function isInOrder(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isInOrder)
  let last = ''
  for (const name of Object.keys(value)) {
    if (name < last || !isInOrder((value as Readonly<Record<string, unknown>>)[name])) return false
    last = name
  }
  return true
}

const MAX_NAME_CHARS = 128
const UNSTORABLE = /\p{Cc}|\p{Cs}/gu

/** The name of a tool as the audit log can keep it: that of an unknown tool is the caller's own text, NUL and half characters included. */
export const storableName = (name: string): string => name.slice(0, MAX_NAME_CHARS).replace(UNSTORABLE, '\uFFFD')

type Actor = ToolCalledData['actor']

/** By principal, which is the same object for all calls with a credential that was verified before. */
const actors = new WeakMap<Principal, Actor>()

export function actorOf(principal: Principal): Actor {
  let actor = actors.get(principal)
  if (actor === undefined) {
    actor = {
      kind: principal.kind,
      id: principal.subject,
      ...(principal.client === undefined ? {} : { client: principal.client }),
      ...(principal.grant === undefined ? {} : { grant: principal.grant }),
    }
    actors.set(principal, actor)
  }
  return actor
}

/** What a tool call came to, without the values it was given. */
export interface Called {
  readonly tool: string
  readonly given: unknown
  readonly outcome: ToolCalledData['outcome']
  readonly reason?: string
  readonly startedAt: number
}

type About = { readonly clock: Clock; readonly node: string }
type Who = Pick<Caller, 'principal' | 'revision' | 'httpId' | 'traceparent'>

export function toolCalledEvent(about: About, caller: Who, called: Called): CloudEvent<ToolCalledData> {
  const now = about.clock.now()
  // One literal: with every call that is spread from another it costs as much again.
  const data: ToolCalledData = {
    tool: storableName(called.tool),
    argumentsSha256: argumentsSha256(called.given),
    actor: actorOf(caller.principal),
    protocolVersion: caller.revision,
    requestId: caller.httpId,
    node: about.node,
    outcome: called.outcome,
    durationMs: Math.max(0, Math.round(now - called.startedAt)),
  }
  if (called.reason !== undefined) data.reason = called.reason
  return envelopeOf(ToolCalled, envelopeAbout(caller, now), data)
}

/** A call whose tool is about to run; `call` is the id of the event that will tell how it ended, within `leaseMs`. */
export function toolBegunEvent(
  about: About,
  caller: Who,
  begun: Pick<Called, 'tool' | 'given'> & { readonly call: string; readonly leaseMs: number },
): CloudEvent<ToolBegunData> {
  return envelopeOf(ToolBegun, envelopeAbout(caller, about.clock.now()), {
    ...callOf(about, caller, begun),
    call: begun.call,
    leaseSeconds: Math.ceil(begun.leaseMs / 1_000),
  })
}

const envelopeAbout = ({ principal, traceparent }: Who, now: number) => ({
  source: '/services/mcp',
  tenant: principal.tenant,
  now: new Date(now),
  traceparent,
})

const callOf = (about: About, caller: Who, { tool, given }: Pick<Called, 'tool' | 'given'>) => ({
  tool: storableName(tool),
  argumentsSha256: argumentsSha256(given),
  actor: actorOf(caller.principal),
  protocolVersion: caller.revision,
  requestId: caller.httpId,
  node: about.node,
})

/** Counts calls as the log does: a task when it has ended. */
export const toolCallsOf = (metrics: Metrics) =>
  metrics.tally('gatehouse_mcp_tool_calls_total', 'Tool calls by outcome.', ['tool', 'outcome'])
