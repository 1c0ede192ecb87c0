import type { ListName } from '@gatehouse/catalog'
import type { Clock } from '@gatehouse/contracts'
import { decide, decideTenant, type Principal, type Requirement, type Rules } from '@gatehouse/policy'
import type { Metrics } from '@gatehouse/telemetry'
import type { FeedView } from '@gatehouse/token'
import { createPump } from './pump.ts'
import type { ReplayWindow } from './replay-window.ts'
import type { HubStream, MarkedTask } from './stream.ts'
import { createUriIndex } from './uri-index.ts'

export interface Hub {
  /** Whether one more stream of this principal may open. */
  room(principal: Principal): 'yes' | 'node-full' | 'principal-full'
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
  /** No stream opens any more; those that are open end with their result. */
  close(): void
  readonly size: number
}

/** Streams that are written in one turn of the loop. */
const CHUNK = 250
const TICK_MS = 1_000

/** All open streams of this node: who hears what, who may still hear it, and when each has to end. */
export function createHub(options: {
  readonly clock: Clock
  readonly feed: FeedView
  readonly rules: Rules
  readonly window: ReplayWindow
  readonly metrics: Metrics
  readonly maxStreams: number
  readonly maxPerPrincipal: number
  readonly keepAliveMs: number
  readonly slowReaderMs: number
}): Hub {
  const { clock, feed, rules, window } = options
  const gauge = options.metrics.gauge('gatehouse_mcp_streams', 'Open streams of all kinds.')
  const index = createUriIndex<HubStream>()
  /** With the tick of each one's keep-alive: they are spread over the interval. */
  const streams = new Map<HubStream, number>()
  let attached = 0
  const perPrincipal = new Map<string, number>()
  let closed = false
  let ticks = 0

  const mayLive = ({ principal }: HubStream): boolean =>
    principal.expiresAt * 1_000 > clock.now() &&
    feed.freshness() !== 'expired' &&
    !feed.revoked(principal) &&
    decideTenant(principal, feed.tenant(principal.tenant), rules).allow
  const endWhere = (lost: (stream: HubStream) => boolean): void => {
    for (const stream of streams.keys()) if (lost(stream)) stream.end()
  }

  const pump = createPump<HubStream>(CHUNK, (stream) => {
    if (!mayLive(stream)) {
      stream.end()
      return
    }
    const { principal } = stream
    const tenant = feed.tenant(principal.tenant)
    stream.flush((requirement: Requirement) => decide(principal, tenant, requirement, rules).allow)
  })

  const keepAliveEvery = Math.max(1, Math.round(options.keepAliveMs / TICK_MS))
  // One timer for all: expiry, slow readers, keep-alives.
  const timer = setInterval(() => {
    ticks += 1
    const slot = ticks % keepAliveEvery
    const now = clock.now()
    for (const [stream, turn] of streams) {
      const behind = stream.behindSince
      if (!mayLive(stream) || (behind !== undefined && now - behind > options.slowReaderMs)) stream.end()
      else if (turn === slot) stream.keepAlive()
    }
  }, TICK_MS)
  timer.unref()
  const stopRevocations = feed.onRevocation(() => endWhere(({ principal }) => feed.revoked(principal)))
  const publishLists = (tenant: string, lists: readonly ListName[]): void => {
    for (const list of lists) {
      for (const stream of index.listeners(tenant, keyOfList(list))) {
        stream.markList(list)
        pump.add(stream)
      }
    }
  }
  const stopTenants = feed.onTenant(({ tenant }) => {
    endWhere((stream) => stream.principal.tenant === tenant && !mayLive(stream))
    // Another plan may show other members.
    publishLists(tenant, LIST_NAMES)
  })

  return {
    room(principal) {
      if (closed || streams.size >= options.maxStreams) return 'node-full'
      return (perPrincipal.get(holderOf(principal)) ?? 0) >= options.maxPerPrincipal ? 'principal-full' : 'yes'
    },
    attach(stream) {
      streams.set(stream, attached % keepAliveEvery)
      attached += 1
      const holder = holderOf(stream.principal)
      perPrincipal.set(holder, (perPrincipal.get(holder) ?? 0) + 1)
      gauge.set(streams.size)
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
      const holder = holderOf(stream.principal)
      const left = (perPrincipal.get(holder) ?? 1) - 1
      if (left === 0) perPrincipal.delete(holder)
      else perPrincipal.set(holder, left)
      gauge.set(streams.size)
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
        for (const uri of stream.uris.keys()) stream.mark(uri)
        for (const list of stream.lists) stream.markList(list)
        pump.add(stream)
      }
    },
    ready: pump.add,
    close() {
      if (closed) return
      closed = true
      clearInterval(timer)
      stopRevocations()
      stopTenants()
      endWhere(() => true)
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

/** Whose streams are counted together: a person at all its clients, a key, a service. */
const holderOf = ({ tenant, kind, subject }: Principal): string => `${tenant} ${kind} ${subject}`
