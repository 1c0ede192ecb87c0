import type { IncomingHttpHeaders } from 'node:http'
import type { ClientFacts, ListName } from '@gatehouse/catalog'
import { ClientLeaving } from '../calls/leaving.ts'
import type { Caller, Outcome, SessionOfCall } from '../calls/outcome.ts'
import { accepts } from '../edge/accept.ts'
import type { Admitted } from '../edge/guard.ts'
import { CODES, type Refused, type RequestId, refuseAtEdge } from '../errors.ts'
import { ACCEPTED, type Answer, answerTo, refusedAnswer } from '../protocol/answer.ts'
import { type Classified, isObject, META_VERSION, type RpcRequest } from '../protocol/classify.ts'
import type { Exchange } from '../protocol/exchange.ts'
import { type LegacyRevision, MODERN_REVISIONS } from '../protocol/revisions.ts'
import type { Hub } from '../streams/hub.ts'
import type { ReplayWindow } from '../streams/replay-window.ts'
import { openSseWriter, type SseWriter } from '../streams/sse-writer.ts'
import { getEventId, readEventId } from './event-id.ts'
import { createPostAnswer, type PostAnswer, type PostAnswerDeps, RETRY_MS } from './post-answer.ts'
import type { Resumptions } from './resumption.ts'
import { orAway, type Session, type Sessions, UNKNOWN_SESSION } from './sessions.ts'
import { createStandingStream } from './standing-stream.ts'

export interface SessionEndpointDeps extends PostAnswerDeps {
  readonly sessions: Sessions
  readonly resumptions: Resumptions
  readonly hub: Hub
  readonly window: ReplayWindow
  readonly windowMs: number
  readonly lists: ReadonlySet<ListName>
}

/** What the endpoint does with the requests of a session; nothing here looks at credentials. */
export interface SessionEndpoint {
  readonly sessions: Sessions
  /** What `initialize` agreed on becomes a session. */
  begin(
    admitted: Admitted,
    params: RpcRequest['params'],
    greeting: Outcome & { readonly kind: 'result' },
  ): Promise<{ readonly id: string } | { readonly refused: Refused }>
  /** A POST that was classified in the session's revision. `value` is its parsed body. */
  post(
    session: Session,
    message: Classified,
    value: unknown,
    use: {
      readonly admitted: Admitted
      readonly exchange: Exchange
      readonly callerOf: (message: RpcRequest) => Caller
      readonly dispatch: (message: RpcRequest, caller: Caller) => Promise<Outcome>
      readonly lacking: (requests: readonly RpcRequest[], caller: Caller) => Answer | undefined
    },
  ): Promise<void>
  /** The standing stream, or one that is resumed. */
  get(session: Session, admitted: Admitted, exchange: Exchange): Promise<void>
  delete(session: Session, exchange: Exchange): Promise<void>
}

/** The methods of a session beside POST. */
export const SESSION_METHODS: ReadonlySet<string> = new Set(['GET', 'DELETE'])

/** The session that a request names. A request of the stateless revision has none, whatever its headers say. */
export function sessionIdOf(headers: IncomingHttpHeaders, value?: unknown): string | undefined {
  const { 'mcp-session-id': id, 'mcp-protocol-version': version } = headers
  if (typeof id !== 'string' || (typeof version === 'string' && MODERN_REVISIONS.includes(version.trim())))
    return undefined
  const meta = isObject(value) && isObject(value.params) ? value.params._meta : undefined
  return isObject(meta) && Object.hasOwn(meta, META_VERSION) ? undefined : id
}

/** How long a client waits for a node that has heard less than it. Milliseconds. */
const BEHIND_MS = 500

/** A change that is older than this may have left the window by the time it is looked for. Milliseconds. */
const MARGIN_MS = 5_000

export function createSessionEndpoint(deps: SessionEndpointDeps): SessionEndpoint {
  const { sessions, resumptions, hub, window } = deps

  const stand = async (
    session: Session,
    admitted: Admitted,
    last: { readonly sequence: number; readonly time: number } | undefined,
    exchange: Exchange,
  ): Promise<void> => {
    const { facts } = session
    const { principal } = admitted
    const known = last ?? { sequence: facts.since, time: facts.bornAt * 1_000 }
    // The node that told it that was a moment ahead of this one.
    await window.comesTo(known.sequence, BEHIND_MS)
    // What this node cannot know of is announced whether it changed or not.
    const unknown =
      deps.now() - known.time > deps.windowMs - MARGIN_MS ||
      known.sequence > window.position ||
      (last !== undefined && known.sequence === 0)
    const from = unknown ? 0 : known.sequence
    let writer: SseWriter | undefined
    const stream = createStandingStream({
      writer: () => writer,
      hub,
      principal,
      lists: deps.lists,
      position: () => window.position,
      now: deps.now,
      resumable: true,
      idling: hasPriming(session),
      from,
    })
    const stood = await orAway(() => sessions.stand(facts, stream))
    if (typeof stood === 'object') return exchange.send(refusedAnswer(stood.refused))
    if (!stood) return exchange.send(refusedAnswer(UNKNOWN_SESSION))
    writer = openSseWriter({
      ...exchange.stream(),
      now: deps.now,
      drained: () => hub.ready(stream),
      gone: () => {
        stream.closed()
        sessions.leave(facts, stream)
      },
    })
    if (writer.closed) return
    if (stream.ended) {
      writer.end()
      return
    }
    // Nothing has been told yet: whoever comes back with this id is where it was.
    const id = getEventId(from, unknown ? deps.now() : known.time, stream.name)
    hub.attach(stream)
    writer.write(hasPriming(session) ? `id: ${id}\nretry: ${RETRY_MS}\ndata: \n\n` : `retry: ${RETRY_MS}\n\n`)
    if (unknown) {
      for (const uri of stream.uris.keys()) stream.mark(uri)
      for (const list of stream.lists) stream.markList(list)
    }
  }

  return {
    sessions,
    async begin({ principal }, params, { json }) {
      const revision: LegacyRevision = JSON.parse(json.toString()).protocolVersion
      return orAway(async () => ({ id: await sessions.create(principal, revision, clientOf(params)) }))
    },
    async post(session, message, value, use) {
      const { admitted, exchange } = use
      if (message.kind === 'refused') return exchange.send(refusedAnswer(message))
      const heard = await orAway(async () => {
        for (const item of saidBy(value)) await sessions.heard(session, item)
        return true as const
      })
      if (heard !== true) return exchange.send(refusedAnswer(heard.refused))
      if (message.kind === 'notification') return exchange.send(ACCEPTED)
      const requests = message.kind === 'batch' ? message.requests : [message]
      const [only] = message.kind === 'batch' ? [] : requests
      const refuse = (refused: Refused) =>
        exchange.send(refusedAnswer(only === undefined ? refused : { ...refused, id: only.id }))
      if (only?.method === 'initialize') return refuse(INITIALIZED)
      if (!accepts(exchange.headers.accept, 'application/json')) return refuse(refuseAtEdge('answer.unacceptable'))

      const answer = createPostAnswer(deps, {
        session: session.facts.id,
        principal: admitted.principal,
        requests: requests.map(({ id }) => id),
        priming: hasPriming(session),
        open: takesStream(exchange) ? () => exchange.stream() : undefined,
      })
      const callers = requests.map((each) => inSession(sessions, session, use.callerOf(each), answer))
      const [first] = callers
      if (message.kind === 'batch' && first !== undefined) {
        const lacking = use.lacking(requests, first)
        if (lacking !== undefined) {
          // Those that lack a scope are refused and recorded as ever; the rest is not run.
          await Promise.all(
            requests.map((each, at) => {
              const caller = callers[at] as Caller
              return use.lacking([each], caller) === undefined ? undefined : use.dispatch(each, caller)
            }),
          )
          return exchange.send(lacking)
        }
      }
      return answerAll(deps, {
        session,
        answer,
        requests,
        callers,
        dispatch: use.dispatch,
        exchange,
        batch: only === undefined,
      })
    },

    async get(session, admitted, exchange) {
      const { accept, 'last-event-id': last } = exchange.headers
      if (!accepts(accept, 'text/event-stream'))
        return exchange.send(refusedAnswer(refuseAtEdge('answer.unacceptable')))
      const full = hub.refuses(admitted.principal)
      if (full !== undefined) return exchange.send(refusedAnswer(full))
      if (typeof last !== 'string' || last === '') return stand(session, admitted, undefined, exchange)
      const event = readEventId(last)
      if (event === undefined) return exchange.send(refusedAnswer(BAD_EVENT))
      if (event.kind === 'get') return stand(session, admitted, event, exchange)
      const log = { session: session.facts.id, name: event.name }
      const resumed = await orAway(() => resumptions.resume(log, event.n, admitted.principal))
      if (!('kind' in resumed)) return exchange.send(refusedAnswer(resumed.refused))
      if (resumed.kind === 'refused') return exchange.send(refusedAnswer(resumed.refused))
      if (resumed.kind === 'told') return exchange.send({ status: 204, headers: NO_STORE })
      const { raw, headers } = exchange.stream()
      resumed.open(raw, headers)
    },

    async delete(session, exchange) {
      const ended = await orAway(() => sessions.end(session))
      if (typeof ended === 'object') return exchange.send(refusedAnswer(ended.refused))
      return exchange.send(ended ? { status: 204, headers: NO_STORE } : refusedAnswer(UNKNOWN_SESSION))
    },
  }
}

const NO_STORE = { 'cache-control': 'no-store' }

const INITIALIZED: Refused = {
  status: 400,
  code: CODES.invalidRequest,
  message: 'This session is initialized already. Send initialize without Mcp-Session-Id for another.',
}

const BAD_EVENT: Refused = {
  status: 400,
  code: CODES.invalidRequest,
  message: 'Last-Event-ID is none that this server has sent.',
}

/** From 2025-11-25 on clients know events without data (MCP 2025-11-25, transports, sending messages). */
const hasPriming = ({ revision }: Session): boolean => revision === '2025-11-25'

/** A client that does not say what it takes is not sent a stream. */
const takesStream = ({ headers: { accept } }: Exchange): boolean =>
  accept !== undefined && accepts(accept, 'text/event-stream')

/** Responses and notifications among what came. */
const saidBy = (value: unknown): readonly Record<string, unknown>[] =>
  (Array.isArray(value) ? value : [value]).filter(
    (item): item is Record<string, unknown> => isObject(item) && (item.method === undefined || item.id === undefined),
  )

export function clientOf({ clientInfo, capabilities }: RpcRequest['params']): ClientFacts {
  const { name, version } = isObject(clientInfo) ? clientInfo : {}
  return {
    capabilities: isObject(capabilities) ? capabilities : {},
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof version === 'string' ? { version } : {}),
  }
}

function inSession(sessions: Sessions, session: Session, caller: Caller, { channel, asker }: PostAnswer): Caller {
  const { client, logLevel } = session
  const own: SessionOfCall = {
    setLevel: (level) => sessions.setLevel(session, level),
    subscribe: (uri) => sessions.subscribe(session, uri),
    unsubscribe: (uri) => sessions.unsubscribe(session, uri),
  }
  return { ...caller, client, channel, asker, session: own, ...(logLevel === undefined ? {} : { logLevel }) }
}

/** An answer to a request that its client cancelled: nothing (MCP 2025-11-25, cancellation). */
const NOTHING: Answer = { status: 200, headers: { ...NO_STORE, 'content-type': 'text/event-stream' }, body: '' }

async function answerAll(
  deps: SessionEndpointDeps,
  run: {
    readonly session: Session
    readonly answer: PostAnswer
    readonly requests: readonly RpcRequest[]
    readonly callers: readonly Caller[]
    readonly dispatch: (message: RpcRequest, caller: Caller) => Promise<Outcome>
    readonly exchange: Exchange
    readonly batch: boolean
  },
): Promise<void> {
  const { answer, requests, exchange } = run
  let left = requests.length
  const done: Answer[] = []
  await Promise.all(
    requests.map(async (message, at) => {
      const leaving = new ClientLeaving()
      const ongoing = { session: run.session.facts.id, request: message.id, leaving, cut: () => answer.cut() }
      deps.sessions.begin(ongoing)
      try {
        const outcome = await run.dispatch(message, { ...(run.callers[at] as Caller), gone: leaving })
        if (!leaving.left) done.push(answerTo(message.id, outcome, exchange.admitted?.metadataUrl))
      } catch (error) {
        exchange.log.error({ err: error }, 'MCP request failed')
        done.push(refusedAnswer(failed(message.id, exchange.id)))
      } finally {
        deps.sessions.finish(ongoing)
        left -= 1
      }
      // What was ready before the stream began goes with the next.
      if (answer.streaming) await tell(answer, done.splice(0), left === 0)
    }),
  )
  if (answer.streaming) return
  if (done.length === 0) return exchange.send(NOTHING)
  const [one] = done
  if (!run.batch && one !== undefined) return exchange.send(one)
  const body = `[${done.map((each) => String(each.body)).join(',')}]`
  return exchange.send({
    status: 200,
    headers: { ...NO_STORE, 'content-type': 'application/json; charset=utf-8' },
    body,
  })
}

async function tell(answer: PostAnswer, ready: readonly Answer[], last: boolean): Promise<void> {
  const bodies = ready.map(({ body }) => body)
  for (const body of bodies.slice(0, -1)) await answer.respond(body, false)
  if (last || bodies.length > 0) await answer.respond(bodies.at(-1), last)
}

const failed = (id: RequestId, requestId: string): Refused => ({
  status: 500,
  code: CODES.internal,
  message: 'Internal error.',
  data: { requestId },
  id,
})
