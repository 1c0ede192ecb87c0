import { type Decision, decide, type Rules } from '@gatehouse/policy'
import type { Caller, Outcome } from '../calls/outcome.ts'
import type { TurnedAway } from '../edge/door-log.ts'
import type { Admitted } from '../edge/guard.ts'
import type { Registry } from '../registry/build.ts'
import type { Classified, RpcRequest } from './classify.ts'
import type { Exchange } from './exchange.ts'

/**
 * What one request asks of an OAuth token beyond what it has. A batch is judged as a whole before any of it runs: one request that
 * lacks a scope refuses them all.
 */
export function scopesLacking(
  deps: { readonly registry: Registry; readonly rules: Rules },
  requests: readonly RpcRequest[],
  caller: Caller,
): (Outcome & { readonly kind: 'scope' }) | undefined {
  if (caller.principal.credential !== 'oauth') return undefined
  const missing = new Set<string>()
  const whole = new Set<string>()
  for (const request of requests) {
    const decision = decisionOf(deps, request, caller)
    if (decision === undefined || decision.allow || decision.reason !== 'scope.missing') continue
    for (const scope of decision.missing) missing.add(scope)
    for (const scope of decision.whole) whole.add(scope)
  }
  return missing.size === 0 ? undefined : { kind: 'scope', missing: [...missing].sort(), whole: [...whole].sort() }
}

function decisionOf(
  deps: { readonly registry: Registry; readonly rules: Rules },
  { method, params }: RpcRequest,
  caller: Caller,
): Decision | undefined {
  const { name } = params
  const asked =
    method === 'tools/call' && typeof name === 'string'
      ? deps.registry.tools.get(name)
      : method === 'resources/read' || method === 'resources/subscribe'
        ? deps.registry.match(params.uri)?.registered
        : method === 'prompts/get' && typeof name === 'string'
          ? deps.registry.prompts.get(name)
          : undefined
  return asked && decide(caller.principal, caller.tenant, asked.requirement, deps.rules)
}

/** The requests of a message that is to be answered. */
export const requestsOf = (message: Classified): readonly RpcRequest[] =>
  message.kind === 'request' ? [message] : message.kind === 'batch' ? message.requests : []

/** What the audit log is told of a message that came over the limit. */
export function overLimitOf(message: Classified, { principal }: Admitted, { id: requestId }: Exchange): TurnedAway {
  const calls = requestsOf(message).filter(({ method }) => method === 'tools/call')
  const [call] = calls
  const about = { principal, reason: 'rate.exceeded', requestId } as const
  if (call === undefined) return about
  const { name } = call.params
  const one = calls.length === 1 && typeof name === 'string'
  return { ...about, calls: calls.length, revision: call.revision, ...(one ? { tool: name } : {}) }
}

/** What requests take from the rate limit together. */
export function costOf(registry: Registry, requests: readonly RpcRequest[]): number {
  let cost = 0
  for (const { method, params } of requests) {
    const { name } = params
    const tool = method === 'tools/call' && typeof name === 'string' ? registry.tools.get(name) : undefined
    cost += tool?.cost ?? 1
  }
  return Math.max(1, cost)
}
