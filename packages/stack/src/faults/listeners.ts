import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { rpc } from '../scenarios/wire.ts'
import type { Listener, ReadSeen, Stream } from './oracle.ts'

/** How a stream ended: with its result, because the client left, or in the middle. */
export type Ended = 'result' | 'left' | 'broken'

export interface OpenedStream extends Stream {
  readonly frames: { readonly uri: string; readonly at: number }[]
  ended: Ended | undefined
  endedAt: number | undefined
}

export interface Listening extends Listener {
  readonly streams: readonly OpenedStream[]
  /** Answers other than a stream, by status; 0 for no answer. */
  readonly refused: ReadonlyMap<number, number>
  /** Resolves when the first stream is open. */
  readonly open: Promise<void>
  readonly sessionsLost: number
  leave(): Promise<void>
}

export interface ListenOptions {
  readonly url: string
  readonly apiKey: string
  readonly uris: readonly string[]
  /** Told of each update as it comes. */
  readonly heard?: (uri: string) => void
}

/** Milliseconds in which a client comes back after its stream has ended: most soon, one in five after seconds in which things change. */
export const backIn = (): number => 150 + Math.random() * (Math.random() < 0.2 ? 5_000 : 150)

const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY })

export interface Frame {
  readonly id: string | undefined
  readonly data: string
}

/** Opens a stream and reads it to its end. @throws when there is no answer; `status` other than 200 has no frames */
export function readStream(
  sent: {
    readonly url: string
    readonly method: 'GET' | 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
  },
  on: {
    opened(status: number, headers: IncomingMessage['headers'], leave: () => void): void
    frame(frame: Frame): void
  },
): Promise<{ readonly status: number; readonly whole: boolean; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(sent.url, { method: sent.method, headers: sent.headers, agent }, (answer) => {
      const status = answer.statusCode ?? 0
      on.opened(status, answer.headers, () => asking.destroy())
      let rest = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        if (status !== 200) {
          rest += chunk
          return
        }
        const frames = (rest + chunk).split('\n\n')
        rest = frames.pop() ?? ''
        for (const text of frames) on.frame(readFrame(text))
      })
      answer.on('error', () => undefined)
      answer.once('close', () => resolve({ status, whole: answer.complete, text: rest }))
    })
    asking.on('error', reject)
    asking.end(sent.body)
  })
}

function readFrame(text: string): Frame {
  let id: string | undefined
  let data = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('id: ')) id = line.slice(4)
    else if (line.startsWith('data: ')) data = line.slice(6)
  }
  return { id, data }
}

const UPDATED = '"method":"notifications/resources/updated"'

export const updatedUri = (data: string): string | undefined =>
  data.includes(UPDATED) ? /"uri":"([^"]+)"/.exec(data)?.[1] : undefined

/** A client of the stateless revision that comes back whenever its stream ends. */
export function listen({ url, apiKey, uris, heard }: ListenOptions): Listening {
  const sent = rpc(apiKey, 'subscriptions/listen', { notifications: { resourceSubscriptions: uris } })
  const streams: OpenedStream[] = []
  const refused = new Map<number, number>()
  let leave: () => void = () => undefined
  let left = false
  let since = Number.POSITIVE_INFINITY
  let sayOpen: () => void = () => undefined
  const open = new Promise<void>((resolve) => {
    sayOpen = resolve
  })
  const refuse = (status: number): void => void refused.set(status, (refused.get(status) ?? 0) + 1)

  const once = async (): Promise<void> => {
    const stream: OpenedStream = { askedAt: Date.now(), frames: [], ended: undefined, endedAt: undefined }
    let complete = false
    try {
      const { status } = await readStream(
        { url, method: 'POST', headers: sent.headers as Record<string, string>, body: String(sent.body) },
        {
          opened(status, _headers, hangUp) {
            if (status !== 200) return
            streams.push(stream)
            leave = hangUp
            if (left) hangUp()
          },
          frame({ data }) {
            const uri = updatedUri(data)
            if (uri !== undefined) {
              stream.frames.push({ uri, at: Date.now() })
              heard?.(uri)
            } else if (data.includes('"resultType":"complete"')) complete = true
            else if (data.includes('subscriptions/acknowledged')) {
              since = Math.min(since, Date.now())
              sayOpen()
            }
          },
        },
      )
      if (status !== 200) refuse(status)
    } catch {
      refuse(0)
    }
    stream.ended = complete ? 'result' : left ? 'left' : 'broken'
    stream.endedAt = Date.now()
  }
  const run = async (): Promise<void> => {
    while (!left) {
      await once()
      if (!left) await pause(backIn())
    }
  }
  const running = run()
  return {
    uris,
    get since() {
      return since
    },
    streams,
    refused,
    open,
    sessionsLost: 0,
    async leave() {
      left = true
      leave()
      await running
    },
  }
}

/** Reads a counter at any node. `undefined` where there is no answer with a value. */
export async function readCounter(url: string, apiKey: string, uri: string): Promise<ReadSeen | undefined> {
  const askedAt = Date.now()
  const { headers, body } = rpc(apiKey, 'resources/read', { uri })
  try {
    const answer = await fetch(url, { method: 'POST', headers: headers as Record<string, string>, body: String(body) })
    const { result } = (await answer.json()) as { result?: { contents?: readonly { text?: string }[] } }
    const text = result?.contents?.[0]?.text
    return text === undefined ? undefined : { uri, askedAt, value: Number(JSON.parse(text).value) }
  } catch {
    return undefined
  }
}
