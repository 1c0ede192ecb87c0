import { sql } from '@gatehouse/database'
import type { Profile } from '@gatehouse/profiles'
import { loadProfile } from '@gatehouse/profiles'
import { decodeJwt } from 'jose'
import { type Test, test } from 'tap'
import { client_put_document } from '../clients/clients.store.ts'
import {
  ADMIN,
  authorizeUrl,
  exchangeForm,
  formOf,
  type House,
  newVerifier,
  openHouse,
  PASSWORD,
  refreshForm,
} from '../testing/house.ts'
import { operate } from '../testing/upstream.ts'

const PATH = '/mcp/orgonaut'
const { sse: _sse, messages: _messages, ...paths } = loadProfile('align').paths
const hosted = (issuer: 'origin' | 'mcp-path'): Partial<Profile> => ({
  paths: { ...paths, mcp: PATH, register: '/oauth/register' },
  tenancy: { by: 'host', account: 'pinned', host: '{tenant}.{host}', issuer },
  plans: { all: ['free', 'business'], withMcp: ['business'] },
  openid: true,
})
const at = (slug: string) => `https://${slug}.align.example`
const WELL_KNOWN = '/.well-known/oauth-authorization-server'

/** A browser and a client at one host: cookies go where they came from. */
class HostVisitor {
  cookies = new Map<string, string>()
  readonly #house: House
  readonly #host: string

  constructor(house: House, slug: string) {
    this.#house = house
    this.#host = new URL(at(slug)).host
  }

  async get(url: string) {
    return this.#keep(await this.#house.server.inject({ url, headers: this.#headers() }))
  }

  async post(url: string, form: Record<string, string>) {
    const headers = { ...this.#headers(), 'content-type': 'application/x-www-form-urlencoded' }
    const payload = new URLSearchParams(form).toString()
    return this.#keep(await this.#house.server.inject({ method: 'POST', url, headers, payload }))
  }

  async json(url: string, payload: object) {
    return this.#house.server.inject({ method: 'POST', url, headers: { host: this.#host }, payload })
  }

  /** Follows redirects inside the host, signs in and approves; the parameters at the callback. */
  async allow(url: string, email: string): Promise<URLSearchParams> {
    let page = await this.get(url)
    for (let step = 0; step < 12; step += 1) {
      const { location } = page.headers
      if (typeof location === 'string' && !location.startsWith('/')) return new URL(location).searchParams
      if (typeof location === 'string') page = await this.get(location)
      else {
        const { action, hidden } = formOf(page.body)
        const answers = page.body.includes('name="password"') ? { email, password: PASSWORD } : { decision: 'approve' }
        page = await this.post(action, { ...hidden, ...answers })
      }
    }
    throw new Error(`no way to the callback: ${page.statusCode} ${page.body}`)
  }

  #headers(): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    return { host: this.#host, ...(cookie === '' ? {} : { cookie }) }
  }

  #keep<A extends { headers: Record<string, unknown> }>(answer: A): A {
    for (const set of [answer.headers['set-cookie'] ?? []].flat() as string[]) {
      const [name = '', value = ''] = (set.split(';', 1)[0] ?? '').split('=', 2)
      this.cookies.set(name, value)
    }
    return answer
  }
}

async function register(visitor: HostVisitor): Promise<string> {
  const answer = await visitor.json('/oauth/register', {
    client_name: 'Test client',
    redirect_uris: ['https://client.example/callback'],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
  })
  if (answer.statusCode !== 201) throw new Error(answer.body)
  return answer.json().client_id
}

async function open(t: Test, issuer: 'origin' | 'mcp-path' = 'origin') {
  const house = await openHouse(t, { profile: hosted(issuer) })
  return { house, visit: (slug: string) => new HostVisitor(house, slug) }
}

test('an authorization server at each host', async (t) => {
  const { house, visit } = await open(t)
  const [acme, globex, initech] = house.tenants

  await t.test(
    'its metadata names its own issuer, endpoints and resource, also below the MCP path [O3, O4]',
    async (t) => {
      for (const slug of ['acme', 'globex']) {
        for (const path of [WELL_KNOWN, `${WELL_KNOWN}${PATH}`, '/.well-known/openid-configuration']) {
          const answer = await visit(slug).get(path)
          t.match(answer.json(), {
            issuer: at(slug),
            authorization_endpoint: `${at(slug)}/oauth/authorize`,
            token_endpoint: `${at(slug)}/oauth/token`,
            registration_endpoint: `${at(slug)}/oauth/register`,
            jwks_uri: `${at(slug)}/.well-known/jwks.json`,
            protected_resources: [`${at(slug)}${PATH}`],
          })
        }
      }
      const keys = (await visit('acme').get('/.well-known/jwks.json')).json()
      t.same((await visit('globex').get('/.well-known/jwks.json')).json(), keys, 'keys are those of the deployment')
      const own = await house.server.inject({ url: WELL_KNOWN, headers: { host: 'align.example' } })
      t.match(own.json(), { issuer: 'https://align.example' })
      t.notMatch(own.body, PATH, 'no token is for the endpoint of the deployment itself')
    },
  )

  await t.test(
    'who is no tenant is not there; without MCP in the plan there is nothing to connect to [O2, O5, O14]',
    async (t) => {
      const plain = [WELL_KNOWN, `${WELL_KNOWN}${PATH}`, '/.well-known/openid-configuration', '/oauth/authorize?x=1']
      // The router reads both as the same path.
      const paths = [...plain, ...plain.map((path) => path.replace('o', '%6f'))]
      for (const slug of ['nobody', 'initech'])
        for (const path of paths) {
          const answer = await visit(slug).get(path)
          t.equal(answer.statusCode, 404, `${slug} ${path}`)
          t.equal(answer.headers['www-authenticate'], undefined)
        }
      for (const path of ['/oauth/register', '/%6fauth/register', '/oauth/p%61r'])
        t.equal((await visit('initech').json(path, {})).statusCode, 404, path)
      t.equal((await visit('nobody').get('/sign-in')).statusCode, 404)
      t.equal((await visit('initech').get('/sign-in')).statusCode, 200, 'its people still sign in and make REST tokens')
      const owner = visit('initech')
      const page = await owner.get('/sign-in')
      await owner.post('/sign-in', { ...formOf(page.body).hidden, email: 'owner@initech.test', password: PASSWORD })
      t.equal(
        (await owner.get('/settings/developer/authorized-apps')).statusCode,
        404,
        'no page of connected applications',
      )
      t.equal((await owner.get(loadProfile('align').paths.apiKeys)).statusCode, 200)
    },
  )

  const verifier = newVerifier()
  const browser = visit('acme')
  const client = await register(browser)
  const asked = authorizeUrl(client, verifier, { scope: 'mcp:read openid', resource: `${at('acme')}${PATH}` })
  const callback = await browser.allow(asked, 'consultant@example.test')
  const code = callback.get('code') ?? ''
  const tokens = (await browser.post('/oauth/token', exchangeForm(client, code, verifier))).json()

  await t.test('a token is of the issuer, for the resource and of the tenant of the host [O3]', async (t) => {
    t.equal(callback.get('iss'), at('acme'))
    t.match(decodeJwt(tokens.access_token), { iss: at('acme'), aud: `${at('acme')}${PATH}`, tenant_id: acme?.id })
    t.match(decodeJwt(tokens.id_token), { iss: at('acme'), aud: client })
    t.match(await house.auth.introspect(tokens.access_token), { active: true, iss: at('acme'), tenant_id: acme?.id })
    const asks = { authorization: `Bearer ${tokens.access_token}` }
    const userinfo = (slug: string) =>
      house.server.inject({ url: '/oauth/userinfo', headers: { ...asks, host: new URL(at(slug)).host } })
    t.equal((await userinfo('acme')).statusCode, 200)
    t.equal((await userinfo('globex')).statusCode, 401, "another issuer's token")
  })

  await t.test('client, session, code and refresh token are of one issuer [O3]', async (t) => {
    const other = visit('globex')
    const elsewhere = await other.get(authorizeUrl(client, verifier))
    t.equal(elsewhere.statusCode, 400, 'the client is not known at the other host')
    t.match(elsewhere.body, /not known|unknown/i)
    t.match((await other.post('/oauth/token', refreshForm(client, tokens.refresh_token))).json(), {
      error: 'invalid_client',
    })
    // The cookie of one host sent to the other is another browser there.
    other.cookies = new Map(browser.cookies)
    t.equal((await other.get('/')).statusCode, 303, 'not signed in')
    t.equal((await browser.get('/')).statusCode, 200)
    const own = await register(other)
    const mixed = authorizeUrl(own, verifier, { resource: `${at('acme')}${PATH}` })
    const refused = await visit('globex')
      .allow(mixed, 'owner@acme.test')
      .catch((error: Error) => error.message)
    t.match(String(refused), /invalid_target|refused/)
    const stranger = await visit('globex').allow(authorizeUrl(own, verifier), 'owner@acme.test')
    t.equal(stranger.get('error'), 'access_denied', 'who is no member has nothing to allow there')
    t.equal(stranger.get('iss'), at('globex'))
  })

  await t.test('what a client holds that is known at every host is good at its own alone [O3]', async (t) => {
    const id = 'https://client.example/metadata.json'
    const redirectUris = ['https://client.example/callback']
    const facts = { id, kind: 'metadata', name: 'Everywhere', redirectUris, authMethod: 'none', metadata: {} } as const
    const nothing = { secretHash: null, jwks: null, jwksUri: null, grantTypes: null, scopes: null, resources: null }
    const createdAt = new Date(house.clock.now())
    const known = { ...facts, ...nothing, tenantId: null, registrationHash: null, createdAt }
    const holder = (of: string) =>
      house.db.asPlatform('test', (tx) => tx.run(sql`update auth.grants set client_id = ${of}`))
    await house.db.asPlatform('test', (tx) => client_put_document(tx, known, createdAt))
    await holder(id)
    const refused = await visit('globex').post('/oauth/token', refreshForm(id, tokens.refresh_token))
    t.match(refused.json(), { error: 'invalid_grant' })
    await holder(client)
  })

  await t.test(
    'refreshed at its own host it stays of that host; what a person sees is of that host [O3]',
    async (t) => {
      const refreshed = (await browser.post('/oauth/token', refreshForm(client, tokens.refresh_token))).json()
      t.match(decodeJwt(refreshed.access_token), { iss: at('acme'), tenant_id: acme?.id })
      const home = (await browser.get('/')).body
      t.match(home, `${at('acme')}${PATH}`)
      t.notMatch(home, 'Globex', 'the other organisation of the same person is another host')
    },
  )

  await t.test('a tenant that loses MCP is gone from discovery at once, one that gets it is there [O2]', async (t) => {
    t.equal((await visit('acme').get(WELL_KNOWN)).statusCode, 200)
    await operate(house, ADMIN, 'PATCH', `/tenants/${globex?.id}`, { status: 'suspended' })
    t.equal((await visit('globex').get(WELL_KNOWN)).statusCode, 200, 'a suspended one is still there')
    t.ok(initech !== undefined)
  })
})

test('the issuer with the path of the MCP endpoint [O4]', async (t) => {
  const { visit } = await open(t, 'mcp-path')
  const browser = visit('acme')
  const document = (await browser.get(`${WELL_KNOWN}${PATH}`)).json()
  t.equal(document.issuer, `${at('acme')}${PATH}`)
  t.equal(document.token_endpoint, `${at('acme')}/oauth/token`)
  const client = await register(browser)
  const verifier = newVerifier()
  const callback = await browser.allow(authorizeUrl(client, verifier), 'member@acme.test')
  t.equal(callback.get('iss'), document.issuer)
  const code = callback.get('code') ?? ''
  const tokens = (await browser.post('/oauth/token', exchangeForm(client, code, verifier))).json()
  t.match(decodeJwt(tokens.access_token), { iss: document.issuer, aud: `${at('acme')}${PATH}` })
})
