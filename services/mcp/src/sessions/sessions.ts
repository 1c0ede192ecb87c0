import type { ClientFacts, LogLevel } from '@gatehouse/catalog'
import type { Sealer } from '@gatehouse/keyring'
import { KeyValueUnavailable } from '@gatehouse/kv'
import type { Principal, Requirement } from '@gatehouse/policy'
import type { Logger } from '@gatehouse/telemetry'
import type { ClientLeaving } from '../calls/leaving.ts'
import { CODES, type Refused, type RequestId, unavailable } from '../errors.ts'
import type { Presence } from '../presence/presence.ts'
import { isLogLevel, isObject } from '../protocol/classify.ts'
import type { LegacyRevision } from '../protocol/revisions.ts'
import type { Links } from './links.ts'
import { placeOfQuestion, type Questions } from './questions.ts'
import { fitsBits, holderOf, newSessionId, openSession, type SessionFacts, sealSession } from './session-id.ts'
import { type SessionStates, type StreamPlace, unlessAway } from './session-state.ts'
import type { StandingStream } from './standing-stream.ts'
import type { StreamLogs } from './stream-log.ts'

/** A session as one request finds it. */
export interface Session {
  readonly facts: SessionFacts
  readonly revision: LegacyRevision
  readonly client: ClientFacts
  readonly logLevel: LogLevel | undefined
}

export type Entered =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly refused: Refused }

/** What runs on this node for a session, so that it can be cancelled and ended. */
export interface Ongoing {
  readonly session: string
  readonly request: RequestId
  readonly leaving: ClientLeaving
  /** Ends its answer without a word. */
  readonly cut: () => void
}

export interface Sessions {
  /** A session id for what `initialize` agreed on. @throws KeyValueUnavailable */
  create(principal: Principal, revision: LegacyRevision, client: ClientFacts): Promise<string>
  /** The session that a request names, if it is this principal's and not over. One look into the store. */
  enter(id: string, principal: Principal): Promise<Entered>
  /** @throws KeyValueUnavailable */
  setLevel(session: Session, level: LogLevel): Promise<void>
  /** `false`: no room for more. @throws KeyValueUnavailable */
  subscribe(session: Session, uri: string): Promise<boolean>
  /** @throws KeyValueUnavailable */
  unsubscribe(session: Session, uri: string): Promise<void>
  /** Makes a stream the session's and gives it what the session subscribed to; `false` where it is over. @throws KeyValueUnavailable */
  stand(session: SessionFacts, stream: StandingStream): Promise<boolean>
  leave(session: SessionFacts, stream: StandingStream): void
  /** Ends it on all nodes; `false` where it was over. @throws KeyValueUnavailable */
  end(session: Session): Promise<boolean>
  /** A response or a notification of the client. @throws KeyValueUnavailable */
  heard(session: Session, message: Readonly<Record<string, unknown>>): Promise<void>
  /** The same, where everything of the session is on this node. */
  heardBy(session: string, message: Readonly<Record<string, unknown>>): void
  /** What runs here for a session is cancelled: nobody hears of it any more. */
  drop(session: string): void
  begin(ongoing: Ongoing): void
  finish(ongoing: Ongoing): void
  /** Waits until nothing runs any more, at most so long. */
  settled(withinMs: number): Promise<void>
  readonly ongoing: number
  readonly standing: number
}

/** What a client declares is kept up to this length, as JSON; beyond it, what an id holds. */
const MAX_CAPABILITIES = 16_384

export function createSessions(deps: {
  readonly sealer: Sealer
  readonly states: SessionStates
  readonly logs: StreamLogs
  readonly links: Links
  readonly questions: Questions
  readonly log: Logger
  readonly now: () => number
  readonly lifeMs: number
  /** Sequence of the domain stream up to which this node has heard. */
  readonly position: () => number
  /** What reading a URI asks for; `undefined` where nothing can be subscribed to. */
  readonly requirementOf: (uri: string) => Requirement | undefined
  /** Told of each session that begins and ends. */
  readonly presence: Pick<Presence, 'opened' | 'closed'>
  /** Other streams of a session on this node. */
  readonly ended: (session: string) => void
}): Sessions {
  const { sealer, states, logs, links, questions, now, lifeMs } = deps
  const standing = new Map<string, { readonly facts: SessionFacts; readonly stream: StandingStream }>()
  const ongoing = new Map<string, Set<Ongoing>>()
  const idle: (() => void)[] = []

  const placeOf = (stream: StandingStream): StreamPlace => ({ node: links.here, stream: stream.name })
  const take = (stream: StandingStream, uri: string, since: number): void => {
    const requirement = deps.requirementOf(uri)
    if (requirement !== undefined) stream.subscribe(uri, requirement, since)
  }
  const cancel = (session: string, request: RequestId): boolean => {
    const found = [...(ongoing.get(session) ?? [])].find((each) => each.request === request)
    found?.leaving.leave(new DOMException('the client cancelled the request', 'AbortError'))
    return found !== undefined
  }
  const endHere = (session: string): void => {
    standing.get(session)?.stream.end()
    for (const each of [...(ongoing.get(session) ?? [])]) {
      each.cut()
      each.leaving.leave(new DOMException('the session is over', 'AbortError'))
    }
    deps.ended(session)
  }
  /** What was told to this node while it could not hear. */
  const catchUp = async (): Promise<void> => {
    for (const { facts, stream } of [...standing.values()]) {
      const kept = await unlessAway(() => states.keepStream(facts, placeOf(stream), stream.subscriptions))
      if (kept === 'lost') stream.end()
      else if (kept !== undefined) {
        for (const uri of [...stream.subscriptions.keys()]) if (!kept.has(uri)) stream.unsubscribe(uri)
        for (const [uri, since] of kept) take(stream, uri, since)
      }
    }
    for (const { session, log, id } of questions.open) await fetchAnswer(session, log, id)
  }
  const fetchAnswer = async (session: string, log: string, id: string): Promise<void> => {
    const answer = await logs.takeAnswer({ session, name: log }, id)
    if (answer !== undefined) questions.answered(session, id, JSON.parse(answer))
  }

  links.on('subscription', ({ session, uri, since }) => {
    const stream = standing.get(session)?.stream
    if (stream === undefined) return
    if (since === undefined) stream.unsubscribe(uri)
    else take(stream, uri, since)
  })
  links.on('moved', ({ session, stream }) => {
    const held = standing.get(session)?.stream
    if (held?.name === stream) held.end()
  })
  links.on('ended', ({ session }) => endHere(session))
  links.on('cancelled', ({ session, request }) => void cancel(session, request))
  links.on('answered', ({ session, log, question }) => {
    fetchAnswer(session, log, question).catch((error: unknown) =>
      deps.log.error({ err: error }, 'the answer of a client could not be read'),
    )
  })
  links.on('working', ({ session, question }) => questions.working(session, question))
  links.onLost(() => {
    catchUp().catch((error: unknown) => deps.log.error({ err: error }, 'sessions could not be caught up with'))
  })

  const answered = async (session: string, message: Readonly<Record<string, unknown>>): Promise<void> => {
    const { id } = message
    const place = placeOfQuestion(id)
    if (place === undefined || typeof id !== 'string') return
    if (place.node === links.here) {
      questions.answered(session, id, message)
      return
    }
    // Kept until its node takes it: what is only published may be lost.
    const { result, error } = message
    if (await logs.answer({ session, name: place.log }, id, JSON.stringify({ id, result, error }))) {
      await links.tell(place.node, 'answered', { session, log: place.log, question: id })
    }
  }

  return {
    async create(principal, revision, client) {
      const text = JSON.stringify(client.capabilities)
      const more = !fitsBits(client.capabilities) && text.length <= MAX_CAPABILITIES
      const facts: SessionFacts = {
        id: newSessionId(),
        holder: holderOf(principal),
        revision,
        client,
        more,
        bornAt: Math.floor(now() / 1_000),
        since: deps.position(),
      }
      await states.create(facts, more ? text : undefined)
      await deps.presence.opened({ id: facts.id, transport: 'session', principal, revision, lifeMs })
      return sealSession(sealer, facts)
    },
    async enter(id, principal) {
      let facts: SessionFacts | undefined
      try {
        facts = await openSession(sealer, id)
      } catch (error) {
        deps.log.warn({ err: error }, 'the keys of sessions cannot be read')
        return { ok: false, refused: AWAY }
      }
      // Somebody else's looks like none at all.
      if (facts === undefined || facts.holder !== holderOf(principal) || facts.bornAt * 1_000 + lifeMs <= now()) {
        return { ok: false, refused: UNKNOWN_SESSION }
      }
      const record = await unlessAway(() => states.look(facts))
      if (record === undefined) return { ok: false, refused: AWAY }
      if (record.ended) return { ok: false, refused: UNKNOWN_SESSION }
      const client = record.capabilities === undefined ? facts.client : declaredIn(facts.client, record.capabilities)
      const logLevel = isLogLevel(record.level) ? record.level : undefined
      return { ok: true, session: { facts, revision: facts.revision, client, logLevel } }
    },
    setLevel: ({ facts }, level) => states.setLevel(facts, level),
    async subscribe({ facts }, uri) {
      const since = deps.position()
      const { done, at } = await states.subscribe(facts, uri, since)
      if (done && at !== undefined) await links.tell(at.node, 'subscription', { session: facts.id, uri, since })
      return done
    },
    async unsubscribe({ facts }, uri) {
      const at = await states.unsubscribe(facts, uri)
      if (at !== undefined) await links.tell(at.node, 'subscription', { session: facts.id, uri })
    },
    async stand(facts, stream) {
      const old = standing.get(facts.id)
      standing.set(facts.id, { facts, stream })
      old?.stream.end()
      let taken: Awaited<ReturnType<SessionStates['takeStream']>>
      try {
        taken = await states.takeStream(facts, placeOf(stream))
      } catch (error) {
        if (standing.get(facts.id)?.stream === stream) standing.delete(facts.id)
        throw error
      }
      if (taken === undefined) {
        standing.delete(facts.id)
        return false
      }
      const { before, subscriptions } = taken
      if (before !== undefined && before.node !== links.here) {
        await unlessAway(() => links.tell(before.node, 'moved', { session: facts.id, stream: before.stream }))
      }
      for (const [uri, since] of subscriptions) take(stream, uri, since)
      return true
    },
    leave(facts, stream) {
      if (standing.get(facts.id)?.stream === stream) standing.delete(facts.id)
      void unlessAway(() => states.leaveStream(facts, placeOf(stream)))
    },
    async end({ facts }) {
      if (!(await states.end(facts))) return false
      deps.presence.closed(facts.id, 'session.deleted')
      endHere(facts.id)
      await links.tellAll('ended', { session: facts.id })
      return true
    },
    heardBy(session, { method, params, id, result, error }) {
      if (method === undefined && typeof id === 'string') questions.answered(session, id, { result, error })
      if (!isObject(params)) return
      const { requestId: request, progressToken: question } = params
      if (method === 'notifications/cancelled' && (typeof request === 'string' || typeof request === 'number')) {
        cancel(session, request)
      }
      if (method === 'notifications/progress' && typeof question === 'string') questions.working(session, question)
    },
    drop(session) {
      for (const each of [...(ongoing.get(session) ?? [])]) {
        each.leaving.leave(new DOMException('the session is over', 'AbortError'))
      }
    },
    async heard({ facts }, message) {
      const { method, params } = message
      if (method === undefined) return answered(facts.id, message)
      if (!isObject(params)) return
      if (method === 'notifications/cancelled') {
        const { requestId: request } = params
        if (typeof request !== 'string' && typeof request !== 'number') return
        if (!cancel(facts.id, request)) await links.tellAll('cancelled', { session: facts.id, request })
      }
      if (method === 'notifications/progress') {
        const { progressToken: question } = params
        const place = placeOfQuestion(question)
        if (place !== undefined && typeof question === 'string') {
          await links.tell(place.node, 'working', { session: facts.id, question })
        }
      }
    },
    begin(each) {
      const all = ongoing.get(each.session) ?? new Set()
      ongoing.set(each.session, all.add(each))
    },
    finish(each) {
      const all = ongoing.get(each.session)
      if (all?.delete(each) !== true || all.size > 0) return
      ongoing.delete(each.session)
      if (ongoing.size === 0) for (const quiet of idle.splice(0)) quiet()
    },
    async settled(withinMs) {
      if (ongoing.size === 0) return
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        idle.push(resolve)
        timer = setTimeout(resolve, withinMs)
      })
      clearTimeout(timer)
    },
    get ongoing() {
      return ongoing.size
    },
    get standing() {
      return standing.size
    },
  }
}

function declaredIn(client: ClientFacts, text: string): ClientFacts {
  const capabilities: unknown = JSON.parse(text)
  return isObject(capabilities) ? { ...client, capabilities } : client
}

export const AWAY = unavailable('Sessions cannot be looked up at the moment. Try again.')

export const UNKNOWN_SESSION: Refused = {
  status: 404,
  code: CODES.sessionNotFound,
  message: 'Session not found. Initialize again.',
}

/** Runs a step of a session; a store that is away is a refusal. */
export async function orAway<T>(step: () => Promise<T>): Promise<T | { readonly refused: Refused }> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof KeyValueUnavailable) return { refused: AWAY }
    throw error
  }
}
