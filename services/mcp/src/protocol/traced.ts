import type { Tracing } from '@gatehouse/telemetry'
import type { Caller } from '../calls/outcome.ts'
import type { RpcRequest } from './classify.ts'
import type { DispatchDeps } from './dispatch.ts'

type Dispatch = ReturnType<typeof import('./dispatch.ts').createDispatch>

/** Methods that act on something that has a name; URIs and ids would make names that nobody can compare. */
const NAMED = { 'tools/call': 'tools', 'prompts/get': 'prompts' } as const
const UNKNOWN = 'unknown'

/**
 * A span for each request, in the trace that its client names in `_meta` or in the header. What the call does is part of it, and the audit log
 * keeps this span as its cause. Spans are named by what there is: a name that is not known here is the client's own text.
 */
export function tracedDispatch(
  dispatch: Dispatch,
  tracing: Tracing | undefined,
  { registry, offered }: Pick<DispatchDeps, 'registry' | 'offered'>,
): Dispatch {
  if (tracing === undefined) return dispatch
  const nameOf = ({ method, params: { name } }: RpcRequest): string | undefined => {
    const kind = Object.hasOwn(NAMED, method) ? NAMED[method as keyof typeof NAMED] : undefined
    return kind !== undefined && typeof name === 'string' && registry[kind].has(name) ? name : undefined
  }
  return (request, caller) => {
    const named = nameOf(request)
    // The members of a batch come here unjudged.
    const method = offered.modern.has(request.method) || offered.legacy.has(request.method) ? request.method : UNKNOWN
    const about = {
      kind: 'server',
      parent: caller.traceparent,
      facts: {
        'mcp.method.name': method,
        'mcp.protocol.version': request.revision,
        'gatehouse.tenant': caller.principal.tenant,
        'gatehouse.request_id': caller.httpId,
        ...(request.method === 'tools/call' && named !== undefined ? { 'gen_ai.tool.name': named } : {}),
      },
    } as const
    return tracing.span(named === undefined ? method : `${method} ${named}`, about, (span) => {
      caller.log.traced?.(span.traceparent)
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
