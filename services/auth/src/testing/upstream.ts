import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type JWK } from 'oidc-provider'
import type { Test } from 'tap'
import type { Provider as Configured } from '../upstream/provider.ts'
import { type House, ORIGIN, type Visitor } from './house.ts'

/** An account there. */
export interface UpstreamAccount {
  readonly email?: string
  readonly email_verified?: boolean
  readonly name?: string
}

export interface Upstream {
  readonly issuer: string
  /** Accounts by their subject; the sign-in form there takes the subject, without a password. */
  readonly accounts: Map<string, UpstreamAccount>
  /** Parameters of the authorization requests that came, newest last. */
  readonly asked: Record<string, unknown>[]
  /** How often a path below the issuer was asked. */
  count(path: string): number
  /** While it is `true` every answer is 503. */
  down: boolean
}

export const CLIENT_ID = 'gatehouse'
export const CLIENT_SECRET = 'a secret that both sides know'

/** A real OpenID provider on a loopback port, that knows us under `callback`. */
export async function openUpstream(t: Pick<Test, 'teardown'>, callbacks: readonly string[]): Promise<Upstream> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'one' }
  const counts = new Map<string, number>()
  const asked: Record<string, unknown>[] = []
  const accounts = new Map<string, UpstreamAccount>()
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => undefined
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    counts.set(path, (counts.get(path) ?? 0) + 1)
    if (upstream.down) response.writeHead(503).end()
    else handle(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const upstream: Upstream = {
    issuer,
    accounts,
    asked,
    count: (path) => counts.get(path) ?? 0,
    down: false,
  }
  // It says once a process that it is made for newer Nodes, and what a test does not need.
  const { warn, info } = console
  Object.assign(console, { warn: () => undefined, info: () => undefined })
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [...callbacks],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [jwk as JWK] },
    cookies: { keys: ['cookies of a test'] },
    scopes: ['openid', 'email', 'profile'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: async () => ({ sub, ...accounts.get(sub) }) }),
    // Whoever signs in there agrees.
    loadExistingGrant: async (context) => {
      const { client, session, provider } = context.oidc
      const grant = new provider.Grant({ clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
    ttl: { Interaction: 600, Session: 600, Grant: 600, IdToken: 600, AccessToken: 600 },
  })
  Object.assign(console, { warn, info })
  const callback = provider.callback()
  const interact = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST') {
      const { params } = await provider.interactionDetails(request, response)
      asked.push(params)
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(
        '<!doctype html><title>Elsewhere</title><h1>Elsewhere</h1><form method="post"><label>Account <input name="account"></label><button>Go on</button></form>',
      )
      return
    }
    const account = new URLSearchParams(await text(request)).get('account') ?? ''
    const result = accounts.has(account)
      ? { login: { accountId: account } }
      : { error: 'access_denied', error_description: 'the person went away' }
    await provider.interactionFinished(request, response, result)
  }
  handle = (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void callback(request, response)
    interact(request, response).catch((error: unknown) => {
      response.writeHead(400).end(String(error))
    })
  }
  return upstream
}

/** The entry in our configuration. */
export const configured = (upstream: Pick<Upstream, 'issuer'>, changes: Partial<Configured> = {}): Configured => ({
  id: 'corp',
  label: 'Corp SSO',
  issuer: upstream.issuer,
  clientId: CLIENT_ID,
  proof: { method: 'client_secret_basic', secret: CLIENT_SECRET },
  scopes: ['openid', 'email', 'profile'],
  authoritativeDomains: [],
  ...changes,
})

/** A person's browser at the provider: its cookies there outlive one sign-in. */
export class Elsewhere {
  readonly #cookies = new Map<string, string>()

  /** From the provider's authorization endpoint to the address that it sends the browser back to. */
  async signIn(from: string, account: string, home = ORIGIN): Promise<string> {
    let answer = await this.#go(from)
    for (let step = 0; step < 8; step += 1) {
      const location = answer.headers.get('location')
      if (location === null) {
        answer = await this.#go(answer.url, new URLSearchParams({ account }))
        continue
      }
      const next = new URL(location, answer.url).href
      if (next.startsWith(`${home}/`)) return next
      answer = await this.#go(next)
    }
    throw new Error(`went round in circles: ${answer.status} ${await answer.text()}`)
  }

  async #go(url: string, body?: URLSearchParams): Promise<Response> {
    const answer = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(body === undefined ? {} : { body }),
    })
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';', 1)
      const at = pair.indexOf('=')
      if (/expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(pair.slice(0, at))
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return answer
  }
}

/** Where the button of a sign-in page leads: the page between goes on by itself. */
export async function departureOf(visitor: Visitor, html: string, provider = 'corp'): Promise<string> {
  const form = new RegExp(`<form[^>]*action="/sign-in/${provider}(?:/link)?"[\\s\\S]*?</form>`).exec(html)?.[0] ?? ''
  const action = /action="([^"]+)"/.exec(form)?.[1] ?? ''
  const fields = [...form.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)]
  const answer = await visitor.post(action, Object.fromEntries(fields.map(([, name, value]) => [name, value])))
  const refresh = /^0; url=(.*)$/.exec(String(answer.headers.refresh ?? ''))?.[1]
  if (refresh === undefined) throw new Error(`the button led nowhere: ${answer.statusCode} ${answer.body}`)
  return refresh
}

/** Presses the button, signs in there, and goes where that leads here. */
export async function signInElsewhere(
  visitor: Visitor,
  account: string,
  of: { readonly page?: string; readonly elsewhere?: Elsewhere; readonly next?: string } = {},
) {
  const at = of.next === undefined ? '/sign-in' : `/sign-in?${new URLSearchParams({ next: of.next })}`
  const page = of.page ?? (await visitor.get(at)).body
  const back = await (of.elsewhere ?? new Elsewhere()).signIn(await departureOf(visitor, page), account)
  return visitor.follow(await visitor.get(back.slice(ORIGIN.length)))
}

/** An operation of the admin API. @returns the parsed body */
export async function operate(
  house: House,
  token: string,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
) {
  const answer = await house.server.inject({
    method,
    url: `/admin/v1${path}`,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  })
  return { ...answer.json(), httpStatus: answer.statusCode }
}
