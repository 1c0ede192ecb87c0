import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Clock, systemClock } from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'

/** Who is at a page: the person of its own session, as that was proven there, and the organisation it acts for. */
export type Visitor = Pick<Principal, 'tenant' | 'subject'>

export interface PageTickets {
  /** For the address of a page: says for whose call it was asked, and what about. It hides nothing; it can be changed by nobody. */
  seal(principal: Visitor, about: string): string
  /** What it was about, for the very person whose call asked, while it is good; `undefined` for everybody else and for anything else. */
  open(ticket: string, visitor: Visitor): string | undefined
}

const SECONDS = 600
const MIN_KEY_CHARS = 32

/**
 * Binds a page (`page(message, url)`) to the person whose call leads to it (MCP, elicitation, phishing): whoever sends the address on gets
 * somebody else there, who must not go on in the place of the first.
 * @param options.key shared by the catalog and the page, and known to nobody else; 32 characters at least
 * @throws TypeError for a key that is too short
 */
export function createPageTickets(options: {
  readonly key: string
  /** Default: 600. */
  readonly seconds?: number
  readonly clock?: Clock
}): PageTickets {
  const { key, seconds = SECONDS, clock = systemClock } = options
  if (key.length < MIN_KEY_CHARS)
    throw new TypeError(`the key of page tickets has ${MIN_KEY_CHARS} characters at least`)
  const tagOf = (said: string): Buffer => createHmac('sha256', key).update(`page-ticket:${said}`).digest()
  return {
    seal({ tenant, subject }, about) {
      const until = Math.floor(clock.now() / 1_000) + seconds
      const said = Buffer.from(JSON.stringify([tenant, subject, until, about])).toString('base64url')
      return `${said}.${tagOf(said).toString('base64url')}`
    },
    open(ticket, visitor) {
      const [said = '', tag = '', ...more] = ticket.split('.')
      const [given, right] = [Buffer.from(tag, 'base64url'), tagOf(said)]
      if (more.length > 0 || given.length !== right.length || !timingSafeEqual(given, right)) return undefined
      const [tenant, subject, until, about] = JSON.parse(Buffer.from(said, 'base64url').toString()) as Said
      const same = tenant === visitor.tenant && subject === visitor.subject
      return same && clock.now() < until * 1_000 ? about : undefined
    },
  }
}

type Said = readonly [tenant: string, subject: string, until: number, about: string]
