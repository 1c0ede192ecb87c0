import { randomBytes } from 'node:crypto'
import type { Sealer } from '@gatehouse/keyring'
import { type KeyValue, KeyValueUnavailable, type Subscription } from '@gatehouse/kv'
import type { Logger } from '@gatehouse/telemetry'
import type { RequestId } from '../errors.ts'

/** What nodes tell each other, by kind. */
export interface LinkMessages {
  /** A session subscribed at another node than the one with its stream, or ended a subscription (`since` absent). */
  subscription: { readonly session: string; readonly uri: string; readonly since?: number }
  /** The session's stream is elsewhere now. */
  moved: { readonly session: string; readonly stream: string }
  /** To all nodes: the session is over. */
  ended: { readonly session: string }
  /** To all nodes: the client cancelled a request. */
  cancelled: { readonly session: string; readonly request: RequestId }
  /** The client answered a question; the answer lies in the log. */
  answered: { readonly session: string; readonly log: string; readonly question: string }
  /** The client still works on a question. */
  working: { readonly session: string; readonly question: string }
  /** There is something new in a log that this node reads. */
  grown: { readonly log: string; readonly reader: string }
  /** A message for a stream of HTTP+SSE; sealed facts about who sent it. */
  posted: { readonly ref: string; readonly from: string; readonly session: string; readonly post: unknown }
  /** Whether it was taken. */
  taken: { readonly ref: string; readonly ok: boolean }
}
export type LinkKind = keyof LinkMessages

/** This node's ways to the others. Messages are sealed: whoever merely reaches the store can neither read nor forge them. */
export interface Links {
  /** Names this process; another one after each start. */
  readonly here: string
  /** @throws KeyValueUnavailable */
  tell<K extends LinkKind>(node: string, kind: K, message: LinkMessages[K]): Promise<void>
  /** @throws KeyValueUnavailable */
  tellAll<K extends LinkKind>(kind: K, message: LinkMessages[K]): Promise<void>
  on<K extends LinkKind>(kind: K, heard: (message: LinkMessages[K]) => void): void
  /** Messages to this node may have been lost. */
  onLost(heard: () => void): void
  /** Whether a node renewed its lease lately. @throws KeyValueUnavailable */
  alive(node: string): Promise<boolean>
  close(): Promise<void>
}

/** A node that has not renewed its lease for so long counts as lost. Milliseconds. */
export const LEASE_MS = 4_000
const RENEW_MS = 1_000
const ABOUT = 'mcp-link'
const ALL = 'mcp:nodes'
const NODE = /^[A-Za-z0-9_-]{11}$/

const channelOf = (node: string): string => `mcp:node:${node}`
const leaseOf = (node: string): string => `mcp:lease:${node}`

export const isNode = (text: string): boolean => NODE.test(text)

/** Opens this node's inbox and holds its lease, as soon as and as long as the store is there. */
export function openLinks(options: { readonly kv: KeyValue; readonly sealer: Sealer; readonly log: Logger }): Links {
  const { kv, sealer, log } = options
  const here = randomBytes(8).toString('base64url')
  const handlers = new Map<string, ((message: never) => void)[]>()
  const losses: (() => void)[] = []
  const subscriptions: Promise<Subscription>[] = []
  let closed = false

  /** Until the key of a message is found that was rotated a moment ago; what comes meanwhile waits behind it. */
  let looking: Promise<void> | undefined

  const receive = (text: string): void => {
    if (closed) return
    const opened = looking === undefined ? sealer.open(ABOUT, text) : undefined
    if (opened === undefined) lookFor(text)
    else hear(opened)
  }
  const lookFor = (text: string): void => {
    const before = looking ?? Promise.resolve()
    const turn = before
      .then(() => sealer.openFresh(ABOUT, text))
      .then(
        (opened) => {
          if (opened === undefined) log.warn('a message between nodes could not be opened')
          else if (!closed) hear(opened)
        },
        (error: unknown) => log.warn({ err: error }, 'the key of a message between nodes could not be looked for'),
      )
      .finally(() => {
        if (looking === turn) looking = undefined
      })
    looking = turn
  }
  const hear = (opened: Buffer): void => {
    const { kind, message } = JSON.parse(opened.toString('utf8'))
    for (const heard of handlers.get(kind) ?? []) {
      try {
        heard(message as never)
      } catch (error) {
        log.error({ err: error, kind }, 'a message between nodes could not be handled')
      }
    }
  }
  const lost = (): void => {
    if (!closed) for (const heard of losses) heard()
  }
  for (const channel of [channelOf(here), ALL]) {
    subscriptions.push(kv.subscribe(channel, { message: receive, lost: channel === ALL ? () => undefined : lost }))
  }
  const renew = (): void => {
    kv.set(leaseOf(here), '1', LEASE_MS).catch((error: unknown) => {
      if (!(error instanceof KeyValueUnavailable)) log.error({ err: error }, 'the lease of this node was not renewed')
    })
  }
  renew()
  const timer = setInterval(renew, RENEW_MS)
  timer.unref()
  const seal = (kind: LinkKind, message: unknown): string => sealer.seal(ABOUT, JSON.stringify({ kind, message }))

  return {
    here,
    async tell(node, kind, message) {
      if (node === here) queueMicrotask(() => receive(seal(kind, message)))
      else await kv.publish(channelOf(node), seal(kind, message))
    },
    tellAll: (kind, message) => kv.publish(ALL, seal(kind, message)),
    on(kind, heard) {
      handlers.set(kind, [...(handlers.get(kind) ?? []), heard as (message: never) => void])
    },
    onLost: (heard) => void losses.push(heard),
    alive: async (node) => node === here || (await kv.get(leaseOf(node))) !== undefined,
    async close() {
      if (closed) return
      closed = true
      clearInterval(timer)
      const open = await Promise.all(subscriptions)
      await Promise.all(open.map((each) => each.stop()))
      await kv.delete(leaseOf(here)).catch(() => undefined)
    },
  }
}
