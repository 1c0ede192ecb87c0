import { type KeyValue, KeyValueUnavailable } from '@gatehouse/kv'
import type { SessionFacts } from './session-id.ts'

/** What the store keeps of a session beside its id. */
export interface SessionRecord {
  readonly ended: boolean
  /** Least severe log messages that the client wants. */
  readonly level: string | undefined
  /** JSON text of what the client declared, where its id could not hold it. */
  readonly capabilities: string | undefined
}

/** Where a session's standing stream is: a node, and which of its streams. */
export interface StreamPlace {
  readonly node: string
  readonly stream: string
}

/** URI → sequence of the domain stream after which its changes count. */
export type Subscriptions = ReadonlyMap<string, number>

/** State of sessions that any node may need: one map a session, in one step each. All throw KeyValueUnavailable. */
export interface SessionStates {
  create(facts: SessionFacts, capabilities: string | undefined): Promise<void>
  look(facts: SessionFacts): Promise<SessionRecord>
  setLevel(facts: SessionFacts, level: string): Promise<void>
  /** `false` where there is no room, or the session has ended. Tells who holds its stream. */
  subscribe(facts: SessionFacts, uri: string, since: number): Promise<{ done: boolean; at: StreamPlace | undefined }>
  unsubscribe(facts: SessionFacts, uri: string): Promise<StreamPlace | undefined>
  /** Makes this stream the session's; `undefined` where it has ended. */
  takeStream(
    facts: SessionFacts,
    place: StreamPlace,
  ): Promise<{ readonly before: StreamPlace | undefined; readonly subscriptions: Subscriptions } | undefined>
  /** Looks whether a stream is still the session's, and puts back what a store that lost its data does not have any more. */
  keepStream(facts: SessionFacts, place: StreamPlace, held: Subscriptions): Promise<Subscriptions | 'lost'>
  leaveStream(facts: SessionFacts, place: StreamPlace): Promise<void>
  /** Ends it for good; `false` where it had ended before. */
  end(facts: SessionFacts): Promise<boolean>
}

const URI = 'u '

export const keyOf = (session: string): string => `session:{s:${session}}`

export function createSessionStates(options: {
  readonly kv: KeyValue
  readonly now: () => number
  /** How long a session lives at most; what is kept of it goes with it. */
  readonly lifeMs: number
  readonly maxUris: number
}): SessionStates {
  const { kv, now, lifeMs } = options
  // A little longer than the id is good, so that an ended one never comes back.
  const left = ({ bornAt }: SessionFacts): number => Math.max(1, bornAt * 1_000 + lifeMs - now()) + 60_000
  const change = (facts: SessionFacts, what: Parameters<KeyValue['changeMap']>[1], read: readonly string[] = []) =>
    kv.changeMap(keyOf(facts.id), what, left(facts), read)

  return {
    async create(facts, capabilities) {
      // Without anything to keep it still has to be known whether the store is there: a session cannot go on without it.
      if (capabilities === undefined) await kv.ping()
      else await change(facts, { set: { caps: capabilities } })
    },
    async look(facts) {
      const found = await kv.readMap(keyOf(facts.id), facts.more ? ['end', 'log', 'caps'] : ['end', 'log'])
      return { ended: found.has('end'), level: found.get('log'), capabilities: found.get('caps') }
    },
    async setLevel(facts, level) {
      await change(facts, { set: { log: level }, unless: 'end' })
    },
    async subscribe(facts, uri, since) {
      const { changed, before } = await change(
        facts,
        { set: { [URI + uri]: String(since) }, unless: 'end', atMost: options.maxUris + OTHER_FIELDS },
        ['own'],
      )
      return { done: changed, at: placeOf(before.get('own')) }
    },
    async unsubscribe(facts, uri) {
      const { before } = await change(facts, { remove: [URI + uri], unless: 'end' }, ['own'])
      return placeOf(before.get('own'))
    },
    async takeStream(facts, place) {
      const { changed, before } = await change(facts, { set: { own: textOf(place) }, unless: 'end' }, ['own'])
      if (!changed) return undefined
      const all = await kv.readMap(keyOf(facts.id))
      return { before: placeOf(before.get('own')), subscriptions: subscriptionsOf(all) }
    },
    async keepStream(facts, place, held) {
      const all = await kv.readMap(keyOf(facts.id))
      if (all.has('end')) return 'lost'
      if (all.get('own') === textOf(place)) return subscriptionsOf(all)
      if (all.has('own')) return 'lost'
      const uris = Object.fromEntries([...held].map(([uri, since]) => [URI + uri, String(since)]))
      const { changed } = await change(facts, { set: { ...uris, own: textOf(place) }, unless: 'own' })
      return changed ? held : 'lost'
    },
    async leaveStream(facts, place) {
      await change(facts, { remove: ['own'], where: ['own', textOf(place)] })
    },
    async end(facts) {
      return (await change(facts, { clear: true, set: { end: '1' }, unless: 'end' })).changed
    },
  }
}

/** `own`, `log` and `caps` may lie beside the URIs: so many more than the limit there can be. */
const OTHER_FIELDS = 3

const textOf = ({ node, stream }: StreamPlace): string => `${node} ${stream}`

function placeOf(text: string | undefined): StreamPlace | undefined {
  const [node, stream] = text?.split(' ') ?? []
  return node === undefined || stream === undefined ? undefined : { node, stream }
}

function subscriptionsOf(fields: ReadonlyMap<string, string>): Subscriptions {
  const found = new Map<string, number>()
  for (const [field, since] of fields) if (field.startsWith(URI)) found.set(field.slice(URI.length), Number(since))
  return found
}

/** Runs what may fail because the store is away: the result, or `undefined` then. */
export async function unlessAway<T>(step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof KeyValueUnavailable) return undefined
    throw error
  }
}
