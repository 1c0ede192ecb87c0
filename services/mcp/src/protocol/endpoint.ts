import type { Rules } from '@gatehouse/policy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Asker, NO_ASKER } from '../calls/asker.ts'
import { type Channel, NO_CHANNEL } from '../calls/channel.ts'
import { ClientLeaving, type Leaving } from '../calls/leaving.ts'
import { ASKING_METHODS, askerFor, carriesAnswers, firstAsker, type MrtrDeps } from '../calls/mrtr.ts'
import type { Caller, Outcome } from '../calls/outcome.ts'
import { accepts } from '../edge/accept.ts'
import type { Admitted } from '../edge/guard.ts'
import { type Refused, type RequestId, refuseAtEdge } from '../errors.ts'
import { SESSION_METHODS, type SessionEndpoint, sessionIdOf } from '../sessions/session-endpoint.ts'
import type { Entered, Session } from '../sessions/sessions.ts'
import type { Granted } from '../streams/listen.ts'
import { ACCEPTED, type Answer, answerTo, answerToBatch, refusedAnswer, scopeRefused } from './answer.ts'
import { AnswerChannel } from './answer-channel.ts'
import { costOf, scopesLacking } from './batch.ts'
import { plainCaller } from './caller.ts'
import { type Classified, classify, isObject, META_LOG_LEVEL, type RpcRequest } from './classify.ts'
import { addDoor, admittedOf, type DoorDeps, send, single } from './door.ts'
import { judgeMirroredParams } from './judge-params.ts'
import type { Offered } from './methods.ts'
import { type Read, readBody } from './read-body.ts'
import { ASSUMED, FEATURES, isLegacy } from './revisions.ts'

export interface EndpointDeps extends DoorDeps {
  readonly path: string
  readonly rules: Rules
  readonly metadataUrl: string | undefined
  readonly offered: Offered
  readonly mrtr: MrtrDeps
  readonly sessions: SessionEndpoint
  readonly dispatch: (request: RpcRequest, caller: Caller) => Outcome | Granted | Promise<Outcome | Granted>
}

/** The one endpoint: guard, body, classify once, limit, dispatch, answer. Meant for an encapsulated server of its own. */
export function addEndpoint(server: FastifyInstance, deps: EndpointDeps): void {
  addDoor(server, deps, [deps.path], (request) =>
    sessionIdOf(request) === undefined ? {} : { methods: SESSION_METHODS },
  )
  server.route({
    method: ['POST', 'GET', 'HEAD', 'DELETE', 'PUT', 'PATCH'],
    url: deps.path,
    handler: (request, reply) => {
      handle(deps, request, reply).catch((error: unknown) => reply.send(error))
    },
  })
}

async function handle(deps: EndpointDeps, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const admitted = admittedOf(request)
  const read = readBody(request.body as Buffer | undefined)
  const id = sessionIdOf(request, read.ok ? read.value : undefined)
  const entered = id === undefined ? undefined : await deps.sessions.sessions.enter(id, admitted.principal)
  const message = messageOf(deps, request, read, entered)
  const allowance = await deps.limit.take(admitted.principal, costOf(deps.registry, requestsOf(message)))
  reply.headers(allowance.headers)
  if (allowance.over) {
    const hint = `Wait ${allowance.retryAfter} s.`
    return send(reply, refusedAnswer(refuseAtEdge('rate.exceeded', { hint, ...idOf(message) })))
  }
  if (entered === undefined) return respond(deps, message, admitted, request, reply)
  if (!entered.ok) return send(reply, refusedAnswer({ ...entered.refused, ...idOf(message) }))
  return inSession(deps, entered.session, { message, read, admitted, request, reply })
}

/** A session speaks the revision that was agreed on, whichever of its era the header names. */
function messageOf(deps: EndpointDeps, request: FastifyRequest, read: Read, entered: Entered | undefined): Classified {
  if (request.method !== 'POST') return { kind: 'notification', revision: ASSUMED }
  if (!read.ok) return { kind: 'refused', ...read.refused }
  const mirrors = mirrorsOf(request)
  const agreed = entered?.ok === true && (mirrors.version === undefined || isLegacy(mirrors.version))
  return classify(read.value, agreed ? { ...mirrors, version: entered.session.revision } : mirrors, deps.offered)
}

function inSession(
  deps: EndpointDeps,
  session: Session,
  of: {
    readonly message: Classified
    readonly read: Read
    readonly admitted: Admitted
    readonly request: FastifyRequest
    readonly reply: FastifyReply
  },
): Promise<FastifyReply> {
  const { admitted, request, reply } = of
  if (request.method === 'GET') return deps.sessions.get(session, admitted, request, reply)
  if (request.method === 'DELETE') return deps.sessions.delete(session, reply)
  return deps.sessions.post(session, of.message, of.read.ok ? of.read.value : undefined, {
    admitted,
    request,
    reply,
    callerOf: (message) => callerOf(message, admitted, request, {}),
    dispatch: (message, caller) => answered(deps, message, caller),
    lacking(requests, caller) {
      const lacking = scopesLacking(deps, requests, caller)
      return lacking && refusedAnswer(scopeRefused(lacking, deps.metadataUrl))
    },
  })
}

/** For requests that cannot be answered with a subscription. */
async function answered(deps: EndpointDeps, message: RpcRequest, caller: Caller): Promise<Outcome> {
  const outcome = await deps.dispatch(message, caller)
  if (outcome.kind === 'listen') throw new Error('a subscription cannot stand here')
  return outcome
}

async function respond(
  deps: EndpointDeps,
  message: Classified,
  admitted: Admitted,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (message.kind === 'refused') return send(reply, refusedAnswer(message))
  if (message.kind === 'notification') return send(reply, ACCEPTED)
  const listens = message.kind === 'request' && message.method === 'subscriptions/listen'
  if (!accepts(request.headers.accept, listens ? 'text/event-stream' : 'application/json')) {
    return send(reply, refusedAnswer(refuseAtEdge('answer.unacceptable', idOf(message))))
  }
  if (message.kind === 'batch') return send(reply, await answerBatch(deps, message.requests, admitted, request))
  const fault = paramsFault(deps, message, request)
  if (fault !== undefined) return send(reply, refusedAnswer(fault))
  const channel = channelOf(message, request, reply)
  const asking = FEATURES[message.revision].stateless && ASKING_METHODS.has(message.method)
  const asker = !asking
    ? NO_ASKER
    : carriesAnswers(message.params)
      ? await askerFor(deps.mrtr, message, admitted.principal)
      : firstAsker(deps.mrtr, message, admitted.principal)
  const dispatched = deps.dispatch(message, callerOf(message, admitted, request, { reply, channel, asker }))
  // A stream is granted and opened in one turn of the loop: whoever is let in is counted before the next one is judged.
  const outcome = dispatched instanceof Promise ? await dispatched : dispatched
  if (outcome.kind === 'listen') {
    const headers = reply.getHeaders() as Record<string, string | number | string[]>
    reply.hijack()
    outcome.open(reply.raw, headers)
    return reply
  }
  if (message.method === 'initialize' && outcome.kind === 'result') {
    const begun = await deps.sessions.begin(admitted, message.params, outcome)
    if ('refused' in begun) return send(reply, refusedAnswer({ ...begun.refused, id: message.id }))
    reply.header('mcp-session-id', begun.id)
  }
  const answer = answerTo(message.id, outcome, deps.metadataUrl)
  if (!(channel instanceof AnswerChannel)) return send(reply, answer)
  channel.close()
  if (!channel.begun) return send(reply, answer)
  channel.end(answer.body ?? '')
  return reply
}

/** `Mcp-Param-*` against the arguments, for the tools that have such headers. */
function paramsFault({ registry }: EndpointDeps, message: RpcRequest, request: FastifyRequest): Refused | undefined {
  if (message.method !== 'tools/call' || !FEATURES[message.revision].stateless) return undefined
  const mirrored = registry.tools.get(String(message.params.name))?.mirrored ?? []
  return mirrored.length === 0 ? undefined : judgeMirroredParams(mirrored, message, request.headers)
}

/** Notifications need a request that asks for them, and a client that takes a stream. */
function channelOf({ revision, params }: RpcRequest, request: FastifyRequest, reply: FastifyReply): Channel {
  const { _meta: meta } = params
  if (!FEATURES[revision].stateless || !isObject(meta)) return NO_CHANNEL
  if (meta.progressToken === undefined && meta[META_LOG_LEVEL] === undefined) return NO_CHANNEL
  const { accept } = request.headers
  return accept !== undefined && accepts(accept, 'text/event-stream') ? new AnswerChannel(reply) : NO_CHANNEL
}

async function answerBatch(
  deps: EndpointDeps,
  requests: readonly RpcRequest[],
  admitted: Admitted,
  request: FastifyRequest,
): Promise<Answer> {
  const callers = requests.map((message) => callerOf(message, admitted, request, {}))
  const [first] = callers
  const lacking = first && scopesLacking(deps, requests, first)
  if (lacking !== undefined) {
    // Those that lack a scope are refused and recorded as ever; the rest is not run.
    await Promise.all(
      requests.map((message, at) => {
        const caller = callers[at] as Caller
        return scopesLacking(deps, [message], caller) === undefined ? undefined : deps.dispatch(message, caller)
      }),
    )
    return refusedAnswer(scopeRefused(lacking, deps.metadataUrl))
  }
  const items = await Promise.all(
    requests.map(async (message, at) => {
      const outcome = await answered(deps, message, callers[at] as Caller)
      return { id: message.id, outcome }
    }),
  )
  return answerToBatch(items)
}

/** With `reply`, the client's leaving cancels the call where the revision says so. */
function callerOf(
  message: RpcRequest,
  admitted: Admitted,
  request: FastifyRequest,
  { reply, channel = NO_CHANNEL, asker = NO_ASKER }: { reply?: FastifyReply; channel?: Channel; asker?: Asker },
): Caller {
  const caller = plainCaller(message, admitted, { httpId: request.id, log: request.log as Caller['log'] })
  const cancellable = reply !== undefined && FEATURES[message.revision].stateless
  return Object.assign(caller, { channel, asker }, cancellable ? { gone: leavingOf(reply) } : undefined)
}

function leavingOf(reply: FastifyReply): Leaving {
  const leaving = new ClientLeaving()
  const leave = (): void => {
    if (!reply.raw.writableFinished) leaving.leave()
  }
  if (reply.raw.destroyed) leave()
  else reply.raw.once('close', leave)
  return leaving
}

const requestsOf = (message: Classified): readonly RpcRequest[] =>
  message.kind === 'request' ? [message] : message.kind === 'batch' ? message.requests : []

const idOf = (message: Classified): { readonly id?: RequestId } =>
  message.kind === 'request' ? { id: message.id } : {}

const mirrorsOf = ({ raw: { headers } }: FastifyRequest) => ({
  version: single(headers['mcp-protocol-version'])?.trim(),
  method: single(headers['mcp-method'])?.trim(),
  name: single(headers['mcp-name']),
})
