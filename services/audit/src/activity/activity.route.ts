import { timingSafeEqual } from 'node:crypto'
import formbody from '@fastify/formbody'
import { BusUnavailable } from '@gatehouse/bus'
import { AUDIT_TYPES, type Clock } from '@gatehouse/contracts'
import { DatabaseUnavailable } from '@gatehouse/database'
import { activityPage, type Brand, errorPage, type NavItem, pageHeaders } from '@gatehouse/pages'
import type { Principal } from '@gatehouse/policy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../access/access.ts'
import { Refusal } from '../errors.ts'
import { readCursor, writeCursor } from '../events/cursor.ts'
import { events_list } from '../events/events.store.ts'
import { toItem } from '../events/item.ts'
import { OUTCOMES } from '../events/query.ts'
import type { Cookies } from './cookies.ts'
import { entryOf } from './entry.ts'
import { PAGE_FAULTS, PageFault, type PageReason } from './faults.ts'
import { filtersOf, readView, searchOf } from './query.ts'
import { ACTIVITY_PATH, CALLBACK_PATH, type SignIn } from './sign-in.ts'
import { tailRoute } from './tail.route.ts'

export interface ActivityDeps {
  readonly access: Access
  readonly cookies: Cookies
  readonly signIn: SignIn
  readonly brand: Brand
  readonly nav: readonly NavItem[]
  readonly clock: Clock
  /** Ends what streams. */
  readonly closing: AbortSignal
}

const PAGE_SIZE = 50
const KINDS = [...AUDIT_TYPES.keys()].sort()

/** `/activity`: the log of the organisation that somebody signed in for, for those whose role permits it. */
export async function activityRoutes(server: FastifyInstance, deps: ActivityDeps): Promise<void> {
  const { access, cookies, signIn, brand, clock } = deps
  explainOnPages(server, brand)
  await server.register(formbody)

  const begin = async (reply: FastifyReply, search: string): Promise<FastifyReply> => {
    const { url, attempt } = signIn.begin(search)
    await cookies.giveAttempt(reply, attempt)
    return leave(reply, url)
  }
  /** Whoever the cookie is of, if its token is good now. */
  const known = async (request: FastifyRequest): Promise<Principal | undefined> => {
    const token = await cookies.token(request)
    return token === undefined ? undefined : principalOf(token, access)
  }

  server.get(ACTIVITY_PATH, async (request, reply) => {
    const search = new URL(request.url, 'http://page').search
    const view = readView(request.query)
    const principal = await known(request)
    if (principal === undefined) return begin(reply, search)
    const reader = access.readerOf(principal)
    const filters = reader.own(filtersOf(view))
    const after = view.cursor === undefined ? undefined : readCursor(view.cursor)
    const now = clock.now()
    const rows = await reader.reading({})((tx) => events_list(tx, filters, after, PAGE_SIZE + 1))
    const shown = rows.slice(0, PAGE_SIZE)
    const last = shown.at(-1)
    const more = last !== undefined && rows.length > shown.length
    const since = new Date(now).toISOString()
    const tail = `${ACTIVITY_PATH}/tail${searchOf({ ...view, cursor: undefined }, { since })}`
    const markup = activityPage({
      brand,
      nav: deps.nav,
      action: ACTIVITY_PATH,
      filters: view,
      outcomes: OUTCOMES,
      kinds: KINDS,
      entries: shown.map((row) => entryOf(toItem(row))),
      nextHref: more ? `${ACTIVITY_PATH}${searchOf({ ...view, cursor: writeCursor(last) })}` : undefined,
      // Older pages stand still.
      tailHref: after === undefined && view.to === undefined ? tail : undefined,
      signOut: { action: `${ACTIVITY_PATH}/sign-out`, csrf: cookies.csrf(request) },
    })
    return reply.headers(pageHeaders({ script: true })).send(markup)
  })

  server.get(CALLBACK_PATH, async (request, reply) => {
    const given = new URL(request.url, 'http://page').searchParams
    const attempt = await cookies.attempt(request)
    if (attempt === undefined || attempt.expiresAt < clock.now() || !same(given.get('state'), attempt.state))
      throw new PageFault('sign-in.lost')
    const code = given.get('code')
    if (code === null) throw new PageFault('sign-in.refused')
    const token = await signIn.redeem(code, attempt).catch((error: unknown) => {
      throw new PageFault('unavailable', { cause: error })
    })
    if (token === undefined) throw new PageFault('sign-in.lost')
    if ((await principalOf(token, access)) === undefined) throw new PageFault('sign-in.refused')
    await cookies.giveToken(reply, token)
    return leave(reply, `${ACTIVITY_PATH}${attempt.search}`)
  })

  server.post<{ Body: { csrf?: string } | undefined }>(`${ACTIVITY_PATH}/sign-out`, async (request, reply) => {
    if (!cookies.isOwnForm(request, request.body?.csrf)) throw new PageFault('form.foreign')
    cookies.clear(reply)
    return leave(reply, '/')
  })

  tailRoute(server, { ...deps, known })
}

/** @returns nothing for a token that is no good any more: a new one is asked for @throws PageFault */
async function principalOf(token: string, access: Access): Promise<Principal | undefined> {
  try {
    return await access.principal(token)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.reason === 'permission.missing') throw new PageFault('role.missing')
    if (error.reason === 'token.unverifiable') throw new PageFault('unavailable')
    return undefined
  }
}

const leave = (reply: FastifyReply, url: string): FastifyReply =>
  reply.code(303).headers({ location: url, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).send()

function same(given: string | null, expected: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** A fault is a page here. */
function explainOnPages(server: FastifyInstance, brand: Brand): void {
  server.setErrorHandler((error, request, reply) => {
    const reason = reasonOf(error)
    if (reason === undefined) throw error
    request.log.info({ reason, err: error instanceof PageFault ? error.cause : undefined }, 'page refused')
    const fault = PAGE_FAULTS[reason]
    return reply
      .code(fault.status)
      .headers(pageHeaders())
      .send(errorPage({ ...fault, brand, requestId: request.id }))
  })
}

function reasonOf(error: unknown): PageReason | undefined {
  if (error instanceof PageFault) return error.reason
  if (error instanceof DatabaseUnavailable || error instanceof BusUnavailable) return 'unavailable'
  return error instanceof Refusal ? 'query.invalid' : undefined
}
