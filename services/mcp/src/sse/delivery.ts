import { createHash, randomBytes } from 'node:crypto'
import { type KeyValue, KeyValueUnavailable } from '@gatehouse/kv'
import type { Links } from '../sessions/links.ts'
import type { Connections, Post } from './connections.ts'
import { type PlainPrincipal, plain, principalOf, type Ticket } from './ticket.ts'

/** Brings what was posted to the node with the stream. */
export interface Delivery {
  /** `gone`: there is no such stream any more. `away`: it could not be found out. */
  deliver(ticket: Ticket, post: Post): Promise<'taken' | 'gone' | 'away'>
}

/** What another node is told: who, and the message or where it lies. */
interface Forwarded {
  readonly principal: PlainPrincipal
  readonly httpId: string
  readonly message?: unknown
  /** Key and SHA-256 of a message that is too long for a channel. */
  readonly stored?: readonly [key: string, digest: string]
}

const ANSWER_WITHIN_MS = 3_000
const INLINE_CHARS = 65_536
const STORED_MS = 30_000

export function createDelivery(deps: {
  readonly links: Links
  readonly kv: KeyValue
  readonly connections: Connections
}): Delivery {
  const { links, kv, connections } = deps
  const waiting = new Map<string, (ok: boolean) => void>()

  links.on('taken', ({ ref, ok }) => waiting.get(ref)?.(ok))
  links.on('posted', ({ ref, from, session, post }) => {
    void take(session, post as Forwarded)
      .then((ok) => links.tell(from, 'taken', { ref, ok }))
      .catch(() => undefined)
  })

  const take = async (session: string, post: Forwarded): Promise<boolean> => {
    const message = post.stored === undefined ? post.message : await fetchStored(kv, post.stored)
    if (message === undefined) return false
    return connections.take(session, {
      principal: principalOf(post.principal),
      httpId: post.httpId,
      message,
    })
  }

  const forward = async (ticket: Ticket, post: Post): Promise<boolean | undefined> => {
    const ref = randomBytes(9).toString('base64url')
    const text = JSON.stringify(post.message)
    const common = { principal: plain(post.principal), httpId: post.httpId }
    let timer: NodeJS.Timeout | undefined
    const answer = new Promise<boolean | undefined>((resolve) => {
      waiting.set(ref, resolve)
      timer = setTimeout(() => resolve(undefined), ANSWER_WITHIN_MS)
    })
    try {
      const content =
        text.length <= INLINE_CHARS ? { message: post.message } : { stored: await store(kv, ticket.session, ref, text) }
      const { session, node } = ticket
      await links.tell(node, 'posted', { ref, from: links.here, session, post: { ...common, ...content } })
      return await answer
    } finally {
      clearTimeout(timer)
      waiting.delete(ref)
    }
  }

  return {
    async deliver(ticket, post) {
      if (ticket.node === links.here) return connections.take(ticket.session, post) ? 'taken' : 'gone'
      try {
        if (!(await links.alive(ticket.node))) return 'gone'
        const ok = await forward(ticket, post)
        if (ok !== undefined) return ok ? 'taken' : 'gone'
        return (await links.alive(ticket.node)) ? 'away' : 'gone'
      } catch (error) {
        if (error instanceof KeyValueUnavailable) return 'away'
        throw error
      }
    },
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

async function store(kv: KeyValue, session: string, ref: string, text: string): Promise<readonly [string, string]> {
  const key = `session:{s:${session}}:post:${ref}`
  await kv.set(key, text, STORED_MS)
  return [key, digestOf(text)]
}

/** `undefined` for what is gone, or is not what was stored. */
async function fetchStored(kv: KeyValue, [key, digest]: readonly [string, string]): Promise<unknown> {
  const text = await kv.take(key)
  return text === undefined || digestOf(text) !== digest ? undefined : JSON.parse(text)
}
