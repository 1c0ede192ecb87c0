import type { ListName } from '@gatehouse/catalog'
import type { Sealer } from '@gatehouse/keyring'
import type { Principal, Rules } from '@gatehouse/policy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../calls/outcome.ts'
import { accepts } from '../edge/accept.ts'
import { CODES, type Refused, refuseAtEdge, unavailable } from '../errors.ts'
import type { Presence } from '../presence/presence.ts'
import { type Answer, refusedAnswer, scopeRefused } from '../protocol/answer.ts'
import { costOf, scopesLacking } from '../protocol/batch.ts'
import { plainCaller } from '../protocol/caller.ts'
import { type Classified, isObject } from '../protocol/classify.ts'
import { addDoor, admittedOf, type DoorDeps, send } from '../protocol/door.ts'
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

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a POST to a stream: what its address says. */
    sseTicket: Ticket | null
  }
}

export interface SseDeps extends DoorDeps {
  readonly paths: { readonly sse: string; readonly messages: string }
  /** Put before the path that clients post to: what a proxy takes away. */
  readonly basePath: string
  readonly rules: Rules
  readonly metadataUrl: string | undefined
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
 * POST comes to. Meant for an encapsulated server of its own.
 */
export function addSseEndpoint(server: FastifyInstance, deps: SseDeps): void {
  const { paths } = deps
  server.decorateRequest('sseTicket', null)
  addDoor(server, deps, [paths.sse, paths.messages], async (request) => {
    if (pathOf(request) === paths.sse) return { methods: GET }
    const ticket = await ticketOf(deps.sealer, request)
    request.sseTicket = ticket ?? null
    const proven = ticket?.principal
    // A client that could send no header at the stream cannot send one here either.
    return proven !== undefined && request.headers.authorization === undefined && deps.stillGood(proven)
      ? { proven }
      : {}
  })
  server.route({
    method: ['GET', 'POST'],
    url: paths.sse,
    handler: (request, reply) =>
      request.method === 'GET' ? open(deps, request, reply) : onlyGet(deps, request, reply),
  })
  server.route({ method: 'POST', url: paths.messages, handler: (request, reply) => take(deps, request, reply) })
}

const GET: ReadonlySet<string> = new Set(['GET'])
const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0] ?? ''

function ticketOf(sealer: Sealer, { query }: FastifyRequest): Promise<Ticket | undefined> {
  const { sessionId } = query as Record<string, unknown>
  return typeof sessionId === 'string' ? openTicket(sealer, sessionId) : Promise.resolve(undefined)
}

/** Clients of later revisions try here first what belongs to the other endpoint. */
async function onlyGet(deps: SseDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  reply.headers((await deps.limit.take(admittedOf(request).principal, 1)).headers)
  return send(reply, refusedAnswer(refuseAtEdge('method.refused', { headers: { allow: 'GET' } })))
}

async function open(deps: SseDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { hub, links, connections } = deps
  const { principal } = admittedOf(request)
  const refuse = (refused: Refused) => send(reply, refusedAnswer(refused))
  const allowance = await deps.limit.take(principal, 1)
  reply.headers(allowance.headers)
  if (allowance.over) return refuse(refuseAtEdge('rate.exceeded', { hint: `Wait ${allowance.retryAfter} s.` }))
  if (!accepts(request.headers.accept, 'text/event-stream')) return refuse(refuseAtEdge('answer.unacceptable'))
  const room = hub.room(principal)
  if (room === 'node-full') return refuse(unavailable('No more streams on this node now.'))
  if (room === 'principal-full') return refuse(refuseAtEdge('streams.exceeded', { headers: { 'retry-after': '5' } }))

  const session = newSessionId()
  const holder = holderOf(principal)
  const byQuery = request.headers.authorization === undefined
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
  const about = { transport: 'http-sse', principal, revision: OLDEST, requestId: request.id } as const
  void deps.presence.opened({ id: session, ...about })
  const headers = reply.getHeaders() as Record<string, string | number | string[]>
  reply.hijack()
  writer = openSseWriter({
    raw: reply.raw,
    headers,
    now: deps.now,
    drained: () => hub.ready(stream),
    gone() {
      stream.closed()
      connections.remove(session)
      deps.presence.closed(session, 'closed')
    },
  })
  if (writer.closed) return reply
  writer.write(`event: endpoint\ndata: ${deps.basePath}${deps.paths.messages}?sessionId=${ticket}\n\n`)
  hub.attach(stream)
  return reply
}

async function take(deps: SseDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const admitted = admittedOf(request)
  const refuse = (refused: Refused) => send(reply, refusedAnswer(refused))
  const read = readBody(request.body as Buffer | undefined)
  const message: Classified = read.ok ? deps.classify(read.value) : { kind: 'refused', ...read.refused }
  const requests = message.kind === 'request' ? [message] : []
  const allowance = await deps.limit.take(admitted.principal, costOf(deps.registry, requests))
  reply.headers(allowance.headers)
  if (allowance.over) return refuse(refuseAtEdge('rate.exceeded', { hint: `Wait ${allowance.retryAfter} s.` }))
  const { sseTicket: ticket } = request
  if (ticket === null) {
    return refuse((request.query as Record<string, unknown>).sessionId === undefined ? NO_SESSION : gone(deps))
  }
  // Somebody else's looks like none at all.
  if (ticket.holder !== holderOf(admitted.principal)) return refuse(gone(deps))
  const fault = faultOf(message, read.ok ? read.value : undefined)
  if (fault !== undefined) return refuse(fault)
  if (message.kind === 'request') {
    const caller = plainCaller(message, admitted, { httpId: request.id, log: request.log as Caller['log'] })
    const lacking = scopesLacking(deps, requests, caller)
    if (lacking !== undefined) return send(reply, refusedAnswer(scopeRefused(lacking, deps.metadataUrl, message.id)))
  }
  const post = { principal: admitted.principal, httpId: request.id, message: read.ok ? read.value : undefined }
  const delivered = await deps.delivery.deliver(ticket, post)
  if (delivered === 'gone') return refuse(gone(deps))
  return delivered === 'away' ? refuse(AWAY) : send(reply, TAKEN)
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
