import type { Sealer } from '@gatehouse/keyring'
import type { Principal } from '@gatehouse/policy'
import { isNode } from '../sessions/links.ts'

/** What the address that a client posts to says: sealed, so that nobody makes or changes one. */
export interface Ticket {
  /** The stream, and the node that holds it. */
  readonly session: string
  readonly node: string
  /** Whose stream it is: `holderOf` its principal. */
  readonly holder: string
  /** Of a client that can send no header: who its key proved it to be. The key itself is nowhere. */
  readonly principal?: Principal
}

const ABOUT = 'mcp-sse'
const MAX_CHARS = 4_096

export const sealTicket = (sealer: Sealer, { principal, ...ticket }: Ticket): string =>
  sealer.seal(ABOUT, JSON.stringify({ ...ticket, ...(principal === undefined ? {} : { principal: plain(principal) }) }))

/** `undefined` for what is no ticket of ours. @throws when the keys cannot be read */
export async function openTicket(sealer: Sealer, text: string): Promise<Ticket | undefined> {
  if (text.length > MAX_CHARS) return undefined
  const opened = await sealer.openFresh(ABOUT, text)
  if (opened === undefined) return undefined
  const { session, node, holder, principal } = JSON.parse(opened.toString('utf8'))
  if (!isNode(node)) return undefined
  return { session, node, holder, ...(principal === undefined ? {} : { principal: principalOf(principal) }) }
}

/** A principal as JSON takes it. */
export type PlainPrincipal = Omit<Principal, 'scopes'> & { readonly scopes: readonly string[] }

export const plain = (principal: Principal): PlainPrincipal => ({ ...principal, scopes: [...principal.scopes] })

export const principalOf = (of: PlainPrincipal): Principal => ({ ...of, scopes: new Set(of.scopes) })
