import type { Profile } from '@gatehouse/profiles'
import type { Caller, Outcome } from '../calls/outcome.ts'
import { refusedWith } from '../calls/outcome.ts'
import { CODES, type RequestId } from '../errors.ts'
import type { Registry } from '../registry/build.ts'
import type { ListKind, Lists } from '../registry/lists.ts'
import type { Granted } from '../streams/listen.ts'
import { methodNotFound, type Params, type RpcRequest } from './classify.ts'
import type { Envelope } from './envelope.ts'
import { discoverResult, initializeResult } from './greetings.ts'
import type { Extras, Offered } from './methods.ts'
import { FEATURES } from './revisions.ts'

export interface DispatchDeps {
  readonly profile: Profile
  readonly registry: Registry
  readonly lists: Lists
  readonly envelope: Envelope
  readonly offered: Offered
  readonly extras: Extras
  readonly callTool: (params: Params, caller: Caller) => Promise<Outcome>
  readonly readResource: (params: Params, caller: Caller) => Promise<Outcome>
  readonly getPrompt: (params: Params, caller: Caller) => Promise<Outcome>
  readonly complete: (params: Params, caller: Caller) => Promise<Outcome>
  /** Methods that change a session. */
  readonly ofSessions: Readonly<Record<string, (params: Params, caller: Caller) => Promise<Outcome>>>
  readonly ofTasks: Readonly<Record<string, (params: Params, caller: Caller) => Promise<Outcome>>>
  readonly listen: (id: RequestId, params: Params, caller: Caller) => Outcome | Granted | Promise<Outcome | Granted>
}

type Answered = Outcome | Granted
type Method = (request: RpcRequest, caller: Caller) => Answered | Promise<Answered>

/** Every method in one table. What its revision lacks is not found: the members of a batch come here unjudged. */
export function createDispatch(
  deps: DispatchDeps,
): (request: RpcRequest, caller: Caller) => Answered | Promise<Answered> {
  const { profile, registry, lists, envelope, offered, extras } = deps
  const discover: Outcome = { kind: 'result', json: Buffer.from(discoverResult(profile, registry, envelope, extras)) }
  const list =
    (kind: ListKind): Method =>
    ({ params, revision }, { principal, tenant }) => {
      const given = lists.list(kind, principal, tenant, revision, params.cursor)
      const told = (json: Buffer | undefined): Outcome =>
        json === undefined ? refusedWith(CODES.invalidParams, 'The cursor is not known.') : { kind: 'result', json }
      return given instanceof Promise ? given.then(told) : told(given)
    }

  const methods: Readonly<Record<string, Method>> = {
    'server/discover': () => discover,
    initialize: ({ params }) => {
      const json = initializeResult(profile, registry, params, extras)
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
    'prompts/list': list('prompts'),
    'prompts/get': ({ params }, caller) => deps.getPrompt(params, caller),
    'completion/complete': ({ params }, caller) => deps.complete(params, caller),
    ...Object.fromEntries(
      Object.entries({ ...deps.ofSessions, ...deps.ofTasks }).map(([name, method]): [string, Method] => [
        name,
        ({ params }, caller) => method(params, caller),
      ]),
    ),
    'subscriptions/listen': ({ id, params }, caller) => deps.listen(id, params, caller),
  }
  return (request, caller) => {
    const known = FEATURES[request.revision].stateless ? offered.modern : offered.legacy
    const method = known.has(request.method) ? methods[request.method] : undefined
    if (method === undefined) return { kind: 'refused', refused: methodNotFound(request, 200) }
    return method(request, registry.logs || caller.logLevel === undefined ? caller : unheard(caller))
  }
}

/** Who asks for log messages where there are none. */
function unheard({ logLevel: _none, ...caller }: Caller): Caller {
  return caller
}
