import { Writable } from 'node:stream'
import { createServer } from '@gatehouse/service'
import { createLogger, createMetrics } from '@gatehouse/telemetry'
import { type Test, test } from 'tap'
import {
  ADMIN,
  CALLBACK,
  challengeOf,
  exchangeForm,
  formOf,
  type House,
  newVerifier,
  openHouse,
  PASSWORD,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

interface Seen {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** A service whose every answer and every line of its log is kept. */
async function openWatched(t: Test) {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const log = createLogger('auth', { level: 'trace', destination })
  const house = await openHouse(t, { deps: { log } })
  const { notFound } = house.auth
  const server = createServer({ log, metrics: createMetrics({ process: false }), ready: [], notFound })
  const seen: Seen[] = []
  server.addHook('onSend', async (request, reply, payload) => {
    const { method, url } = request
    const path = url.split('?', 1)[0] ?? ''
    seen.push({ method, path, status: reply.statusCode, headers: reply.getHeaders(), body: String(payload ?? '') })
  })
  await server.register(house.auth.app)
  t.teardown(() => server.close())
  const watched: House = { ...house, server }
  return { house: watched, seen, lines }
}

/** Everything that a person and a client do in a day, and every credential of it by its name. */
async function live(house: House): Promise<ReadonlyMap<string, string>> {
  const post = (url: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    house.server.inject({
      ...{ method: 'POST', url, payload: new URLSearchParams(form).toString() },
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
  const client = await registerClient(house, { token_endpoint_auth_method: 'client_secret_basic' })
  const { client_id, client_secret = '' } = client
  const basic = { authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}` }
  const verifier = newVerifier()
  const pushed = {
    ...{ client_id, response_type: 'code', redirect_uri: CALLBACK, scope: 'openid email mcp:read' },
    ...{ code_challenge: challengeOf(verifier), code_challenge_method: 'S256' },
  }
  const { request_uri } = (await post('/oauth/par', pushed, basic)).json()
  const visitor = new Visitor(house)
  const link = `/oauth/authorize?${new URLSearchParams({ client_id, request_uri })}`
  const first = await visitor.get(link)
  const before = visitor.cookie?.split('=')[1] ?? ''
  const page = await visitor.submit(await visitor.follow(first), { email: 'member@acme.test', password: PASSWORD })
  const { hidden } = formOf(page.body)
  const answer = await visitor.submit(page, { decision: 'approve' })
  const code = new URL(String(answer.headers.location)).searchParams.get('code') ?? ''
  const { client_id: _named, ...form } = exchangeForm(client_id, code, verifier)
  const tokens = (await token(house, form, basic)).json()
  const { client_id: _again, ...again } = refreshForm(client_id, tokens.refresh_token)
  const fresh = (await token(house, again, basic)).json()
  await house.server.inject({ url: '/oauth/userinfo', headers: { authorization: `Bearer ${fresh.access_token}` } })
  await post('/oauth/introspect', { token: fresh.access_token }, basic)
  await token(house, { ...form, code_verifier: newVerifier() }, basic)
  await token(house, form, { authorization: `Basic ${Buffer.from(`${client_id}:wrong`).toString('base64')}` })
  const registration = { authorization: `Bearer ${client.registration_access_token}` }
  await house.server.inject({ url: new URL(String(client.registration_client_uri)).pathname, headers: registration })
  await post('/oauth/revoke', { token: fresh.refresh_token }, basic)
  for (const url of ['/', '/settings/security', '/settings/developer/authorized-apps', link, '/sign-in'])
    await visitor.get(url)
  const bystander = new Visitor(house)
  await bystander.submit(await bystander.get('/sign-in'), { email: 'member@acme.test', password: `${PASSWORD}!` })
  const [acme] = house.tenants
  const key = await house.server.inject({
    ...{
      method: 'POST',
      url: `/admin/v1/tenants/${acme?.id}/api-keys`,
      payload: { name: 'Key', scopes: ['mcp:read'] },
    },
    headers: { authorization: `Bearer ${ADMIN}` },
  })
  const person = acme?.people.find(({ email }) => email === 'member@acme.test')
  const made = await house.server.inject({
    ...{ method: 'POST', url: `/admin/v1/people/${person?.id}/password-link`, payload: { send: true } },
    headers: { authorization: `Bearer ${ADMIN}` },
  })
  const passwordLink = String(made.json().link)
  const { pathname, search } = new URL(passwordLink)
  await bystander.submit(await bystander.get(`${pathname}${search}`), { password: 'short' })
  const cookie = visitor.cookie?.split('=')[1] ?? ''
  await visitor.post('/oauth/authorize', { ...pushed, state: 'by form' })
  await visitor.post('/oauth/logout', { id_token_hint: tokens.id_token }, { 'sec-fetch-site': 'cross-site' })
  return new Map(
    Object.entries({
      ...{ 'client secret': client_secret, 'registration token': String(client.registration_access_token) },
      ...{ 'pushed request': request_uri.split(':').at(-1), code, verifier, 'cookie before': before, cookie },
      ...{ transaction: hidden.transaction ?? '', 'form token': hidden.csrf ?? '' },
      ...{ 'refresh token': tokens.refresh_token, 'next refresh token': fresh.refresh_token },
      ...{ 'access token': tokens.access_token, 'ID token': tokens.id_token, 'API key': key.json().key ?? '' },
      'password link': new URL(passwordLink).searchParams.get('link') ?? '',
    }),
  )
}

test('what the service says, where, and to whom', async (t) => {
  const { house, seen, lines } = await openWatched(t)
  const secrets = await live(house)
  t.ok(seen.length > 20)
  for (const [name, value] of secrets) t.ok(value.length >= 20, name)

  await t.test(
    'nothing that holds a credential or speaks of a person may be kept by a cache, errors and pages included [A-TP-05]',
    async (t) => {
      const kept = seen.filter(({ headers }) => !/\bno-store\b/.test(String(headers['cache-control'])))
      t.same(
        kept
          .filter(({ body, headers }) => body !== '' || 'location' in headers)
          .map(({ method, path, status }) => `${method} ${path} ${status}`),
        [],
      )
    },
  )

  await t.test(
    'a form is never sent on: every redirect that follows a POST is 303, and none is 307 or 308 [A-TP-02, A-AR-04]',
    async (t) => {
      const redirects = seen.filter(({ headers }) => 'location' in headers)
      const posts = redirects.filter(({ method, status }) => method === 'POST' && status >= 300)
      t.same(new Set(posts.map(({ path }) => path)), new Set(['/sign-in', '/oauth/authorize', '/oauth/logout']))
      for (const { path, status, headers } of redirects.filter(({ status }) => status >= 300)) {
        t.equal(status, 303, path)
        t.match(headers, { 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' }, path)
      }
    },
  )

  await t.test(
    'no credential stands in an address but the code at the callback, and pages send no Referer [A-TP-10, A-AR-06]',
    async (t) => {
      for (const { path, headers } of seen) {
        const location = String(headers.location ?? '')
        for (const [name, value] of secrets) {
          const onItsWay = (name === 'code' && location.startsWith(CALLBACK)) || name === 'transaction'
          if (!onItsWay) t.notOk(location.includes(value), `${name} in the redirect of ${path}`)
        }
        if (location.startsWith(CALLBACK))
          t.same([...new URL(location).searchParams.keys()].sort(), ['code', 'iss'], 'no token beside the code')
        if (String(headers['content-type']).startsWith('text/html')) t.equal(headers['referrer-policy'], 'no-referrer')
      }
    },
  )

  await t.test('no credential stands in the log, at its most talkative even [A-TP-10]', async (t) => {
    const log = lines.join('')
    t.ok(lines.length > 20, 'there is a log')
    t.match(log, 'consent answered')
    for (const [name, value] of [...secrets, ['password', PASSWORD], ['operator token', ADMIN]] as const)
      t.notOk(log.includes(value), name)
  })
})

test('what opens something has 256 random bits, and none is like another [A-TP-12]', async (t) => {
  const house = await openHouse(t)
  const found = new Map<string, Set<string>>()
  const keep = (name: string, value = '') => void found.set(name, (found.get(name) ?? new Set()).add(value))
  const rounds = 12
  for (let round = 0; round < rounds; round += 1) {
    const secrets = await live(house)
    for (const [name, value] of secrets) {
      if (!['access token', 'ID token', 'verifier'].includes(name)) keep(name, value.replace(/^align_/, ''))
    }
  }
  const all = [...found.values()].flatMap((values) => [...values])
  t.equal(new Set(all).size, found.size * rounds)
  for (const [name, values] of found) for (const value of values) t.match(value, /^[A-Za-z0-9_-]{43}$/, name)
  // Every one of 64 signs at every place: nothing of it is fixed. (The last sign of 43 carries four bits, so it has 16 forms.)
  const signs = new Set(all.map((value) => value.slice(0, -1)).join(''))
  t.equal(signs.size, 64)
  for (let place = 0; place < 42; place += 1)
    t.ok(new Set(all.map((value) => value[place])).size > 30, `place ${place}`)
})
