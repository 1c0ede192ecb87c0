import type { ServerResponse } from 'node:http'
import { KEEP_ALIVE, SSE_HEADERS } from './frames.ts'
import { writeNow } from './write-now.ts'

/** After the last bytes a reader has so long to take them before the socket is closed. */
const LINGER_MS = 5_000

/** Writes an SSE answer that nobody else writes to, and knows whether its reader keeps up. */
export interface SseWriter {
  write(text: string): void
  keepAlive(): void
  /** Since when (milliseconds) the reader has not taken what was written; `undefined` while it keeps up. */
  readonly behindSince: number | undefined
  /** Nothing can be written any more. */
  readonly closed: boolean
  /** Repeats do nothing. */
  end(last?: string): void
}

export function openSseWriter(options: {
  readonly raw: ServerResponse
  readonly headers: Readonly<Record<string, string | number | readonly string[]>>
  readonly now: () => number
  /** The reader has caught up. */
  readonly drained?: () => void
  /** The connection is gone, by whichever side; `whole`: after everything was handed over. Called once. */
  readonly gone: (whole: boolean) => void
}): SseWriter {
  const { raw } = options
  let behindSince: number | undefined
  let closed = false
  const write = (text: string): void => {
    if (!closed && !writeNow(raw, text) && behindSince === undefined) behindSince = options.now()
  }
  // Gone while the request was judged: no `close` will be heard any more.
  if (raw.destroyed) {
    closed = true
    queueMicrotask(() => options.gone(false))
  } else {
    raw.writeHead(200, { ...options.headers, ...SSE_HEADERS })
    raw.flushHeaders()
    raw.on('drain', () => {
      behindSince = undefined
      options.drained?.()
    })
    raw.once('close', () => {
      closed = true
      options.gone(raw.writableFinished)
    })
  }
  // A reader that disappears while something is written is no fault of ours; `close` follows.
  raw.on('error', () => undefined)
  return {
    write,
    keepAlive() {
      if (behindSince === undefined) write(KEEP_ALIVE)
    },
    get behindSince() {
      return behindSince
    },
    get closed() {
      return closed
    },
    end(last) {
      if (closed) return
      closed = true
      raw.end(last)
      const timer = setTimeout(() => raw.destroy(), LINGER_MS)
      timer.unref()
      raw.once('close', () => clearTimeout(timer))
    },
  }
}
