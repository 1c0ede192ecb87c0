import { createHash, randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { type Bus, busSchema, openBus } from '@gatehouse/bus'
import { Secret } from '@gatehouse/config'
import { STREAMS } from '@gatehouse/contracts'
import { type Database, type DatabaseHost, sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import { openKeyValue } from '@gatehouse/kv'
import { loadProfile, type Profile } from '@gatehouse/profiles'
import { createServer } from '@gatehouse/service'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import type { Scope } from '@gatehouse/testkit'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { type AuthApp, type AuthDeps, createAuthApp } from '../app.ts'
import { type DemoTenant, seedDemo } from '../demo.ts'
import type { Mail, Mailer } from '../mail/port.ts'
import { authSchema } from '../schema.ts'

export const PASSWORD = 'correct horse battery'
export const API_KEY = 'align_demo_key_for_tests_0123456789'
export const ADMIN = 'operator-token-for-tests'
export const ORIGIN = 'https://align.example'
export const MCP = `${ORIGIN}/mcp`
export const CALLBACK = 'https://client.example/callback'

/** The service over a database, with the demo's people in it, and what a test looks at. */
export interface House {
  readonly server: FastifyInstance
  readonly auth: AuthApp
  readonly host: DatabaseHost
  readonly db: Database
  readonly bus: Bus
  readonly tenants: readonly DemoTenant[]
  readonly mails: Mailbox
  /** A clock that a test can move; starts at the real time. */
  readonly clock: { now(): number; forward(ms: number): void }
}

/** Letters that have left, in order. */
export interface Mailbox {
  readonly all: readonly Mail[]
  /** The next one that nobody has taken out yet, to that address and with that in its text if they are named; waited for, since some leave when the answer has. */
  next(to?: string, holds?: string): Promise<Mail>
}

function createMailbox(): Mailbox & { readonly mailer: Mailer } {
  const all: Mail[] = []
  const arrived = new EventEmitter()
  const waiting: Mail[] = []
  return {
    all,
    async next(to, holds = '') {
      for (;;) {
        const at = waiting.findIndex((mail) => (to === undefined || mail.to === to) && mail.text.includes(holds))
        const [mail] = at === -1 ? [] : waiting.splice(at, 1)
        if (mail !== undefined) return mail
        await once(arrived, 'mail')
      }
    },
    mailer: {
      async send(mail) {
        all.push(mail)
        waiting.push(mail)
        arrived.emit('mail')
      },
      close: () => undefined,
    },
  }
}

/** Path and query of the link in a letter. */
export const linkIn = ({ text }: Mail): string =>
  new URL(/https?:\/\/\S+/.exec(text)?.[0] ?? '').href.slice(ORIGIN.length)

export interface HouseOptions {
  /** Default: an embedded database in memory. */
  readonly host?: DatabaseHost
  readonly profile?: Partial<Profile>
  readonly deps?: Partial<AuthDeps>
}

export async function openHouse(t: Scope, options: HouseOptions = {}): Promise<House> {
  const schemas = [authSchema, busSchema]
  const host = options.host ?? (await testDatabase(t, schemas))
  if (options.host !== undefined) await host.migrate(schemas)
  const profile = { ...loadProfile('align'), ...options.profile }
  let offset = 0
  const clock = {
    now: () => Date.now() + offset,
    forward: (ms: number) => {
      offset += ms
    },
  }
  const db = host.as(authSchema.role)
  const kv = await openKeyValue('memory:', { clock })
  const bus = await openBus('memory:', { database: host.as(busSchema.role), clock })
  t.teardown(() => bus.close())
  await bus.ensureStreams(Object.values(STREAMS))
  const mails = createMailbox()
  const auth = createAuthApp({
    profile,
    publicUrl: ORIGIN,
    db,
    host,
    kv,
    bus,
    clock,
    log: silentLogger,
    secret: new Secret('a secret of enough characters'),
    adminToken: new Secret(ADMIN),
    mailer: mails.mailer,
    ...options.deps,
  })
  const seeds = { profile, db, clock, password: PASSWORD, apiKey: API_KEY }
  const tenants = await seedDemo(seeds)
  const { notFound } = auth
  const server = createServer({ log: silentLogger, metrics: createMetrics({ process: false }), ready: [], notFound })
  await server.register(auth.app)
  t.teardown(() => server.close())
  return { server, auth, host, db, bus, tenants, mails, clock }
}

/** What is waiting to be published, oldest first. */
export const outboxOf = (db: Database) =>
  db.asPlatform('test', (tx) =>
    tx.rows<{ subject: string; event: { data: Record<string, unknown> } }>(
      sql`select subject, event from auth.outbox where subject not like 'auth.state.%' order by position`,
    ),
  )

export interface RegisteredClient {
  readonly client_id: string
  readonly client_secret?: string
  readonly [field: string]: unknown
}

export async function registerClient(house: House, metadata: Record<string, unknown> = {}): Promise<RegisteredClient> {
  const answer = await house.server.inject({
    method: 'POST',
    url: '/oauth/clients',
    payload: {
      client_name: 'Test client',
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      ...metadata,
    },
  })
  if (answer.statusCode !== 201) throw new Error(answer.body)
  return answer.json()
}

export const newVerifier = (): string => randomBytes(32).toString('base64url')
export const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url')

/** Query of a good authorization request; `changes` with `undefined` leave a parameter out. */
export function authorizeUrl(
  client: string,
  verifier: string,
  changes: Record<string, string | undefined> = {},
): string {
  const all = {
    response_type: 'code',
    client_id: client,
    redirect_uri: CALLBACK,
    state: 'state 1+2%',
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
    ...changes,
  }
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return `/oauth/authorize?${new URLSearchParams(given)}`
}

/** A browser: keeps the cookie, follows redirects inside the service, submits forms. */
export class Visitor {
  readonly #server: FastifyInstance
  readonly #remoteAddress: string
  readonly #others = new Map<string, string>()
  /** The browser's own cookie; others are kept beside it. */
  cookie: string | undefined

  constructor(house: Pick<House, 'server'>, remoteAddress = '127.0.0.1') {
    this.#server = house.server
    this.#remoteAddress = remoteAddress
  }

  async get(url: string): Promise<LightMyRequestResponse> {
    return this.#keep(await this.#inject({ method: 'GET', url, headers: this.#headers() }))
  }

  async post(url: string, form: Record<string, string>, headers: Record<string, string> = {}) {
    const payload = new URLSearchParams(form).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    return this.#keep(
      await this.#inject({ method: 'POST', url, payload, headers: { ...this.#headers(), ...type, ...headers } }),
    )
  }

  /** Fills in the form of a page and goes where the answer leads inside the service. */
  async submit(page: LightMyRequestResponse, fields: Record<string, string>): Promise<LightMyRequestResponse> {
    const { action, hidden } = formOf(page.body)
    return this.follow(await this.post(action, { ...hidden, ...fields }))
  }

  async follow(answer: LightMyRequestResponse): Promise<LightMyRequestResponse> {
    const location = answer.headers.location
    return typeof location === 'string' && location.startsWith('/') ? this.follow(await this.get(location)) : answer
  }

  async signIn(email = 'member@acme.test', password = PASSWORD): Promise<LightMyRequestResponse> {
    return this.submit(await this.get('/sign-in'), { email, password })
  }

  #inject(request: InjectOptions): Promise<LightMyRequestResponse> {
    return this.#server.inject({ ...request, remoteAddress: this.#remoteAddress })
  }

  #headers(): Record<string, string> {
    const cookies = [...(this.cookie === undefined ? [] : [this.cookie]), ...this.#others.values()]
    return cookies.length === 0 ? {} : { cookie: cookies.join('; ') }
  }

  #keep(answer: LightMyRequestResponse): LightMyRequestResponse {
    for (const set of [answer.headers['set-cookie'] ?? []].flat()) {
      const [pair = ''] = set.split(';', 1)
      const [name = ''] = pair.split('=', 1)
      if (/gatehouse$/.test(name)) this.cookie = pair
      else this.#others.set(name, pair)
    }
    return answer
  }
}

export function formOf(html: string): { readonly action: string; readonly hidden: Record<string, string> } {
  const form = [...html.matchAll(/<form\b[\s\S]*?<\/form>/g)]
    .map(([text]) => text)
    .find((text) => !text.includes('/sign-out'))
  if (form === undefined) throw new Error(`no form: ${html}`)
  const hidden: Record<string, string> = {}
  for (const [, name, value] of form.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g))
    hidden[name ?? ''] = (value ?? '').replace(/&#(\d+);/g, (_all, code) => String.fromCodePoint(Number(code)))
  return { action: /action="([^"]+)"/.exec(form)?.[1] ?? '', hidden }
}

/** Signs in, approves, and returns the parameters at the callback. */
export async function authorize(
  house: House,
  client: string,
  verifier: string,
  changes: Record<string, string | undefined> = {},
  visitor = new Visitor(house),
): Promise<URLSearchParams> {
  let page = await visitor.follow(await visitor.get(authorizeUrl(client, verifier, changes)))
  if (page.body.includes('name="password"'))
    page = await visitor.submit(page, { email: 'member@acme.test', password: PASSWORD })
  if (page.body.includes('name="decision"')) page = await visitor.submit(page, { decision: 'approve' })
  const location = page.headers.location
  if (typeof location !== 'string') throw new Error(`no redirect: ${page.statusCode} ${page.body}`)
  return new URL(location).searchParams
}

export async function token(
  house: Pick<House, 'server'>,
  form: Record<string, string>,
  headers: Record<string, string> = {},
) {
  const payload = new URLSearchParams(form).toString()
  return house.server.inject({
    method: 'POST',
    url: '/oauth/token',
    payload,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })
}

export interface Connected {
  readonly client: string
  readonly access_token: string
  readonly refresh_token: string
  readonly scope: string
  readonly id_token?: string
}

/** A client with tokens. */
export async function connect(house: House, changes: Record<string, string | undefined> = {}): Promise<Connected> {
  const { client_id: client } = await registerClient(house)
  const verifier = newVerifier()
  const code = (await authorize(house, client, verifier, changes)).get('code') ?? ''
  const answer = await token(house, exchangeForm(client, code, verifier))
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return { client, ...answer.json() }
}

export const exchangeForm = (client: string, code: string, verifier: string): Record<string, string> => ({
  grant_type: 'authorization_code',
  client_id: client,
  code,
  code_verifier: verifier,
  redirect_uri: CALLBACK,
})

export const refreshForm = (client: string, refresh_token: string): Record<string, string> => ({
  grant_type: 'refresh_token',
  client_id: client,
  refresh_token,
})
