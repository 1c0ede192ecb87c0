import type { ListName } from '@gatehouse/catalog'
import type { Sealer } from '@gatehouse/keyring'
import type { Principal, Rules } from '@gatehouse/policy'
import type { Serve } from '@gatehouse/service'
import { accepts } from '../edge/accept.ts'
import type { Admitted } from '../edge/guard.ts'
import { CODES, overLimit, type Refused, refuseAtEdge } from '../errors.ts'
import type { Presence } from '../presence/presence.ts'
import { type Answer, refusedAnswer, scopeRefused } from '../protocol/answer.ts'
import { costOf, overLimitOf, scopesLacking } from '../protocol/batch.ts'
import { plainCaller } from '../protocol/caller.ts'
import { type Classified, isObject } from '../protocol/classify.ts'
import { createDoor, type DoorDeps } from '../protocol/door.ts'
import type { Exchange } from '../protocol/exchange.ts'
import { readBody } from '../protocol/read-body.ts'
import { FEATURES, OLDEST } from '../protocol/revisions.ts'
import type { Links } from '../sessions/links.ts'
import { holderOf, newSessionId } from '../sessions/session-id.ts'
import { AWAY } from '../sessions/sessions.ts'
import { createStandingStream } from '../sessions/standing-stream.ts'
import type { Hub } from '../streams/hub.ts'
import { openSseWriter, type SseWriter } from '../streams/sse-writer.ts'
import type { Connections } from './connections.ts'
import type { Delivery } from './delivery.ts'
import { openTicket, sealTicket, type Ticket } from './ticket.ts'

export interface SseDeps extends DoorDeps {
  readonly paths: { readonly sse: string; readonly messages: string }
  /** Put before the path that clients post to: what a proxy takes away. */
  readonly basePath: string
  readonly rules: Rules
  readonly sealer: Sealer
  readonly links: Links
  readonly hub: Hub
  readonly lists: ReadonlySet<ListName>
  readonly position: () => number
  readonly now: () => number
  readonly connections: Connections
  /** Told of each stream that opens and closes. */
  readonly presence: Pick<Presence, 'opened' | 'closed'>
  readonly delivery: Delivery
  readonly classify: (message: unknown) => Classified
  /** Whether what a ticket says of its principal is still good. */
  readonly stillGood: (principal: Principal) => boolean
}

/**
 * HTTP+SSE (MCP 2024-11-05, transports): a GET opens the stream and is told where to post; answers come on the stream, whichever node the
 * POST comes to.
 */
export function createSseEndpoint(deps: SseDeps): { readonly sse: Serve; readonly messages: Serve } {
  const tickets = new WeakMap<Exchange, Ticket>()
  return {
    sse: createDoor(deps, {
      prepare(exchange) {
        exchange.methods = GET
      },
      handle: (exchange, admitted) => (exchange.method === 'GET' ? open : onlyGet)(deps, exchange, admitted),
    }),
    messages: createDoor(deps, {
      async prepare(exchange) {
        const ticket = await ticketOf(deps.sealer, exchange)
        if (ticket === undefined) return
        tickets.set(exchange, ticket)
        const { principal: proven } = ticket
        // A client that could send no header at the stream cannot send one here either.
        const silent = exchange.headers.authorization === undefined
        if (proven !== undefined && silent && deps.stillGood(proven)) exchange.proven = proven
      },
      handle: (exchange, admitted) => take(deps, exchange, admitted, tickets.get(exchange)),
    }),
  }
}

const GET: ReadonlySet<string> = new Set(['GET'])

function ticketOf(sealer: Sealer, { query }: Exchange): Promise<Ticket | undefined> {
  const [sessionId, ...others] = query.getAll('sessionId')
  return sessionId !== undefined && others.length === 0 ? openTicket(sealer, sessionId) : Promise.resolve(undefined)
}

/** Clients of later revisions try here first what belongs to the other endpoint. */
async function onlyGet(deps: SseDeps, exchange: Exchange, { principal }: Admitted): Promise<void> {
  exchange.add((await deps.limit.take(principal, 1)).headers)
  exchange.send(refusedAnswer(refuseAtEdge('method.refused', { headers: { allow: 'GET' } })))
}

async function open(deps: SseDeps, exchange: Exchange, { principal }: Admitted): Promise<void> {
  const { hub, links, connections } = deps
  const refuse = (refused: Refused): void => exchange.send(refusedAnswer(refused))
  const allowance = await deps.limit.take(principal, 1)
  exchange.add(allowance.headers)
  if (allowance.over) return refuse(overLimit(allowance.retryAfter))
  if (!accepts(exchange.headers.accept, 'text/event-stream')) return refuse(refuseAtEdge('answer.unacceptable'))
  const full = hub.refuses(principal)
  if (full !== undefined) return refuse(full)

  const session = newSessionId()
  const holder = holderOf(principal)
  const byQuery = exchange.headers.authorization === undefined
  const ticket = sealTicket(deps.sealer, { session, node: links.here, holder, ...(byQuery ? { principal } : {}) })
  let writer: SseWriter | undefined
  const stream = createStandingStream({
    writer: () => writer,
    hub,
    principal,
    lists: deps.lists,
    position: deps.position,
    now: deps.now,
    resumable: false,
    from: deps.position(),
  })
  connections.add({ session, stream })
  // Before anything can say that it is gone.
  const about = { transport: 'http-sse', principal, revision: OLDEST, requestId: exchange.id } as const
  void deps.presence.opened({ id: session, ...about })
  writer = openSseWriter({
    ...exchange.stream(),
    now: deps.now,
    drained: () => hub.ready(stream),
    gone() {
      stream.closed()
      connections.remove(session)
      deps.presence.closed(session, 'closed')
    },
  })
  if (writer.closed) return
  writer.write(`event: endpoint\ndata: ${deps.basePath}${deps.paths.messages}?sessionId=${ticket}\n\n`)
  hub.attach(stream)
}

async function take(deps: SseDeps, exchange: Exchange, admitted: Admitted, ticket: Ticket | undefined): Promise<void> {
  const refuse = (refused: Refused): void => exchange.send(refusedAnswer(refused))
  const read = readBody(exchange.body)
  const message: Classified = read.ok ? deps.classify(read.value) : { kind: 'refused', ...read.refused }
  const requests = message.kind === 'request' ? [message] : []
  const allowance = await deps.limit.take(admitted.principal, costOf(deps.registry, requests))
  exchange.add(allowance.headers)
  if (allowance.over) {
    await deps.doorLog.turnedAway(overLimitOf(message, admitted, exchange))
    return refuse(overLimit(allowance.retryAfter))
  }
  if (ticket === undefined) return refuse(exchange.query.has('sessionId') ? gone(deps) : NO_SESSION)
  // Somebody else's looks like none at all.
  if (ticket.holder !== holderOf(admitted.principal)) return refuse(gone(deps))
  const fault = faultOf(message, read.ok ? read.value : undefined)
  if (fault !== undefined) return refuse(fault)
  if (message.kind === 'request') {
    const caller = plainCaller(message, admitted, exchange)
    const lacking = scopesLacking(deps, requests, caller)
    if (lacking !== undefined)
      return exchange.send(refusedAnswer(scopeRefused(lacking, admitted.metadataUrl, message.id)))
  }
  const post = { principal: admitted.principal, httpId: exchange.id, message: read.ok ? read.value : undefined }
  const delivered = await deps.delivery.deliver(ticket, post)
  if (delivered === 'gone') return refuse(gone(deps))
  return delivered === 'away' ? refuse(AWAY) : exchange.send(TAKEN)
}

/** What is refused at once; a method that is not there is told on the stream, as any answer is. */
function faultOf(message: Classified, value: unknown): Refused | undefined {
  if (message.kind === 'refused') return message.code === CODES.methodNotFound && isObject(value) ? undefined : message
  return message.kind === 'batch' || FEATURES[message.revision].stateless ? WRONG_ERA : undefined
}

const TAKEN: Answer = {
  status: 202,
  headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' },
  body: 'Accepted',
}

const NO_SESSION: Refused = {
  status: 400,
  code: CODES.invalidRequest,
  message: 'sessionId is missing: post to the address that the stream named.',
}

const WRONG_ERA: Refused = {
  status: 400,
  code: CODES.invalidRequest,
  message: 'HTTP+SSE takes one message at a time, of a revision up to 2025-11-25.',
}

const gone = ({ paths }: SseDeps): Refused => ({
  status: 404,
  code: CODES.sessionNotFound,
  message: `The stream of this session is gone. Reconnect at GET ${paths.sse}.`,
})
