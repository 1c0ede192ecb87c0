import type { ServerResponse } from 'node:http'
import type { Principal } from '@gatehouse/policy'
import { CODES, errorBody, type Refused, type RequestId } from '../errors.ts'
import type { Hub } from '../streams/hub.ts'
import { openSseWriter, type SseWriter } from '../streams/sse-writer.ts'
import { postEventId } from './event-id.ts'
import type { Links } from './links.ts'
import { hubStreamOf, RETRY_MS, wake } from './post-answer.ts'
import { unlessAway } from './session-state.ts'
import type { LoggedStream, LogName, StreamLogs } from './stream-log.ts'

export interface ResumeDeps {
  readonly logs: StreamLogs
  readonly links: Links
  readonly hub: Hub
  readonly now: () => number
}

export type Resumed =
  | { readonly kind: 'refused'; readonly refused: Refused }
  /** Everything was told already. 204: the client need not come again. */
  | { readonly kind: 'told' }
  | { readonly kind: 'open'; open(raw: ServerResponse, headers: Headers): void }

type Headers = Readonly<Record<string, string | number | string[]>>

/** Streams of other nodes (or of this one) that clients read here. */
export interface Resumptions {
  /** @throws KeyValueUnavailable */
  resume(log: LogName, after: number, principal: Principal): Promise<Resumed>
  /** Ends those of a session that is over. */
  end(session: string): void
  readonly size: number
}

/** A log is looked at so often even when nobody says that it has grown: what was said may have been lost. */
const LOOK_MS = 500
/** A node without a lease for so long is lost: it may have been the store that forgot. */
const LOST_AFTER_MS = 2_500

interface Tail {
  readonly log: LogName
  readonly reader: string
  grown(): void
  end(): void
}

export function createResumptions(deps: ResumeDeps): Resumptions {
  const { logs, links, hub } = deps
  const tails = new Map<string, Tail>()
  let count = 0

  links.on('grown', ({ reader }) => tails.get(reader)?.grown())
  links.onLost(() => {
    for (const tail of tails.values()) tail.grown()
  })

  const follow = (log: LogName, reader: string, after: number, principal: Principal, writer: Writer): void => {
    let told = after
    let looking = false
    let again = false
    let missingSince: number | undefined

    const judgeOwner = async (owner: string): Promise<void> => {
      if (await links.alive(owner)) {
        missingSince = undefined
        return
      }
      missingSince ??= performance.now()
      if (performance.now() - missingSince >= LOST_AFTER_MS) await finishLost(logs, log)
    }
    const tell = (stream: LoggedStream | undefined): void => {
      // Gone with its time, or read by somebody else: nothing more comes here.
      if (stream === undefined) {
        writer.writer()?.end()
        return
      }
      let text = ''
      for (const json of stream.messages.slice(told)) {
        told += 1
        text += eventOf(log, told, json)
      }
      if (text !== '') writer.writer()?.write(text)
      if (stream.final === undefined) return
      const last = told === stream.messages.length && stream.final !== ''
      writer.writer()?.end(last ? eventOf(log, told + 1, stream.final) : undefined)
    }
    const look = async (): Promise<void> => {
      if (looking) {
        again = true
        return
      }
      looking = true
      do {
        again = false
        await unlessAway(async () => {
          const stream = await logs.read(log)
          if (stream?.reader !== reader) return writer.writer()?.end()
          tell(stream)
          if (stream.final === undefined && writer.writer()?.closed === false) await judgeOwner(stream.owner)
        })
      } while (again)
      looking = false
    }
    // What cannot be read is not told: the client comes back, or gives up.
    const looked = (): void => void look().catch(() => writer.writer()?.end())
    const timer = setInterval(looked, LOOK_MS)
    timer.unref()
    tails.set(reader, { log, reader, grown: looked, end: () => writer.writer()?.end() })
    const held = writer.hold(principal, () => {
      clearInterval(timer)
      tails.delete(reader)
      hub.detach(held)
    })
    hub.attach(held)
    looked()
  }

  return {
    async resume(log, after, principal) {
      const stream = await logs.read(log)
      if (stream === undefined) return { kind: 'refused', refused: UNKNOWN }
      const { messages, final } = stream
      const last = messages.length + (final === undefined || final === '' ? 0 : 1)
      if (after > last) return { kind: 'refused', refused: UNKNOWN }
      if (final !== undefined && after === last) return { kind: 'told' }
      count += 1
      const reader = `${links.here} ${count}`
      const before = await logs.takeReading(log, reader)
      if (before !== undefined) await wake(links, log, before)
      return {
        kind: 'open',
        open(raw, headers) {
          follow(log, reader, after, principal, writerOn(raw, headers, deps.now))
        },
      }
    },
    end(session) {
      for (const tail of tails.values()) if (tail.log.session === session) tail.end()
    },
    get size() {
      return tails.size
    },
  }
}

interface Writer {
  writer(): SseWriter | undefined
  hold(principal: Principal, gone: () => void): ReturnType<typeof hubStreamOf>
}

/** The client comes back after a while if this connection breaks too. */
function writerOn(raw: ServerResponse, headers: Headers, now: () => number): Writer {
  let gone: () => void = () => undefined
  const writer = openSseWriter({ raw, headers, now, gone: () => gone() })
  writer.write(`retry: ${RETRY_MS}\n\n`)
  return {
    writer: () => writer,
    hold(principal, closed) {
      gone = closed
      return hubStreamOf(principal, writer)
    },
  }
}

const eventOf = (log: LogName, n: number, json: string): string =>
  `id: ${postEventId(log.name, n)}\nevent: message\ndata: ${json}\n\n`

const UNKNOWN: Refused = {
  status: 400,
  code: CODES.invalidRequest,
  message: 'Last-Event-ID names no stream of this session that can still be resumed.',
}

/** The one answer to requests whose node is lost: whether they took effect is not known. */
async function finishLost(logs: StreamLogs, log: LogName): Promise<void> {
  const stream = await logs.read(log)
  if (stream === undefined || stream.final !== undefined) return
  const answered = new Set(stream.messages.map(idAnswered))
  const errors = stream.requests
    .filter((id) => !answered.has(id))
    .map((id) => errorBody({ id, code: CODES.internal, message: LOST, data: { outcome: 'unknown' } }))
  await logs.finish(log, errors.at(-1) ?? '', { n: stream.messages.length + 1, messages: errors.slice(0, -1) })
}

const LOST = 'The node that ran this request is lost, and its outcome is not known. Look before you repeat it.'

function idAnswered(json: string): RequestId | undefined {
  const message = JSON.parse(json)
  return 'result' in message || 'error' in message ? message.id : undefined
}
