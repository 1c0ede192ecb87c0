import { setTimeout as pause } from 'node:timers/promises'
import type { ListName } from '@gatehouse/catalog'
import type { Clock } from '@gatehouse/contracts'
import { decide, decideTenant, type Principal, type Requirement, type Rules } from '@gatehouse/policy'
import type { Metrics } from '@gatehouse/telemetry'
import type { FeedView } from '@gatehouse/token'
import type { Refused } from '../errors.ts'
import { createPump, createSweep } from './pump.ts'
import type { ReplayWindow } from './replay-window.ts'
import { type Capacity, createRoom } from './room.ts'
import type { HubStream, MarkedTask } from './stream.ts'
import { createUriIndex } from './uri-index.ts'

export interface Hub {
  /** Why no more stream of this principal may open; `undefined` where one may. */
  refuses(principal: Principal): Refused | undefined
  /** The replay window has been read: from now on streams may open. */
  open(): void
  /** Attaches the live feed first, then marks what changed inside the window. */
  attach(stream: HubStream): void
  detach(stream: HubStream): void
  /** An attached stream listens to one more URI, which it has among its `uris`; what changed since then is marked. */
  listen(stream: HubStream, uri: string): void
  unlisten(stream: HubStream, uri: string): void
  /** A resource of a tenant changed. */
  publish(tenant: string, uri: string): void
  /** The members of lists of a tenant changed. */
  publishLists(tenant: string, lists: readonly ListName[]): void
  /** The tasks that streams of this node listen to; of one tenant and id, whether any does. */
  listensToTask(tenant: string, id: string): boolean
  readonly tasks: ReadonlySet<string>
  publishTask(tenant: string, id: string, task: MarkedTask): void
  /** Everything may have changed: marks each subscribed URI of each stream. */
  publishAll(): void
  /** Has something to send. */
  ready(stream: HubStream): void
  /**
   * No stream opens any more; those that are open end with their result, at random moments of `overMs`, so that their clients do not all come to
   * the other nodes at once. Those that carry the answer of a call that runs stay. Resolves when the others have ended.
   */
  drain(overMs: number): Promise<void>
  /** The same at once, and the end of the hub. */
  close(): void
  readonly size: number
}

const TICK_MS = 1_000

/** All open streams of this node: who hears what, who may still hear it, and when each has to end. */
export function createHub(options: {
  readonly clock: Clock
  readonly feed: FeedView
  readonly rules: Rules
  readonly window: ReplayWindow
  readonly metrics: Metrics
  readonly capacity: Capacity
  readonly keepAliveMs: number
  readonly slowReaderMs: number
  /** From 0 up to 1. */
  readonly random?: () => number
}): Hub {
  const { clock, feed, rules, window, random = Math.random } = options
  const room = createRoom(options.capacity, options.metrics)
  const index = createUriIndex<HubStream>()
  /** With the tick of each one's keep-alive: they are spread over the interval. */
  const streams = new Map<HubStream, number>()
  let attached = 0
  let closed = false
  let ticks = 0
  /** For which everything may have changed. */
  const stale = new Set<HubStream>()

  const mayLive = ({ principal }: HubStream): boolean =>
    principal.expiresAt * 1_000 > clock.now() &&
    feed.freshness() !== 'expired' &&
    !feed.revoked(principal) &&
    decideTenant(principal, feed.tenant(principal.tenant), rules).allow
  /** All that streams may be told and still may not hear: what ends many of them, or tells many of them, is done in slices. */
  const streamsNow = { [Symbol.iterator]: () => streams.entries() }

  const pump = createPump<HubStream>((stream) => {
    if (!mayLive(stream)) {
      stream.end()
      return
    }
    if (stale.delete(stream)) {
      for (const uri of stream.uris.keys()) stream.mark(uri)
      for (const list of stream.lists) stream.markList(list)
    }
    const { principal } = stream
    const tenant = feed.tenant(principal.tenant)
    stream.flush((requirement: Requirement) => decide(principal, tenant, requirement, rules).allow)
  })

  const keepAliveEvery = Math.max(1, Math.round(options.keepAliveMs / TICK_MS))
  const lookAfter = createSweep(streamsNow, ([stream, turn]) => {
    const behind = stream.behindSince
    if (!mayLive(stream) || (behind !== undefined && clock.now() - behind > options.slowReaderMs)) stream.end()
    else if (turn === ticks % keepAliveEvery) stream.keepAlive()
  })
  // One timer for all: expiry, slow readers, keep-alives.
  const timer = setInterval(() => {
    ticks += 1
    lookAfter()
  }, TICK_MS)
  timer.unref()
  const endRevoked = createSweep(streamsNow, ([stream]) => {
    if (!mayLive(stream)) stream.end()
  })
  const stopRevocations = feed.onRevocation(endRevoked)
  const publishLists = (tenant: string, lists: readonly ListName[]): void => {
    for (const list of lists) {
      for (const stream of index.listeners(tenant, keyOfList(list))) {
        stream.markList(list)
        pump.add(stream)
      }
    }
  }
  const stopTenants = feed.onTenant(({ tenant }) => {
    endRevoked()
    // Another plan may show other members.
    publishLists(tenant, LIST_NAMES)
  })

  return {
    refuses: room.refuses,
    open: room.open,
    attach(stream) {
      streams.set(stream, attached % keepAliveEvery)
      attached += 1
      room.enter(stream.principal)
      const { tenant } = stream.principal
      for (const uri of stream.uris.keys()) index.add(tenant, uri, stream)
      for (const list of stream.lists) index.add(tenant, keyOfList(list), stream)
      for (const id of stream.tasks ?? []) index.add(tenant, keyOfTask(id), stream)
      for (const uri of window.changed(tenant, stream.uris.keys(), stream.since)) stream.mark(uri)
      for (const list of stream.lists) {
        if (window.changed(tenant, [keyOfList(list)], stream.since).length > 0) stream.markList(list)
      }
      pump.add(stream)
    },
    detach(stream) {
      if (!streams.delete(stream)) return
      pump.drop(stream)
      stale.delete(stream)
      room.leave(stream.principal)
      for (const uri of stream.uris.keys()) index.remove(stream.principal.tenant, uri, stream)
      for (const list of stream.lists) index.remove(stream.principal.tenant, keyOfList(list), stream)
      for (const id of stream.tasks ?? []) index.remove(stream.principal.tenant, keyOfTask(id), stream)
    },
    listen(stream, uri) {
      if (!streams.has(stream)) return
      const { tenant } = stream.principal
      index.add(tenant, uri, stream)
      if (window.changed(tenant, [uri], stream.since).length === 0) return
      stream.mark(uri)
      pump.add(stream)
    },
    unlisten: (stream, uri) => index.remove(stream.principal.tenant, uri, stream),
    publish(tenant, uri) {
      for (const stream of index.listeners(tenant, uri)) {
        stream.mark(uri)
        pump.add(stream)
      }
    },
    publishLists,
    listensToTask: (tenant, id) => index.listeners(tenant, keyOfTask(id)).size > 0,
    get tasks() {
      return new Set([...streams.keys()].flatMap((stream) => [...(stream.tasks ?? [])]))
    },
    publishTask(tenant, id, task) {
      for (const stream of index.listeners(tenant, keyOfTask(id))) {
        stream.markTask?.(id, task)
        pump.add(stream)
      }
    },
    publishAll() {
      for (const stream of streams.keys()) {
        stale.add(stream)
        pump.add(stream)
      }
    },
    ready: pump.add,
    drain(overMs) {
      room.close()
      const ends = [...streams.keys()].filter(({ answering }) => answering !== true)
      return Promise.all(
        ends.map(async (stream) => {
          await pause(random() * overMs)
          stream.end()
        }),
      ).then(() => undefined)
    },
    close() {
      if (closed) return
      closed = true
      room.close()
      clearInterval(timer)
      stopRevocations()
      stopTenants()
      for (const stream of streams.keys()) stream.end()
    },
    get size() {
      return streams.size
    },
  }
}

const LIST_NAMES: readonly ListName[] = ['tools', 'resources', 'prompts']

/** Lists lie in the index and in the window beside URIs, which have no such character. */
export const keyOfList = (list: ListName): string => `\0${list}`

const keyOfTask = (id: string): string => `\0task ${id}`
