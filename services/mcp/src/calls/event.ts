import { hash } from 'node:crypto'
import { type Clock, type CloudEvent, envelopeOf, ToolCalled, type ToolCalledData } from '@gatehouse/contracts'
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
  try {
    return canonicalize(given) ?? 'null'
  } catch {
    return canonicalize(JSON.parse(JSON.stringify(given))) ?? 'null'
  }
}

const MAX_NAME_CHARS = 128
const UNSTORABLE = /\p{Cc}|\p{Cs}/gu

/** The name of a tool as the audit log can keep it: that of an unknown tool is the caller's own text, NUL and half characters included. */
export const storableName = (name: string): string => name.slice(0, MAX_NAME_CHARS).replace(UNSTORABLE, '\uFFFD')

export function actorOf(principal: Principal): ToolCalledData['actor'] {
  return {
    kind: principal.kind,
    id: principal.subject,
    ...(principal.client === undefined ? {} : { client: principal.client }),
    ...(principal.grant === undefined ? {} : { grant: principal.grant }),
  }
}

/** What a tool call came to, without the values it was given. */
export interface Called {
  readonly tool: string
  readonly given: unknown
  readonly outcome: ToolCalledData['outcome']
  readonly reason?: string
  readonly startedAt: number
}

export function toolCalledEvent(
  about: { readonly clock: Clock; readonly node: string },
  caller: Pick<Caller, 'principal' | 'revision' | 'httpId' | 'traceparent'>,
  called: Called,
): CloudEvent {
  const now = about.clock.now()
  return envelopeOf(
    ToolCalled,
    {
      source: '/services/mcp',
      tenant: caller.principal.tenant,
      now: new Date(now),
      ...(caller.traceparent === undefined ? {} : { traceparent: caller.traceparent }),
    },
    {
      tool: storableName(called.tool),
      outcome: called.outcome,
      ...(called.reason === undefined ? {} : { reason: called.reason }),
      durationMs: Math.max(0, Math.round(now - called.startedAt)),
      argumentsSha256: argumentsSha256(called.given),
      actor: actorOf(caller.principal),
      protocolVersion: caller.revision,
      requestId: caller.httpId,
      node: about.node,
    },
  )
}

/** Counts calls as the log does: a task when it has ended. */
export const toolCallsOf = (metrics: Metrics) =>
  metrics.counter('gatehouse_mcp_tool_calls_total', 'Tool calls by outcome.', ['tool', 'outcome'])
