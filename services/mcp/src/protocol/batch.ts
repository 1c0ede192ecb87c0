import { type Decision, decide, type Rules } from '@gatehouse/policy'
import type { Caller, Outcome } from '../calls/outcome.ts'
import type { Registry } from '../registry/build.ts'
import type { RpcRequest } from './classify.ts'

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
