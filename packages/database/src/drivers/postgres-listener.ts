import { AsyncResource } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { refuseInsideTransaction } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import type pg from 'pg'
import { asSeenByCallers, DatabaseUnavailable } from '../errors.ts'
import { quoteIdentifier } from '../sql.ts'

type Heard = (payload: string) => void

const SHORTEST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000

/**
 * One connection that listens for everybody. When it breaks it comes back by itself and tells each listener once with an
 * empty payload, since something may have been missed.
 */
export function createListener(connect: () => pg.Client, log: Logger) {
  const channels = new Map<string, Set<Heard>>()
  const stopping = new AbortController()
  let current: Promise<pg.Client> | undefined

  const open = async (): Promise<pg.Client> => {
    const client = connect()
    client.on('notification', ({ channel, payload }) => {
      for (const heard of channels.get(channel) ?? []) heard(payload ?? '')
    })
    client.on('error', (error) => log.warn({ err: error }, 'the listening database connection broke'))
    try {
      await client.connect()
      for (const channel of channels.keys()) await client.query(`listen ${quoteIdentifier(channel)}`)
    } catch (error) {
      void client.end().catch(() => {})
      throw asSeenByCallers(error)
    }
    client.once('end', () => {
      current = undefined
      if (!stopping.signal.aborted && channels.size > 0) void reopen()
    })
    return client
  }

  const connection = (): Promise<pg.Client> => {
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
    const client = await current?.catch(() => undefined)
    await client?.query(`unlisten ${quoteIdentifier(channel)}`).catch(() => {})
  }

  return {
    async listen(channel: string, heard: Heard): Promise<() => Promise<void>> {
      refuseInsideTransaction('listening')
      if (stopping.signal.aborted) throw new DatabaseUnavailable(new Error('the database is closed'))
      const bound: Heard = AsyncResource.bind(heard)
      const listeners = channels.get(channel) ?? new Set()
      channels.set(channel, listeners.add(bound))
      try {
        const client = await connection()
        await client.query(`listen ${quoteIdentifier(channel)}`)
      } catch (error) {
        await unlisten(channel, bound)
        throw asSeenByCallers(error)
      }
      return () => unlisten(channel, bound)
    },
    async close(): Promise<void> {
      stopping.abort()
      const client = await current?.catch(() => undefined)
      await client?.end()
    },
  }
}
