import { randomBytes } from 'node:crypto'
import type { ListName } from '@gatehouse/catalog'
import type { Principal, Requirement } from '@gatehouse/policy'
import type { Hub } from '../streams/hub.ts'
import type { SseWriter } from '../streams/sse-writer.ts'
import type { HubStream } from '../streams/stream.ts'
import { getEventId } from './event-id.ts'

/** The stream of a session on which it is told what no request of its own brings: updates and changes of lists. */
export interface StandingStream extends HubStream {
  /** Names it among the streams that the session has had. */
  readonly name: string
  /** URI → sequence of the domain stream after which its changes count. */
  readonly subscriptions: ReadonlyMap<string, number>
  /** Repeats do nothing. */
  subscribe(uri: string, requirement: Requirement, since: number): void
  unsubscribe(uri: string): void
  /** Any message, at once. */
  send(json: string): void
  /** The connection is gone. */
  closed(): void
}

/** Messages that were sent and not taken; beyond it the reader is cut off. */
const MAX_QUEUED = 1_000

/**
 * With `resumable`, every message has an id that says up to where in the domain stream everything has been told: of several that are told
 * at once the last alone says so.
 */
export function createStandingStream(options: {
  readonly writer: () => SseWriter | undefined
  readonly hub: Hub
  readonly principal: Principal
  readonly lists: ReadonlySet<ListName>
  readonly position: () => number
  readonly now: () => number
  readonly resumable: boolean
  /** The client knows events without data: while nothing is told, its id is kept young by them. */
  readonly idling?: boolean
  /** Sequence up to which its predecessor has told everything. */
  readonly from: number
}): StandingStream {
  const { hub, lists, writer } = options
  const name = randomBytes(9).toString('base64url')
  const uris = new Map<string, Requirement>()
  const subscriptions = new Map<string, number>()
  const marked = new Set<string>()
  const markedLists = new Set<ListName>()
  let reached = options.from
  let count = 0
  let ended = false
  let queued: string[] = []

  const idOf = (sequence: number): string => {
    if (!options.resumable) return ''
    count += 1
    return `id: ${getEventId(sequence, options.now(), `${name}${count.toString(36)}`)}\n`
  }
  const behind = (): boolean => writer()?.behindSince !== undefined

  const stream: StandingStream = {
    name,
    principal: options.principal,
    uris,
    lists,
    subscriptions,
    since: (uri) => Math.max(options.from, subscriptions.get(uri) ?? 0),
    subscribe(uri, requirement, since) {
      if (ended || subscriptions.has(uri)) return
      uris.set(uri, requirement)
      subscriptions.set(uri, since)
      hub.listen(stream, uri)
    },
    unsubscribe(uri) {
      if (!subscriptions.delete(uri)) return
      uris.delete(uri)
      marked.delete(uri)
      hub.unlisten(stream, uri)
    },
    send(json) {
      if (ended) return
      if (!behind()) {
        writer()?.write(`event: message\ndata: ${json}\n\n`)
        return
      }
      queued.push(json)
      if (queued.length > MAX_QUEUED) stream.end()
    },
    mark(uri) {
      if (!ended) marked.add(uri)
    },
    markList(list) {
      if (!ended) markedLists.add(list)
    },
    flush(allowed) {
      if (ended || behind()) return
      const messages = [...markedLists].map((list) => `{"jsonrpc":"2.0","method":"notifications/${list}/list_changed"}`)
      for (const uri of marked) {
        const requirement = uris.get(uri)
        if (requirement === undefined || !allowed(requirement)) continue
        messages.push(`${UPDATED}${JSON.stringify(uri)}}}`)
      }
      marked.clear()
      markedLists.clear()
      const waited = queued
      queued = []
      const position = Math.max(reached, options.position())
      let text = waited.map((json) => `event: message\ndata: ${json}\n\n`).join('')
      messages.forEach((json, at) => {
        text += `${idOf(at === messages.length - 1 ? position : reached)}event: message\ndata: ${json}\n\n`
      })
      if (messages.length > 0) reached = position
      if (text !== '') writer()?.write(text)
    },
    keepAlive() {
      if (options.idling !== true || ended || behind() || marked.size > 0 || markedLists.size > 0) {
        writer()?.keepAlive()
        return
      }
      reached = Math.max(reached, options.position())
      writer()?.write(`${idOf(reached)}data: \n\n`)
    },
    get behindSince() {
      return writer()?.behindSince
    },
    end() {
      if (ended) return
      ended = true
      marked.clear()
      markedLists.clear()
      queued = []
      writer()?.end()
    },
    closed() {
      ended = true
      queued = []
      hub.detach(stream)
    },
    get ended() {
      return ended
    },
  }
  return stream
}

const UPDATED = '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":'
