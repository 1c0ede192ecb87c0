import type { KeyValue } from '@gatehouse/kv'
import type { RequestId } from '../errors.ts'
import { keyOf, unlessAway } from './session-state.ts'

/** What a stream that began with a POST has said so far, kept for a while so that any node can go on with it. */
export interface LoggedStream {
  /** The node that runs the request. */
  readonly owner: string
  /** Ids of the requests that it answers. */
  readonly requests: readonly RequestId[]
  /** Who reads it, where that is not the connection on which it began. */
  readonly reader: string | undefined
  /** Messages by number, from 1, in order, without gaps. */
  readonly messages: readonly string[]
  /** What the request came to; empty for one that was cancelled. It is the last message. */
  readonly final: string | undefined
}

export type Stored =
  | { readonly kind: 'stored'; readonly reader: string | undefined }
  /** The stream has its last message already: somebody else closed it. */
  | { readonly kind: 'over' }
  /** No room, or no store: the message cannot be repeated to anyone. */
  | { readonly kind: 'unstored' }

/** One map for each stream, written by the node that runs its request. Its readers take turns: the newest is the one. */
export interface StreamLogs {
  /** Stores message `n`; a question is remembered by its id until it is answered. */
  append(log: LogName, n: number, json: string, question?: string): Promise<Stored>
  /** Makes it known before it has a message. */
  begin(log: LogName, owner: string, requests: readonly RequestId[]): Promise<Stored>
  /** Stores the last message, once, whoever comes first; `before` it others, from number `n` on. */
  finish(
    log: LogName,
    json: string,
    before?: { readonly n: number; readonly messages: readonly string[] },
  ): Promise<Stored>
  /** Its reader has taken everything: it may go soon. */
  delivered(log: LogName): Promise<void>
  /** @throws KeyValueUnavailable */
  read(log: LogName): Promise<LoggedStream | undefined>
  /** Makes `reader` the one that reads it. Gives who was. @throws KeyValueUnavailable */
  takeReading(log: LogName, reader: string): Promise<string | undefined>
  /** Stores the answer to an open question, once; `false` where there is none. @throws KeyValueUnavailable */
  answer(log: LogName, question: string, json: string): Promise<boolean>
  takeAnswer(log: LogName, question: string): Promise<string | undefined>
}

export interface LogName {
  readonly session: string
  /** Random; unique within the session. */
  readonly name: string
}

/** How long after its last message a stream can be resumed, and how long after it was heard to the end. Milliseconds. */
const KEEP_MS = 900_000
const DELIVERED_MS = 60_000
const MAX_MESSAGES = 2_000

export const nameOf = ({ session, name }: LogName): string => `${keyOf(session)}:${name}`

export function createStreamLogs(kv: KeyValue): StreamLogs {
  const store = async (log: LogName, set: Record<string, string>): Promise<Stored> => {
    const done = await unlessAway(() =>
      kv.changeMap(nameOf(log), { set, unless: 'final', atMost: MAX_MESSAGES }, KEEP_MS, ['final', 'reader']),
    )
    if (done === undefined) return { kind: 'unstored' }
    if (done.changed) return { kind: 'stored', reader: done.before.get('reader') }
    return { kind: done.before.has('final') ? 'over' : 'unstored' }
  }
  return {
    begin: (log, owner, requests) => store(log, { owner, ids: JSON.stringify(requests) }),
    append: (log, n, json, question) =>
      store(log, { [`m${n}`]: json, ...(question === undefined ? {} : { [`q${question}`]: '1' }) }),
    async finish(log, json, { n, messages } = { n: 1, messages: [] }) {
      const more = Object.fromEntries(messages.map((text, at) => [`m${n + at}`, text]))
      const done = await unlessAway(() =>
        kv.changeMap(nameOf(log), { set: { ...more, final: json }, unless: 'final' }, KEEP_MS, ['reader']),
      )
      if (done === undefined) return { kind: 'unstored' }
      return done.changed ? { kind: 'stored', reader: done.before.get('reader') } : { kind: 'over' }
    },
    async delivered(log) {
      await unlessAway(() => kv.changeMap(nameOf(log), {}, DELIVERED_MS))
    },
    async read(log) {
      const fields = await kv.readMap(nameOf(log))
      const owner = fields.get('owner')
      if (owner === undefined) return undefined
      const messages: string[] = []
      for (let n = 1; ; n += 1) {
        const json = fields.get(`m${n}`)
        if (json === undefined) break
        messages.push(json)
      }
      return {
        owner,
        messages,
        requests: JSON.parse(fields.get('ids') ?? '[]'),
        reader: fields.get('reader'),
        final: fields.get('final'),
      }
    },
    async takeReading(log, reader) {
      return (await kv.changeMap(nameOf(log), { set: { reader } }, KEEP_MS, ['reader'])).before.get('reader')
    },
    async answer(log, question, json) {
      const asked = `q${question}`
      const change = { set: { [`a${question}`]: json }, remove: [asked], where: [asked, '1'] as const }
      return (await kv.changeMap(nameOf(log), change, KEEP_MS)).changed
    },
    async takeAnswer(log, question) {
      const field = `a${question}`
      const done = await unlessAway(() => kv.changeMap(nameOf(log), { remove: [field] }, KEEP_MS, [field]))
      return done?.before.get(field)
    },
  }
}
