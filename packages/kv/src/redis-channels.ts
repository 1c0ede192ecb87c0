import type { Redis } from 'ioredis'
import type { ChannelListener, Subscription } from './port.ts'

/** A connection that says nothing may be dead: it is asked so often. Milliseconds. */
const ASK_EVERY = 2_000

/** Channels over a connection of their own, opened with the first subscription. */
export interface Channels {
  subscribe(channel: string, listener: ChannelListener): Promise<Subscription>
  close(): void
}

/** @param connect makes a connection that comes back by itself and does not subscribe anew by itself */
export function openChannels(connect: () => Redis, firstConnection: (redis: Redis) => Promise<void>): Channels {
  const channels = new Map<string, Set<ChannelListener>>()
  let redis: Redis | undefined
  let asking: NodeJS.Timeout | undefined

  const open = (): Redis => {
    const opened = connect()
    opened.on('message', (channel: string, text: string) => {
      for (const listener of channels.get(channel) ?? []) listener.message(text)
    })
    // Each connection after the first: what was published in between was heard by nobody here.
    opened.on('ready', () => {
      if (channels.size > 0) void listen(opened, [...channels.keys()], true)
    })
    asking = setInterval(() => {
      if (opened.status === 'ready') opened.ping().catch(() => undefined)
    }, ASK_EVERY)
    asking.unref()
    return opened
  }
  const listen = async (on: Redis, names: readonly string[], again: boolean): Promise<void> => {
    try {
      await on.subscribe(...names)
    } catch {
      // The connection broke, or broke an answer off: the next one subscribes.
      if (on.status === 'ready') on.disconnect(true)
      return
    }
    if (!again) return
    for (const name of names) for (const listener of channels.get(name) ?? []) listener.lost()
  }

  return {
    async subscribe(channel, { message, lost }) {
      const listener = { message, lost }
      const fresh = redis === undefined
      redis ??= open()
      const on = redis
      if (fresh) await firstConnection(on)
      const listeners = channels.get(channel) ?? new Set()
      const known = channels.has(channel)
      channels.set(channel, listeners.add(listener))
      if (!known && on.status === 'ready') await listen(on, [channel], false)
      return {
        async stop() {
          listeners.delete(listener)
          if (listeners.size > 0 || channels.get(channel) !== listeners) return
          channels.delete(channel)
          if (on.status === 'ready') await on.unsubscribe(channel).catch(() => undefined)
        },
      }
    },
    close() {
      clearInterval(asking)
      channels.clear()
      redis?.disconnect()
    },
  }
}
