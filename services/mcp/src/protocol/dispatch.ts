import type { Profile } from '@gatehouse/profiles'
import type { Caller, Outcome } from '../calls/outcome.ts'
import { refusedWith } from '../calls/outcome.ts'
import { CODES, type RequestId } from '../errors.ts'
import type { Registry } from '../registry/build.ts'
import type { ListKind, Lists } from '../registry/lists.ts'
import type { Granted } from '../streams/listen.ts'
import { methodNotFound, methodsOf, type Params, type RpcRequest } from './classify.ts'
import type { Envelope } from './envelope.ts'
import { discoverResult, initializeResult } from './greetings.ts'

export interface DispatchDeps {
  readonly profile: Profile
  readonly registry: Registry
  readonly lists: Lists
  readonly envelope: Envelope
  readonly callTool: (params: Params, caller: Caller) => Promise<Outcome>
  readonly readResource: (params: Params, caller: Caller) => Promise<Outcome>
  readonly listen: (id: RequestId, params: Params, caller: Caller) => Outcome | Granted
}

type Answered = Outcome | Granted
type Method = (request: RpcRequest, caller: Caller) => Answered | Promise<Answered>

/** Every method in one table. What its revision lacks is not found: the members of a batch come here unjudged. */
export function createDispatch(
  deps: DispatchDeps,
): (request: RpcRequest, caller: Caller) => Answered | Promise<Answered> {
  const { profile, registry, lists, envelope } = deps
  const discover: Outcome = { kind: 'result', json: Buffer.from(discoverResult(profile, registry, envelope)) }
  const list =
    (kind: ListKind): Method =>
    ({ params, revision }, { principal, tenant }) =>
      // All fits on one page, so no cursor was ever given out.
      params.cursor === undefined
        ? { kind: 'result', json: lists.list(kind, principal, tenant, revision) }
        : refusedWith(CODES.invalidParams, 'The cursor is not known.')

  const methods: Readonly<Record<string, Method>> = {
    'server/discover': () => discover,
    initialize: ({ params }) => {
      const json = initializeResult(profile, registry, params)
      return json === undefined
        ? refusedWith(CODES.invalidParams, 'protocolVersion, capabilities and clientInfo are required.')
        : { kind: 'result', json }
    },
    ping: () => ({ kind: 'result', json: '{}' }),
    'tools/list': list('tools'),
    'tools/call': ({ params }, caller) => deps.callTool(params, caller),
    'resources/list': list('resources'),
    'resources/templates/list': list('resourceTemplates'),
    'resources/read': ({ params }, caller) => deps.readResource(params, caller),
    'subscriptions/listen': ({ id, params }, caller) => deps.listen(id, params, caller),
  }
  return (request, caller) => {
    const method = methodsOf(request.revision).has(request.method) ? methods[request.method] : undefined
    return method === undefined ? { kind: 'refused', refused: methodNotFound(request, 200) } : method(request, caller)
  }
}
