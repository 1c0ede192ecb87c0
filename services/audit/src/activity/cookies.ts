import { createHash, timingSafeEqual } from 'node:crypto'
import type { Sealer } from '@gatehouse/keyring'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

/** A sign-in that waits for its answer: what only this browser may know (RFC 9700 section 4.7). */
const attempt = z.object({
  state: z.string(),
  verifier: z.string(),
  /** Query of the page that was asked for. */
  search: z.string(),
  expiresAt: z.number(),
})
export type Attempt = z.infer<typeof attempt>

/** The two cookies of the page. Both are sealed: the browser can neither read nor make one. */
export interface Cookies {
  attempt(request: FastifyRequest): Promise<Attempt | undefined>
  giveAttempt(reply: FastifyReply, attempt: Attempt): Promise<void>
  /** The access token of whoever is signed in here. */
  token(request: FastifyRequest): Promise<string | undefined>
  giveToken(reply: FastifyReply, token: string): Promise<void>
  /** Forgets both. */
  clear(reply: FastifyReply): void
  /** For the hidden field of forms of this browser. */
  csrf(request: FastifyRequest): string
  /** Whether one of our own pages in this browser sent the form. */
  isOwnForm(request: FastifyRequest, csrf: string | undefined): boolean
}

const SESSION = 'audit: activity session'
const ATTEMPT = 'audit: activity attempt'

/** `__Host-` binds a cookie to this host and to https (RFC 6265bis, 4.1.3.2); on plain http, a laptop, it cannot be used. */
export function createCookies(options: {
  readonly publicUrl: string
  /** Opened at first use, so that a database that is away at start is no obstacle. */
  readonly sealer: () => Promise<Sealer>
}): Cookies {
  const { sealer } = options
  const secure = options.publicUrl.startsWith('https:')
  const { origin } = new URL(options.publicUrl)
  const prefix = secure ? '__Host-' : ''
  const names = { session: `${prefix}gatehouse-activity`, attempt: `${prefix}gatehouse-activity-attempt` }
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  const add = (reply: FastifyReply, name: string, value: string, extra = ''): void =>
    void reply.header('set-cookie', `${name}=${value}; ${attributes}${extra}`)
  const csrf = (request: FastifyRequest): string =>
    createHash('sha256')
      .update(`csrf\n${readCookie(request, names.session) ?? ''}`)
      .digest('base64url')
  const opened = async (request: FastifyRequest, name: string, about: string): Promise<string | undefined> => {
    const value = readCookie(request, name)
    return value === undefined ? undefined : (await (await sealer()).openFresh(about, value))?.toString()
  }
  return {
    async attempt(request) {
      const text = await opened(request, names.attempt, ATTEMPT)
      return text === undefined ? undefined : attempt.safeParse(JSON.parse(text)).data
    },
    async giveAttempt(reply, value) {
      add(reply, names.attempt, (await sealer()).seal(ATTEMPT, JSON.stringify(value)), '; Max-Age=900')
    },
    token: (request) => opened(request, names.session, SESSION),
    async giveToken(reply, token) {
      add(reply, names.session, (await sealer()).seal(SESSION, token))
      add(reply, names.attempt, '', '; Max-Age=0')
    },
    clear(reply) {
      add(reply, names.session, '', '; Max-Age=0')
      add(reply, names.attempt, '', '; Max-Age=0')
    },
    csrf,
    isOwnForm(request, given = '') {
      const [a, b] = [Buffer.from(given), Buffer.from(csrf(request))]
      return a.length === b.length && timingSafeEqual(a, b) && isSameSite(request, origin)
    },
  }
}

/** `Sec-Fetch-Site` is certain where it is sent; `Origin` is `null` on forms of pages with `Referrer-Policy: no-referrer`. */
function isSameSite(request: FastifyRequest, origin: string): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const sender = request.headers.origin
  return sender === undefined || sender === 'null' || sender === origin
}

function readCookie(request: FastifyRequest, name: string): string | undefined {
  for (const pair of request.headers.cookie?.split(';') ?? []) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === name && value !== undefined && /^[\w-]{1,8192}$/.test(value)) return value
  }
  return undefined
}
