import type { ClientFacts, LogLevel } from '@gatehouse/catalog'
import type { Principal, Requirement } from '@gatehouse/policy'
import type { Logger } from '@gatehouse/telemetry'
import type { FeedView } from '@gatehouse/token'
import { ClientLeaving } from '../calls/leaving.ts'
import type { Caller, Outcome, SessionOfCall } from '../calls/outcome.ts'
import { CODES, errorBody, type RequestId } from '../errors.ts'
import { answerTo } from '../protocol/answer.ts'
import { plainCaller } from '../protocol/caller.ts'
import { type Classified, isObject, type RpcRequest } from '../protocol/classify.ts'
import { ASSUMED, isLegacy, type LegacyRevision, OLDEST } from '../protocol/revisions.ts'
import type { Questions } from '../sessions/questions.ts'
import { clientOf } from '../sessions/session-endpoint.ts'
import type { Ongoing, Sessions } from '../sessions/sessions.ts'
import type { StandingStream } from '../sessions/standing-stream.ts'

/** A message for one stream, from whichever node it was posted to. */
export interface Post {
  readonly principal: Principal
  readonly httpId: string
  readonly message: unknown
}

/** A stream of HTTP+SSE that this node holds. It is the session: with it all of it goes. */
export interface Connection {
  readonly session: string
  readonly stream: StandingStream
}

export interface Connections {
  add(connection: Connection): void
  /** Its stream has closed: what runs for it is cancelled. */
  remove(session: string): void
  /** Takes a message of the stream's own principal and answers on the stream; `false` where there is none. */
  take(session: string, post: Post): boolean
  readonly size: number
}

interface Held extends Connection {
  revision: LegacyRevision
  client: ClientFacts
  logLevel: LogLevel | undefined
}

const NOBODY: ClientFacts = { capabilities: {} }

export function createConnections(deps: {
  readonly sessions: Sessions
  readonly questions: Questions
  readonly feed: FeedView
  readonly log: Logger
  readonly maxUris: number
  readonly position: () => number
  readonly requirementOf: (uri: string) => Requirement | undefined
  readonly classify: (message: unknown, revision: LegacyRevision) => Classified
  readonly dispatch: (message: RpcRequest, caller: Caller) => Promise<Outcome>
  /** What the server says of itself in a revision, as JSON text. */
  readonly greeting: (revision: LegacyRevision) => string
}): Connections {
  const { sessions, questions, feed, log } = deps
  const held = new Map<string, Held>()

  const ofCall = (connection: Held): SessionOfCall => ({
    async setLevel(level) {
      connection.logLevel = level
    },
    async subscribe(uri) {
      const { stream } = connection
      const requirement = deps.requirementOf(uri)
      if (requirement === undefined) return false
      if (stream.uris.size >= deps.maxUris && !stream.uris.has(uri)) return false
      stream.subscribe(uri, requirement, deps.position())
      return true
    },
    async unsubscribe(uri) {
      connection.stream.unsubscribe(uri)
    },
  })

  const callerOf = (connection: Held, message: RpcRequest, post: Post): Caller | undefined => {
    const { stream, session, client, logLevel } = connection
    const tenant = feed.tenant(post.principal.tenant)
    if (tenant === undefined) return undefined
    return {
      ...plainCaller(message, { principal: post.principal, tenant, metadataUrl: undefined }, { id: post.httpId, log }),
      client,
      ...(logLevel === undefined ? {} : { logLevel }),
      session: ofCall(connection),
      channel: {
        get open() {
          return !stream.ended
        },
        notify(method, params) {
          if (stream.behindSince === undefined) stream.send(JSON.stringify({ jsonrpc: '2.0', method, params }))
        },
      },
      asker: {
        ask: (requests, signal, check) =>
          questions.ask({ session, log: stream.name, requests, signal, check }, ({ json }) => stream.send(json)),
      },
    }
  }

  /** The revision that the client asked for, if it is one that has this transport. */
  const initialize = (connection: Held, { id, params }: RpcRequest): void => {
    const { protocolVersion, capabilities, clientInfo } = params
    if (typeof protocolVersion !== 'string' || !isObject(capabilities) || !isObject(clientInfo)) {
      const message = 'protocolVersion, capabilities and clientInfo are required.'
      connection.stream.send(errorBody({ id, code: CODES.invalidParams, message }))
      return
    }
    connection.revision = isLegacy(protocolVersion) ? protocolVersion : OLDEST
    connection.client = clientOf(params)
    connection.stream.send(
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${deps.greeting(connection.revision)}}`,
    )
  }

  const run = async (connection: Held, message: RpcRequest, post: Post): Promise<void> => {
    if (message.method === 'initialize') {
      initialize(connection, message)
      return
    }
    const caller = callerOf(connection, message, post)
    if (caller === undefined) {
      connection.stream.end()
      return
    }
    const leaving = new ClientLeaving()
    const ongoing: Ongoing = { session: connection.session, request: message.id, leaving, cut: () => undefined }
    sessions.begin(ongoing)
    try {
      const outcome = await deps.dispatch(message, { ...caller, gone: leaving })
      if (!leaving.left) connection.stream.send(String(answerTo(message.id, outcome, undefined).body))
    } catch (error) {
      log.error({ err: error }, 'MCP request failed')
      connection.stream.send(internal(message.id, post.httpId))
    } finally {
      sessions.finish(ongoing)
    }
  }

  return {
    add(connection) {
      held.set(connection.session, { ...connection, revision: OLDEST, client: NOBODY, logLevel: undefined })
    },
    remove(session) {
      if (held.delete(session)) sessions.drop(session)
    },
    take(session, post) {
      const connection = held.get(session)
      if (connection === undefined || connection.stream.ended) return false
      const { message } = post
      if (isObject(message) && (message.method === undefined || message.id === undefined)) {
        sessions.heardBy(session, message)
        return true
      }
      const classified = deps.classify(message, connection.revision === OLDEST ? ASSUMED : connection.revision)
      if (classified.kind === 'refused') connection.stream.send(errorBody(classified))
      if (classified.kind === 'request') void run(connection, { ...classified, revision: connection.revision }, post)
      return true
    },
    get size() {
      return held.size
    },
  }
}

const internal = (id: RequestId, requestId: string): string =>
  errorBody({ id, code: CODES.internal, message: 'Internal error.', data: { requestId } })
