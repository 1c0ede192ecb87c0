import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { decrypt, encrypt, WrongMasterSecret } from '@gatehouse/keyring'
import { logoutPage, signedOutPage } from '@gatehouse/pages'
import type { Profile } from '@gatehouse/profiles'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { JWK } from 'jose'
import { sendAway } from '../authorize/answer.ts'
import { client_get } from '../clients/clients.store.ts'
import type { Browsers } from '../http/browser.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { Params, readForm, readQuery } from '../http/form.ts'
import { brandOf, PageFault, type Pages } from '../http/pages.ts'
import { endSession, findSession } from '../people/sessions.ts'
import { judgeLogout } from './judge-logout.ts'
import { readHint } from './logout-hint.ts'

export const LOGOUT_PATH = '/oauth/logout'

export interface LogoutDeps {
  readonly profile: Profile
  readonly issuer: string
  readonly db: Database
  readonly clock: Clock
  readonly browsers: Browsers
  readonly pages: Pages
  readonly publicKeys: () => Promise<readonly JWK[]>
  /** Seals what an application posted, for the link that follows. */
  readonly logoutKey: Uint8Array
}

const ASKED = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state'] as const
const MAX_STATE = 4_096
const SEALED_FOR = 'logout'
/** How long a browser may take from a form to the link that follows it. */
const SEALED_MS = 60_000

/**
 * OpenID Connect RP-Initiated Logout 1.0. It ends this browser's session; what applications were allowed stays, since a person may use
 * them without a browser.
 */
export function logoutRoutes(server: FastifyInstance, deps: LogoutDeps): void {
  const { browsers } = deps
  addEndpoint(server, {
    path: LOGOUT_PATH,
    bodyLimit: 32 * 1024,
    get: async (request, reply) => {
      const query = readQuery(request)
      const posted = query.get('posted')
      return logout(posted === undefined ? query : unseal(posted, deps), request, reply, deps)
    },
    post: async (request, reply) => {
      const form = readForm(request)
      if (form.get('decision') === undefined) {
        // A form of the application: it comes without our cookie (SameSite), and a link does not. Who posts an ID token keeps it out of
        // addresses, and so does the link.
        return sendAway(reply, `${LOGOUT_PATH}?${new URLSearchParams({ posted: seal(form, deps) })}`)
      }
      browsers.requireOwnForm(request, form.get('csrf'))
      return logout(form, request, reply, deps)
    },
  })
}

function seal(form: Params, { logoutKey, clock }: LogoutDeps): string {
  const asked = new URLSearchParams(
    ASKED.flatMap((name) => form.all(name).map((value): [string, string] => [name, value])),
  )
  const plain = JSON.stringify({ asked: String(asked), until: clock.now() + SEALED_MS })
  return Buffer.from(encrypt(logoutKey, SEALED_FOR, Buffer.from(plain))).toString('base64url')
}

function unseal(sealed: string, { logoutKey, clock }: LogoutDeps): Params {
  try {
    const plain = decrypt(logoutKey, SEALED_FOR, Buffer.from(sealed, 'base64url'))
    const { asked, until } = JSON.parse(Buffer.from(plain).toString()) as {
      readonly asked: string
      readonly until: number
    }
    if (clock.now() < until) return new Params(new URLSearchParams(asked))
  } catch (error) {
    if (!(error instanceof WrongMasterSecret)) throw error
  }
  throw new PageFault('request.malformed')
}

async function logout(
  params: Params,
  request: FastifyRequest,
  reply: FastifyReply,
  deps: LogoutDeps,
): Promise<FastifyReply> {
  const { profile, db, clock, browsers, pages } = deps
  const [token, state] = [params.get('id_token_hint'), params.get('state')]
  if (params.repeated !== undefined || (state ?? '').length > MAX_STATE) throw new PageFault('request.malformed')
  const proves = token === undefined ? undefined : await readHint(token, deps)
  const clientId = params.get('client_id')
  const named = proves?.clientId ?? clientId
  const browser = browsers.known(request)
  const { client, session } = await db.asPlatform('logout', async (tx) => ({
    client: named === undefined ? undefined : await client_get(tx, named),
    session: browser && (await findSession(tx, browser.hash, clock.now())),
  }))
  const verdict = judgeLogout({
    hint: { given: token !== undefined, proves },
    clientId,
    redirectUri: params.get('post_logout_redirect_uri'),
    registered: client && redirectsOf(client.metadata),
    personId: session?.personId,
  })
  if (verdict.kind === 'refuse') throw new PageFault('logout.redirect')
  const back = verdict.redirectUri === undefined ? undefined : withState(verdict.redirectUri, state)
  const brand = brandOf(profile)
  const decision = params.get('decision')
  if (verdict.kind === 'ask' && browser !== undefined && session !== undefined) {
    if (decision === 'stay') return sendAway(reply, '/')
    if (decision !== 'sign-out') {
      const hidden = Object.fromEntries(ASKED.flatMap((name) => params.all(name).map((value) => [name, value])))
      const asking = back === undefined ? undefined : client?.name
      const person = { name: session.name, email: session.email }
      const markup = logoutPage({ brand, action: LOGOUT_PATH, csrf: browser.csrf, hidden, client: asking, person })
      return pages.send(reply, markup)
    }
  }
  if (browser !== undefined && session !== undefined) {
    await db.asPlatform('logout', (tx) => endSession(tx, browser.hash, clock.now()))
    browsers.renew(reply)
    request.log.info({ person: session.personId }, 'signed out')
  }
  if (back !== undefined && verdict.kind === 'sign-out') return sendAway(reply, back)
  // A page, not a redirect: the answer to a form of ours, or to a link that proves nothing, leads away by the person's own step.
  const returnTo = back === undefined ? undefined : { href: back, name: client?.name ?? '' }
  return pages.send(reply, signedOutPage({ brand, returnTo }))
}

const redirectsOf = (metadata: Readonly<Record<string, unknown>>): readonly string[] => {
  const uris = metadata.post_logout_redirect_uris
  return Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : []
}

function withState(uri: string, state: string | undefined): string {
  if (state === undefined) return uri
  return `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams({ state })}`
}
