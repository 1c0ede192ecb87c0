import { isSubjectToken } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import { type ConnectionOptions, connect, createInbox, Events, type NatsConnection } from 'nats'
import { outageOf } from '../outage.ts'
import { pause } from '../pause.ts'
import { hearLateErrors } from './late-errors.ts'

/** Milliseconds. A connection that answers no ping within about two of these is dropped. */
const PING_EVERY = 2_000
const RETRY_AFTER = 250
const FIRST_CONNECTION_WITHIN = 2_000

/** A stretch of time in which the connection was up. */
export interface Session {
  readonly nats: NatsConnection
  readonly signal: AbortSignal
  release(): void
}

/** One connection that is opened again for ever. */
export interface Connection {
  /** The connection while it is up. @throws when it is not: nothing is kept for later */
  up(): NatsConnection
  readonly isUp: boolean
  /** A new subject for answers, below the one place where this user may hear them. */
  inbox(): string
  /** Waits until it is up. @throws when `signal` ends the waiting */
  ready(signal: AbortSignal): Promise<NatsConnection>
  /** Waits until it is up. Its signal ends when the connection is lost or `stop` ends. */
  session(stop: AbortSignal): Promise<Session>
  /** Called at each connection and each loss; the returned function ends it. */
  onChange(heard: () => void): () => void
  close(): Promise<void>
}

/** Resolves when the server is there, or after two seconds without it. */
export async function openConnection(url: string, name: string, logger: Logger): Promise<Connection> {
  const closing = new AbortController()
  const { signal } = closing
  const options = connectionOptions(url, name)
  const outage = outageOf(logger, 'the connection to the message bus', { servers: options.servers })
  const listeners = new Set<() => void>()
  let nats: NatsConnection | undefined
  let isUp = false

  const turn = (up: boolean, error?: unknown): void => {
    isUp = up
    if (up) outage.ends()
    else if (!signal.aborted) outage.begins(error)
    for (const heard of [...listeners]) heard()
  }
  const live = async (opened: NatsConnection): Promise<void> => {
    nats = opened
    hearLateErrors(opened)
    turn(true)
    void watch(opened, turn)
    const error = await opened.closed()
    turn(false, error ?? new Error('the connection was closed'))
  }
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const opened = await connect(options)
        if (signal.aborted) await opened.close()
        else await live(opened)
      } catch (error) {
        outage.begins(error)
      }
      await pause(RETRY_AFTER, signal)
    }
  }

  const running = run()
  const connection: Connection = {
    up() {
      if (nats && isUp) return nats
      throw new Error('not connected to the message bus')
    },
    get isUp() {
      return isUp
    },
    inbox: () => createInbox(options.inboxPrefix),
    ready(stop) {
      return until(() => (nats && isUp ? nats : undefined), connection.onChange, stop)
    },
    async session(stop) {
      const up = await connection.ready(stop)
      const over = new AbortController()
      const end = (): void => over.abort()
      const forget = connection.onChange(end)
      stop.addEventListener('abort', end)
      if (stop.aborted) end()
      const release = (): void => {
        forget()
        stop.removeEventListener('abort', end)
      }
      return { nats: up, signal: over.signal, release }
    },
    onChange(heard) {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
    async close() {
      closing.abort()
      await nats?.close()
      await running
    },
  }
  await connection.ready(AbortSignal.timeout(FIRST_CONNECTION_WITHIN)).catch((error: unknown) => outage.begins(error))
  return connection
}

async function watch(nats: NatsConnection, turn: (up: boolean, error?: unknown) => void): Promise<void> {
  for await (const { type } of nats.status()) {
    if (type === Events.Disconnect) turn(false, new Error('disconnected'))
    if (type === Events.Reconnect) {
      hearLateErrors(nats)
      turn(true)
    }
  }
}

function until<T>(look: () => T | undefined, onChange: Connection['onChange'], stop: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const check = (): void => {
      const found = look()
      if (found === undefined && !stop.aborted) return
      forget()
      stop.removeEventListener('abort', check)
      if (found === undefined) reject(new Error('not connected to the message bus', { cause: stop.reason }))
      else resolve(found)
    }
    const forget = onChange(check)
    stop.addEventListener('abort', check)
    check()
  })
}

/**
 * User and password, or a token alone, stand in the URL; `tls://` refuses a server without TLS. Answers come below `_INBOX.<user>`, so
 * that the server can keep one user from hearing those of another.
 */
function connectionOptions(url: string, name: string): ConnectionOptions {
  const urls = url.split(',').map((part) => new URL(part.trim()))
  const first = urls[0]
  const user = decodeURIComponent(first?.username ?? '')
  const pass = decodeURIComponent(first?.password ?? '')
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || '4222'}`),
    name,
    timeout: FIRST_CONNECTION_WITHIN,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RETRY_AFTER,
    pingInterval: PING_EVERY,
    // A rotated credential or a server that is still loading its accounts must not end the trying.
    ignoreAuthErrorAbort: true,
    ...(user &&
      (pass ? { user, pass, ...(isSubjectToken(user) && { inboxPrefix: `_INBOX.${user}` }) } : { token: user })),
    ...(first?.protocol === 'tls:' && { tls: {} }),
  }
}
