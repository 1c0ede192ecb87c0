import type { Rules } from '@gatehouse/policy'
import type { Serve } from '@gatehouse/service'
import { NO_ASKER } from '../calls/asker.ts'
import { type Channel, NO_CHANNEL } from '../calls/channel.ts'
import { AnswerLeaving } from '../calls/leaving.ts'
import { ASKING_METHODS, askerFor, carriesAnswers, firstAsker, type MrtrDeps } from '../calls/mrtr.ts'
import type { Caller, Outcome } from '../calls/outcome.ts'
import { accepts } from '../edge/accept.ts'
import type { Admitted } from '../edge/guard.ts'
import { overLimit, type Refused, type RequestId, refuseAtEdge } from '../errors.ts'
import { SESSION_METHODS, type SessionEndpoint, sessionIdOf } from '../sessions/session-endpoint.ts'
import type { Entered, Session } from '../sessions/sessions.ts'
import type { Granted } from '../streams/listen.ts'
import { ACCEPTED, type Answer, answerTo, answerToBatch, refusedAnswer, scopeRefused } from './answer.ts'
import { AnswerChannel } from './answer-channel.ts'
import { costOf, overLimitOf, requestsOf, scopesLacking } from './batch.ts'
import { plainCaller } from './caller.ts'
import { type Classified, classify, isObject, META_LOG_LEVEL, type RpcRequest } from './classify.ts'
import { createDoor, type DoorDeps, single } from './door.ts'
import type { Exchange } from './exchange.ts'
import { judgeMirroredParams } from './judge-params.ts'
import type { Offered } from './methods.ts'
import { type Read, readBody } from './read-body.ts'
import { ASSUMED, FEATURES, isLegacy } from './revisions.ts'

export interface EndpointDeps extends DoorDeps {
  readonly path: string
  readonly rules: Rules
  readonly offered: Offered
  readonly mrtr: MrtrDeps
  readonly sessions: SessionEndpoint
  readonly dispatch: (request: RpcRequest, caller: Caller) => Outcome | Granted | Promise<Outcome | Granted>
}

/** The one endpoint: guard, body, classify once, limit, dispatch, answer. */
export function createEndpoint(deps: EndpointDeps): Serve {
  return createDoor(deps, {
    prepare(exchange) {
      if (sessionIdOf(exchange.headers) !== undefined) exchange.methods = SESSION_METHODS
    },
    handle: (exchange, admitted) => handle(deps, exchange, admitted),
  })
}

/** One function from the body to the answer, since each that waits for another costs every request a promise and a turn of its queue. */
async function handle(deps: EndpointDeps, exchange: Exchange, admitted: Admitted): Promise<void> {
  const read = readBody(exchange.body)
  const id = sessionIdOf(exchange.headers, read.ok ? read.value : undefined)
  const entered = id === undefined ? undefined : await deps.sessions.sessions.enter(id, admitted.principal)
  const message = messageOf(deps, exchange, read, entered)
  const allowance = await deps.limit.take(admitted.principal, costOf(deps.registry, requestsOf(message)))
  exchange.add(allowance.headers)
  if (allowance.over) {
    if (exchange.method === 'POST') await deps.doorLog.turnedAway(overLimitOf(message, admitted, exchange))
    return exchange.send(refusedAnswer(overLimit(allowance.retryAfter, idOf(message).id)))
  }
  if (entered?.ok === false) return exchange.send(refusedAnswer({ ...entered.refused, ...idOf(message) }))
  if (entered !== undefined) return inSession(deps, entered.session, { message, read, admitted, exchange })
  if (message.kind === 'refused') return exchange.send(refusedAnswer(message))
  if (message.kind === 'notification') return exchange.send(ACCEPTED)
  const fault = answerFault(deps, message, exchange)
  if (fault !== undefined) return exchange.send(refusedAnswer(fault))
  if (message.kind === 'batch') return exchange.send(await answerBatch(deps, message.requests, admitted, exchange))
  const caller = callerOf(deps, message, admitted, exchange)
  if (caller.asker !== NO_ASKER && carriesAnswers(message.params)) {
    caller.asker = await askerFor(deps.mrtr, message, admitted.principal)
  }
  const dispatched = deps.dispatch(message, caller)
  // A stream is granted and opened in one turn of the loop: whoever is let in is counted before the next one is judged.
  const outcome = dispatched instanceof Promise ? await dispatched : dispatched
  if (outcome.kind === 'listen') {
    const { raw, headers } = exchange.stream()
    return outcome.open(raw, headers)
  }
  if (message.method === 'initialize' && outcome.kind === 'result') {
    const begun = await deps.sessions.begin(admitted, message.params, outcome)
    if ('refused' in begun) return exchange.send(refusedAnswer({ ...begun.refused, id: message.id }))
    exchange.add({ 'mcp-session-id': begun.id })
  }
  answerOver(caller.channel, exchange, answerTo(message.id, outcome, admitted.metadataUrl))
}

/** A session speaks the revision that was agreed on, whichever of its era the header names. */
function messageOf(deps: EndpointDeps, exchange: Exchange, read: Read, entered: Entered | undefined): Classified {
  if (exchange.method !== 'POST') return { kind: 'notification', revision: ASSUMED }
  if (!read.ok) return { kind: 'refused', ...read.refused }
  const mirrors = mirrorsOf(exchange)
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
    readonly exchange: Exchange
  },
): Promise<void> {
  const { admitted, exchange } = of
  if (exchange.method === 'GET') return deps.sessions.get(session, admitted, exchange)
  if (exchange.method === 'DELETE') return deps.sessions.delete(session, exchange)
  return deps.sessions.post(session, of.message, of.read.ok ? of.read.value : undefined, {
    admitted,
    exchange,
    callerOf: (message) => plainCaller(message, admitted, exchange),
    dispatch: (message, caller) => answered(deps, message, caller),
    lacking(requests, caller) {
      const lacking = scopesLacking(deps, requests, caller)
      return lacking && refusedAnswer(scopeRefused(lacking, admitted.metadataUrl))
    },
  })
}

/** For requests that cannot be answered with a subscription. */
async function answered(deps: EndpointDeps, message: RpcRequest, caller: Caller): Promise<Outcome> {
  const outcome = await deps.dispatch(message, caller)
  if (outcome.kind === 'listen') throw new Error('a subscription cannot stand here')
  return outcome
}

/** Why a message that was read and understood gets no answer of its method. */
function answerFault(
  deps: EndpointDeps,
  message: Classified & { readonly kind: 'request' | 'batch' },
  exchange: Exchange,
): Refused | undefined {
  const listens = message.kind === 'request' && message.method === 'subscriptions/listen'
  if (!accepts(exchange.headers.accept, listens ? 'text/event-stream' : 'application/json')) {
    return refuseAtEdge('answer.unacceptable', idOf(message))
  }
  return message.kind === 'request' ? paramsFault(deps, message, exchange) : undefined
}

/** Who asks without a session. Of one that brings answers the asker is still to be made from them. */
function callerOf(
  { mrtr }: EndpointDeps,
  message: RpcRequest,
  admitted: Admitted,
  exchange: Exchange,
): ReturnType<typeof plainCaller> {
  const caller = plainCaller(message, admitted, exchange)
  caller.channel = channelOf(message, exchange)
  if (FEATURES[message.revision].stateless) {
    if (ASKING_METHODS.has(message.method)) caller.asker = firstAsker(mrtr, message, admitted.principal)
    // Where the revision says so, the client's leaving cancels the call.
    caller.gone = new AnswerLeaving(exchange.response)
  }
  return caller
}

function answerOver(channel: Channel, exchange: Exchange, answer: Answer): void {
  if (channel instanceof AnswerChannel) channel.close()
  if (channel instanceof AnswerChannel && channel.begun) channel.end(answer.body ?? '')
  else exchange.send(answer)
}

/** `Mcp-Param-*` against the arguments, for the tools that have such headers. */
function paramsFault({ registry }: EndpointDeps, message: RpcRequest, { headers }: Exchange): Refused | undefined {
  if (message.method !== 'tools/call' || !FEATURES[message.revision].stateless) return undefined
  const mirrored = registry.tools.get(String(message.params.name))?.mirrored ?? []
  return mirrored.length === 0 ? undefined : judgeMirroredParams(mirrored, message, headers)
}

/** Notifications need a request that asks for them, and a client that takes a stream. */
function channelOf({ revision, params }: RpcRequest, exchange: Exchange): Channel {
  const { _meta: meta } = params
  if (!FEATURES[revision].stateless || !isObject(meta)) return NO_CHANNEL
  if (meta.progressToken === undefined && meta[META_LOG_LEVEL] === undefined) return NO_CHANNEL
  const { accept } = exchange.headers
  return accept !== undefined && accepts(accept, 'text/event-stream') ? new AnswerChannel(exchange) : NO_CHANNEL
}

async function answerBatch(
  deps: EndpointDeps,
  requests: readonly RpcRequest[],
  admitted: Admitted,
  exchange: Exchange,
): Promise<Answer> {
  const callers = requests.map((message) => plainCaller(message, admitted, exchange))
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
    return refusedAnswer(scopeRefused(lacking, admitted.metadataUrl))
  }
  const items = await Promise.all(
    requests.map(async (message, at) => {
      const outcome = await answered(deps, message, callers[at] as Caller)
      return { id: message.id, outcome }
    }),
  )
  return answerToBatch(items)
}

const idOf = (message: Classified): { readonly id?: RequestId } =>
  message.kind === 'request' ? { id: message.id } : {}

const mirrorsOf = ({ headers }: Exchange) => ({
  version: single(headers['mcp-protocol-version'])?.trim(),
  method: single(headers['mcp-method'])?.trim(),
  name: single(headers['mcp-name']),
})
