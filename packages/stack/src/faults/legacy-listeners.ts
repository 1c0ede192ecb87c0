import { setTimeout as pause } from 'node:timers/promises'
import { backIn, type Listening, type ListenOptions, type OpenedStream, readStream, updatedUri } from './listeners.ts'

const REVISION = '2025-11-25'

/** A client of 2025-11-25 with a session and its standing stream: it comes back with `Last-Event-ID`, and begins anew when the session is over. */
export function listenInSession({ url, apiKey, uris, heard }: ListenOptions): Listening {
  const common = { authorization: `Bearer ${apiKey}`, 'mcp-protocol-version': REVISION }
  const streams: OpenedStream[] = []
  const refused = new Map<number, number>()
  let session: string | undefined
  let last: string | undefined
  let leave: () => void = () => undefined
  let left = false
  let sessionsLost = 0
  let since = Number.POSITIVE_INFINITY
  let sayOpen: () => void = () => undefined
  const open = new Promise<void>((resolve) => {
    sayOpen = resolve
  })
  const refuse = (status: number): void => void refused.set(status, (refused.get(status) ?? 0) + 1)

  const post = async (message: Readonly<Record<string, unknown>>): Promise<Response> => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        ...common,
        ...(session === undefined ? {} : { 'mcp-session-id': session }),
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    })
    await answer.text()
    return answer
  }
  const begin = async (): Promise<void> => {
    const clientInfo = { name: 'proof', version: '1' }
    const params = { protocolVersion: REVISION, capabilities: {}, clientInfo }
    const answer = await post({ id: 0, method: 'initialize', params })
    const id = answer.headers.get('mcp-session-id')
    if (id === null) throw new Error(`initialize answered ${answer.status}`)
    session = id
    last = undefined
    await post({ method: 'notifications/initialized' })
    for (const [at, uri] of uris.entries()) {
      const subscribed = await post({ id: at + 1, method: 'resources/subscribe', params: { uri } })
      if (subscribed.status !== 200) throw new Error(`resources/subscribe answered ${subscribed.status}`)
    }
    since = Math.min(since, Date.now())
  }
  const once = async (): Promise<void> => {
    if (session === undefined) await begin()
    const stream: OpenedStream = { askedAt: Date.now(), frames: [], ended: undefined, endedAt: undefined }
    const headers = {
      ...common,
      accept: 'text/event-stream',
      'mcp-session-id': session ?? '',
      ...(last === undefined ? {} : { 'last-event-id': last }),
    }
    const { status, whole } = await readStream(
      { url, method: 'GET', headers },
      {
        opened(status, _headers, hangUp) {
          if (status !== 200) return
          streams.push(stream)
          leave = hangUp
          if (left) hangUp()
          sayOpen()
        },
        frame({ id, data }) {
          if (id !== undefined) last = id
          const uri = updatedUri(data)
          if (uri === undefined) return
          stream.frames.push({ uri, at: Date.now() })
          heard?.(uri)
        },
      },
    )
    stream.ended = whole ? 'result' : left ? 'left' : 'broken'
    stream.endedAt = Date.now()
    if (status === 200) return
    refuse(status)
    if (status !== 404) return
    sessionsLost += 1
    session = undefined
  }
  const run = async (): Promise<void> => {
    while (!left) {
      await once().catch(() => refuse(0))
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
    get sessionsLost() {
      return sessionsLost
    },
    async leave() {
      left = true
      leave()
      await running
    },
  }
}
