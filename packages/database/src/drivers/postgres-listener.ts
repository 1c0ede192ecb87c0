import { AsyncResource } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { refuseInsideTransaction } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import type pg from 'pg'
import { asSeenByCallers, DatabaseUnavailable } from '../errors.ts'
import { quoteIdentifier } from '../sql.ts'

type Heard = (payload: string) => void

/** A connection and how to end it without its server. */
export interface Line {
  readonly client: pg.Client
  cut(): void
}

/** A server that gives no answer for so long has vanished: it hears neither what is asked nor the end. */
const ANSWER_MS = 2_000
const SHORTEST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000

/**
 * One connection that listens for everybody. When it breaks it comes back by itself and tells each listener once with an
 * empty payload, since something may have been missed.
 */
export function createListener(connect: () => Line, log: Logger) {
  const channels = new Map<string, Set<Heard>>()
  const stopping = new AbortController()
  let current: Promise<Line> | undefined

  const open = async (): Promise<Line> => {
    const line = connect()
    const { client } = line
    client.on('notification', ({ channel, payload }) => {
      for (const heard of channels.get(channel) ?? []) heard(payload ?? '')
    })
    client.on('error', (error) => log.warn({ err: error }, 'the listening database connection broke'))
    try {
      await client.connect()
      for (const channel of channels.keys()) await answered(line, client.query(`listen ${quoteIdentifier(channel)}`))
    } catch (error) {
      void answered(line, client.end()).catch(() => {})
      throw asSeenByCallers(error)
    }
    client.once('end', () => {
      current = undefined
      if (!stopping.signal.aborted && channels.size > 0) void reopen()
    })
    return line
  }

  const connection = (): Promise<Line> => {
    current ??= open().catch((error: unknown) => {
      current = undefined
      throw error
    })
    return current
  }

  const reopen = async () => {
    for (let wait = SHORTEST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      try {
        await pause(wait, undefined, { signal: stopping.signal })
        await connection()
        break
      } catch (error) {
        if (stopping.signal.aborted) return
        log.debug({ err: error }, 'listening again failed')
      }
    }
    for (const listeners of channels.values()) for (const heard of listeners) heard('')
  }

  const unlisten = async (channel: string, heard: Heard): Promise<void> => {
    const listeners = channels.get(channel)
    if (!listeners?.delete(heard) || listeners.size > 0) return
    channels.delete(channel)
    // A connection that broke listens to nothing, which is what is wanted here.
    const line = await current?.catch(() => undefined)
    if (line === undefined) return
    await answered(line, line.client.query(`unlisten ${quoteIdentifier(channel)}`)).catch(() => {})
  }

  return {
    async listen(channel: string, heard: Heard): Promise<() => Promise<void>> {
      refuseInsideTransaction('listening')
      if (stopping.signal.aborted) throw new DatabaseUnavailable(new Error('the database is closed'))
      const bound: Heard = AsyncResource.bind(heard)
      const listeners = channels.get(channel) ?? new Set()
      channels.set(channel, listeners.add(bound))
      try {
        const line = await connection()
        await answered(line, line.client.query(`listen ${quoteIdentifier(channel)}`))
      } catch (error) {
        await unlisten(channel, bound)
        throw asSeenByCallers(error)
      }
      return () => unlisten(channel, bound)
    },
    async close(): Promise<void> {
      stopping.abort()
      const line = await current?.catch(() => undefined)
      if (line !== undefined) await answered(line, line.client.end())
    },
  }
}

/** The line is cut when the answer does not come, which ends the wait and, as any break does, has the listener open another one. */
async function answered<T>(line: Line, answer: Promise<T>): Promise<T> {
  const late = setTimeout(() => line.cut(), ANSWER_MS)
  try {
    return await answer
  } finally {
    clearTimeout(late)
  }
}
