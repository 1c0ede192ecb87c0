import type { Tracing } from '@gatehouse/telemetry'
import type { Caller } from '../calls/outcome.ts'
import type { RpcRequest } from './classify.ts'
import type { DispatchDeps } from './dispatch.ts'

type Dispatch = ReturnType<typeof import('./dispatch.ts').createDispatch>

/** Methods that act on something that has a name; URIs and ids would make names that nobody can compare. */
const NAMED = new Set(['tools/call', 'prompts/get'])

/**
 * A span for each request, in the trace that its client names in `_meta` or in the header. What the call does is part of it, and the audit log
 * keeps this span as its cause.
 */
export function tracedDispatch(
  dispatch: Dispatch,
  tracing: Tracing | undefined,
  { registry }: Pick<DispatchDeps, 'registry'>,
): Dispatch {
  if (tracing === undefined) return dispatch
  const nameOf = ({ method, params }: RpcRequest): string | undefined =>
    NAMED.has(method) && typeof params.name === 'string' && (method !== 'tools/call' || registry.tools.has(params.name))
      ? params.name
      : undefined
  return (request, caller) => {
    const named = nameOf(request)
    const about = {
      kind: 'server',
      parent: caller.traceparent,
      facts: {
        'mcp.method.name': request.method,
        'mcp.protocol.version': request.revision,
        'gatehouse.tenant': caller.principal.tenant,
        'gatehouse.request_id': caller.httpId,
        ...(request.method === 'tools/call' && named !== undefined ? { 'gen_ai.tool.name': named } : {}),
      },
    } as const
    return tracing.span(named === undefined ? request.method : `${request.method} ${named}`, about, (span) => {
      const traced: Caller = { ...caller, traceparent: span.traceparent }
      const outcome = dispatch(request, traced)
      const judge = (kind: string): void => {
        if (kind === 'refused') span.fail('refused')
      }
      if (outcome instanceof Promise) {
        return outcome.then((later) => {
          judge(later.kind)
          return later
        })
      }
      judge(outcome.kind)
      return outcome
    })
  }
}
