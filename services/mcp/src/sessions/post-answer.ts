import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Principal } from '@gatehouse/policy'
import { type Asker, CapabilityMissing } from '../calls/asker.ts'
import type { Channel } from '../calls/channel.ts'
import type { Pieces, RequestId } from '../errors.ts'
import type { Hub } from '../streams/hub.ts'
import { openSseWriter, type SseWriter } from '../streams/sse-writer.ts'
import { type HubStream, NO_LISTS } from '../streams/stream.ts'
import { postEventId } from './event-id.ts'
import type { Links } from './links.ts'
import type { Questions } from './questions.ts'
import type { LogName, Stored, StreamLogs } from './stream-log.ts'

/** What a client that lost its stream is told to wait before it comes back. Milliseconds. */
export const RETRY_MS = 1_000
/** Notifications that wait to be stored; beyond it they are left out. */
const MAX_WAITING = 200

export interface PostAnswerDeps {
  readonly logs: StreamLogs
  readonly links: Links
  readonly questions: Questions
  readonly hub: Hub
  readonly now: () => number
}

/**
 * The answer to one POST of a session. It stays JSON until something has to be said before the result; then it is an SSE stream whose
 * messages are stored before they are sent, so that any node can go on with it. The client's leaving ends nothing.
 */
export interface PostAnswer {
  readonly channel: Channel
  readonly asker: Asker
  /** The answer is a stream already: what comes now has to go through `respond`. */
  readonly streaming: boolean
  /** One response; `last` ends the stream. Without text, the stream ends with nothing more said. */
  respond(json: string | Pieces | undefined, last: boolean): Promise<void>
  /** Its session is over, or its principal may not be served any more. */
  cut(): void
}

export function createPostAnswer(
  deps: PostAnswerDeps,
  options: {
    readonly session: string
    readonly principal: Principal
    /** Ids of the requests that it answers. */
    readonly requests: readonly RequestId[]
    /** Absent: the client takes no stream. Gives the raw answer, and what headers it has so far. */
    readonly open:
      | (() => { raw: ServerResponse; headers: Readonly<Record<string, string | number | string[]>> })
      | undefined
    /** The revision has priming events: the client comes back to a stream that was closed early. */
    readonly priming: boolean
  },
): PostAnswer {
  const { logs, links, hub } = deps
  const { session, principal } = options
  const log: LogName = { session, name: randomBytes(9).toString('base64url') }
  let writer: SseWriter | undefined
  let held: HubStream | undefined
  let stored = 0
  let waiting = 0
  let over = false
  /** Everything that is said, one after the other. */
  let said: Promise<void> = Promise.resolve()

  const inTurn = (step: () => Promise<void>): Promise<void> => {
    waiting += 1
    said = said.then(step).finally(() => {
      waiting -= 1
    })
    return said
  }
  const ended = (): void => {
    if (held !== undefined) hub.detach(held)
    held = undefined
  }
  const begin = (): void => {
    if (writer !== undefined || options.open === undefined) return
    const { raw, headers } = options.open()
    writer = openSseWriter({
      raw,
      headers,
      now: deps.now,
      gone: (whole) => {
        ended()
        if (over && whole) void logs.delivered(log)
      },
    })
    held = hubStreamOf(principal, writer, { answering: true })
    hub.attach(held)
    if (options.priming) writer.write(`id: ${postEventId(log.name, 0)}\nretry: ${RETRY_MS}\ndata: \n\n`)
    void inTurn(async () => void (await logs.begin(log, links.here, options.requests)))
  }
  /** After a message was stored: to whom it goes. */
  const deliver = async (result: Stored, json: string): Promise<void> => {
    if (result.kind === 'stored') stored += 1
    const text = `event: message\ndata: ${json}\n\n`
    if (result.kind === 'unstored') return writer?.write(text)
    if (result.kind === 'stored' && result.reader === undefined) {
      return writer?.write(`id: ${postEventId(log.name, stored)}\n${text}`)
    }
    // Somebody else reads it now, or closed it: this connection is one that the client has given up.
    writer?.end()
    if (result.kind === 'stored' && result.reader !== undefined) await wake(links, log, result.reader)
  }
  const say = (json: string, question?: string): void => {
    begin()
    void inTurn(async () => {
      if (!over) await deliver(await logs.append(log, stored + 1, json, question), json)
    })
  }

  return {
    channel: {
      get open() {
        return !over && options.open !== undefined
      },
      notify(method, params) {
        if (over || options.open === undefined || waiting > MAX_WAITING || writer?.behindSince !== undefined) return
        say(JSON.stringify({ jsonrpc: '2.0', method, params }))
      },
      release() {
        if (over || !options.priming || options.open === undefined) return
        begin()
        void inTurn(async () => writer?.end())
      },
    },
    asker: {
      ask(requests, signal, check) {
        if (options.open === undefined) return Promise.reject(new CapabilityMissing({ elicitation: {} }))
        return deps.questions.ask({ session, log: log.name, requests, signal, check }, (question) =>
          say(question.json, 'id' in question ? question.id : undefined),
        )
      },
    },
    get streaming() {
      return writer !== undefined
    },
    respond(json, last) {
      const text = json === undefined ? '' : json.toString()
      return inTurn(async () => {
        if (over) return
        if (!last) return deliver(await logs.append(log, stored + 1, text), text)
        over = true
        const result = await logs.finish(log, text)
        if (json !== undefined) await deliver(result, text)
        writer?.end()
        // The reader had gone before: nobody else lets go of it.
        if (writer?.closed !== false) ended()
      })
    },
    cut() {
      over = true
      writer?.end()
      ended()
    },
  }
}

/** Readers are `<node> <which>`. */
export async function wake(links: Links, log: LogName, reader: string): Promise<void> {
  const [node = ''] = reader.split(' ', 1)
  await links.tell(node, 'grown', { log: log.name, reader }).catch(() => undefined)
}

/** A stream that the hub keeps alive, and ends when its principal may not be served any more; it listens to nothing. */
export function hubStreamOf(principal: Principal, writer: SseWriter, { answering = false } = {}): HubStream {
  return {
    principal,
    answering,
    uris: NOTHING,
    lists: NO_LISTS,
    mark: () => undefined,
    markList: () => undefined,
    flush: () => undefined,
    keepAlive: () => writer.keepAlive(),
    get behindSince() {
      return writer.behindSince
    },
    end: () => writer.end(),
    get ended() {
      return writer.closed
    },
  }
}

const NOTHING: HubStream['uris'] = new Map()
