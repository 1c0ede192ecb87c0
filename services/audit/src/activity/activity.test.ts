import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { get as httpGet, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { busSchema, openBus } from '@gatehouse/bus'
import { testDatabase } from '@gatehouse/database/testing'
import type { Principal } from '@gatehouse/policy'
import { type Test, test, t as wholeFile } from 'tap'
import { storeBatch } from '../ingest/store-batch.ts'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { accessToken, auditRig, PUBLIC_URL } from '../testing/rig.ts'

const host = await testDatabase(wholeFile, [busSchema, auditSchema])
const bus = await openBus(undefined, { database: host.as('gatehouse_bus') })
wholeFile.teardown(() => bus.close())
const database = host.as(auditSchema.role)

const MINUTE = 60_000

/** The service with a clock that can be set, and a stand-in for auth's token endpoint. */
async function scene(
  t: Test,
  options: { readonly profile?: string; readonly revoked?: (of: Principal) => boolean } = {},
) {
  let ahead = 0
  let answer: () => Response | Promise<Response> = async () =>
    Response.json({
      access_token: await accessToken({ exp: Math.floor(Date.now() / 1_000) + 36_000 }),
      token_type: 'Bearer',
    })
  const asked: URLSearchParams[] = []
  const rig = await auditRig({
    ...{ database, bus, ...options },
    clock: { now: () => Date.now() + ahead },
    fetch: async (_url, init) => {
      asked.push(init?.body as URLSearchParams)
      return answer()
    },
  })
  t.teardown(() => rig.server.close())
  const visit = (url: string, cookies: readonly string[] = [], headers: Record<string, string> = {}) =>
    rig.server.inject({ method: 'GET', url, headers: { ...headers, cookie: cookies.join('; ') } })
  /** As far as the sign-in page of auth. */
  const begin = async (search = '') => {
    const left = await visit(`/activity${search}`)
    t.equal(left.statusCode, 303)
    const url = new URL(left.headers.location ?? '')
    return { url, cookies: cookiesOf(left), state: url.searchParams.get('state') ?? '' }
  }
  const signIn = async () => {
    const { cookies, state } = await begin()
    const back = await visit(`/activity/callback?code=c1&state=${state}`, cookies)
    t.equal(back.statusCode, 303)
    return { cookies: cookiesOf(back).filter((cookie) => !cookie.endsWith('=')) }
  }
  return {
    ...{ ...rig, asked, visit, begin, signIn },
    later: (ms: number) => {
      ahead += ms
    },
    answerWith: (next: typeof answer) => {
      answer = next
    },
  }
}
const cookiesOf = ({ headers }: { readonly headers: Record<string, unknown> }): string[] =>
  [headers['set-cookie'] ?? []].flat().map((cookie) => String(cookie).split(';', 1)[0] ?? '')
const csrfOf = (page: string): string => /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''

test('a sign-in is begun with PKCE, for audit:read at this resource, and ends on the page that was asked for', async (t) => {
  const { begin, visit, asked } = await scene(t)
  const { url, cookies, state } = await begin('?tool=entry.create')
  t.equal(`${url.origin}${url.pathname}`, `${PUBLIC_URL}/oauth/authorize`)
  const query = Object.fromEntries(url.searchParams)
  t.match(query, {
    response_type: 'code',
    client_id: 'gatehouse-activity',
    redirect_uri: `${PUBLIC_URL}/activity/callback`,
    scope: 'audit:read',
    resource: `${PUBLIC_URL}/admin/v1/audit`,
    code_challenge_method: 'S256',
  })
  t.ok(state.length >= 43)
  t.notMatch(cookies.join(), state, 'the browser cannot read what it keeps')
  const back = await visit(`/activity/callback?code=c1&state=${state}`, cookies)
  t.match([back.statusCode, back.headers.location], [303, '/activity?tool=entry.create'])
  t.equal(asked.length, 1)
  const form = Object.fromEntries(asked[0] ?? [])
  t.match(form, {
    grant_type: 'authorization_code',
    code: 'c1',
    redirect_uri: query.redirect_uri,
    resource: query.resource,
  })
  const challenge = createHash('sha256')
    .update(form.code_verifier ?? '')
    .digest('base64url')
  t.equal(challenge, query.code_challenge)
  const page = await visit('/activity', cookiesOf(back))
  t.equal(page.statusCode, 200)
  for (const answer of [back, page])
    for (const cookie of [answer.headers['set-cookie'] ?? []].flat()) t.match(cookie, /; HttpOnly; SameSite=Lax/)
  t.match(page.headers['cache-control'], 'no-store')
})

const broken: readonly (readonly [string, (of: { state: string; cookies: string[] }) => [string, string[]]])[] = [
  ['with another state', ({ state, cookies }) => [`code=c1&state=${state.slice(0, -1)}_`, cookies]],
  ['without a state', ({ cookies }) => ['code=c1', cookies]],
  ['in another browser', ({ state }) => [`code=c1&state=${state}`, []]],
  [
    'with a cookie that was altered',
    ({ state, cookies }) => [`code=c1&state=${state}`, cookies.map((cookie) => `${cookie.slice(0, -8)}AAAAAAAA`)],
  ],
  [
    'with the cookie of a session for that of an attempt',
    ({ state, cookies }) => [
      `code=c1&state=${state}`,
      cookies.map((cookie) => cookie.replace('activity=', 'activity-attempt=')),
    ],
  ],
]
for (const [name, of] of broken) {
  test(`400: an answer to a sign-in ${name}, and no code is redeemed`, async (t) => {
    const { begin, signIn, visit, asked } = await scene(t)
    const { state, cookies } = await begin()
    const given = name.includes('session') ? (await signIn()).cookies : cookies
    const before = asked.length
    const [query, sent] = of({ state, cookies: given })
    const answer = await visit(`/activity/callback?${query}`, sent)
    t.equal(answer.statusCode, 400)
    t.match(answer.body, 'This sign-in cannot be finished')
    t.equal(asked.length, before)
    t.notOk(answer.headers['set-cookie'])
  })
}

test('a sign-in waits for a quarter of an hour, and no longer', async (t) => {
  const { begin, visit, later, asked } = await scene(t)
  const { state, cookies } = await begin()
  later(14 * MINUTE)
  t.equal((await visit(`/activity/callback?code=c1&state=${state}`, cookies)).statusCode, 303)
  later(MINUTE + 1)
  t.equal((await visit(`/activity/callback?code=c1&state=${state}`, cookies)).statusCode, 400)
  t.equal(asked.length, 1)
})

const unlucky: readonly (readonly [number, string, () => Response | Promise<Response>])[] = [
  [400, 'that auth does not take', () => Response.json({ error: 'invalid_grant' }, { status: 400 })],
  [503, 'while auth has a fault', () => Response.json({}, { status: 500 })],
  [503, 'while auth does not answer', () => Promise.reject(new TypeError('fetch failed'))],
  [503, 'that auth answers with something else', () => new Response('<html>')],
  [
    403,
    'of somebody whose role does not permit it',
    async () => Response.json({ access_token: await accessToken({ roles: ['member'] }), token_type: 'Bearer' }),
  ],
  [
    403,
    'for another resource',
    async () => Response.json({ access_token: await accessToken({ aud: `${PUBLIC_URL}/mcp` }), token_type: 'Bearer' }),
  ],
]
for (const [status, name, answer] of unlucky) {
  test(`${status}: a code ${name}; nobody is signed in`, async (t) => {
    const { begin, visit, answerWith } = await scene(t)
    const { state, cookies } = await begin()
    answerWith(answer)
    const back = await visit(`/activity/callback?code=c1&state=${state}`, cookies)
    t.equal(back.statusCode, status)
    t.match(back.headers['content-type'], /^text\/html/)
    t.notOk(back.headers['set-cookie'])
  })
}

test('403: whoever does not allow it, or is refused by auth, is told so', async (t) => {
  const { begin, visit, asked } = await scene(t)
  const { state, cookies } = await begin()
  const back = await visit(`/activity/callback?error=access_denied&state=${state}`, cookies)
  t.equal(back.statusCode, 403)
  t.match(back.body, 'may not see your organisation')
  t.equal(asked.length, 0)
})

test('who is signed in is asked again when the token has ended or was taken back', async (t) => {
  let revoked = false
  const { signIn, visit, later } = await scene(t, { revoked: () => revoked })
  const { cookies } = await signIn()
  t.equal((await visit('/activity', cookies)).statusCode, 200)
  revoked = true
  t.equal((await visit('/activity', cookies)).statusCode, 303)
  revoked = false
  later(11 * 60 * MINUTE)
  t.equal((await visit('/activity', cookies)).statusCode, 303)
})

test('only a form of a page of this browser signs out', async (t) => {
  const { server, signIn, visit } = await scene(t)
  const [own, other] = [(await signIn()).cookies, (await signIn()).cookies]
  const [csrf, foreign] = [csrfOf((await visit('/activity', own)).body), csrfOf((await visit('/activity', other)).body)]
  t.ok(csrf.length > 40 && csrf !== foreign)
  const send = (body: string, headers: Record<string, string> = {}) =>
    server.inject({
      method: 'POST',
      url: '/activity/sign-out',
      payload: body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: own.join('; '), ...headers },
    })
  const good = `csrf=${csrf}`
  for (const refused of [
    await send(''),
    await send('csrf='),
    await send(`csrf=${foreign}`),
    await send(good, { 'sec-fetch-site': 'cross-site' }),
    await send(good, { 'sec-fetch-site': 'same-site' }),
    await send(good, { origin: 'https://evil.example' }),
    await send(good, { origin: PUBLIC_URL, 'sec-fetch-site': 'cross-site' }),
  ]) {
    t.equal(refused.statusCode, 403)
    t.notOk(refused.headers['set-cookie'])
  }
  for (const headers of [{}, { origin: PUBLIC_URL }, { origin: 'null' }, { 'sec-fetch-site': 'same-origin' }]) {
    const left = await send(good, headers as Record<string, string>)
    t.equal(left.statusCode, 303)
    t.equal([left.headers['set-cookie']].flat().filter((cookie) => cookie?.includes('Max-Age=0')).length, 2)
  }
})

test('400: a filter that is none, and a cursor of another kind, on a page', async (t) => {
  const { signIn, visit } = await scene(t)
  const { cookies } = await signIn()
  for (const query of [
    'outcome=fine',
    'from=yesterday',
    'cursor=nonsense',
    'tool=a&tool=b',
    'nothing=1&from=9999-99-99',
  ]) {
    const answer = await visit(`/activity?${query}`, cookies)
    t.equal(answer.statusCode, 400, query)
    t.match(answer.body, 'This list cannot be shown')
  }
})

test('where the profile does not list the resource there is no page', async (t) => {
  const { visit } = await scene(t, { profile: 'conformance' })
  for (const path of ['', '/callback', '/tail']) t.equal((await visit(`/activity${path}`)).statusCode, 404, path)
})

test('401: a live tail without a sign-in sends nobody anywhere', async (t) => {
  const { visit } = await scene(t)
  const answer = await visit('/activity/tail')
  t.equal(answer.statusCode, 401)
  t.notOk(answer.headers.location)
})

/** A live tail whose token is taken back after it was looked at so many times. */
async function tailOf(
  t: Test,
  looks: number,
  query: (now: number) => string,
  about: { later?: number; sub?: string } = {},
) {
  let left = Number.POSITIVE_INFINITY
  const { signIn, visit, later } = await scene(t, {
    revoked: () => {
      left -= 1
      return left < 0
    },
  })
  const { cookies } = await signIn()
  later(about.later ?? 0)
  left = looks
  return (await visit(`/activity/tail?${query(Date.now())}`, cookies)).body
}

test('a live tail ends when the token is taken back, before the next event is told', async (t) => {
  const data = new TextEncoder().encode(
    messageOf(...[1, 2].map((n) => toolCalled({ tool: `of.tail.${n}` }, { tenant: 't1' }))).data,
  )
  await storeBatch(database, [{ subject: 'audit.n1', sequence: 1, time: new Date(), data, headers: {}, delivery: 1 }])
  const recent = (now: number) => `since=${new Date(now - 30_000).toISOString()}`
  t.notMatch(await tailOf(t, 1, recent), 'of.tail', 'at once')
  const one = await tailOf(t, 2, recent)
  t.match(one, /^retry: 5000\n\ndata: \{/)
  t.equal(one.match(/of\.tail/g)?.length, 1)
  t.equal((await tailOf(t, 3, recent)).match(/of\.tail/g)?.length, 2)
})

test('a live tail reaches back a minute at most, and shows what its filters let through', async (t) => {
  const long = (now: number) => `since=${new Date(now - 3_600_000).toISOString()}`
  t.match(await tailOf(t, 3, long), 'of.tail')
  t.notMatch(await tailOf(t, 3, long, { later: 2 * MINUTE }), 'of.tail')
  t.match(await tailOf(t, 3, () => ''), 'of.tail', 'as far where it is not said, or said as no time')
  t.match(await tailOf(t, 3, () => 'since=then'), 'of.tail')
  t.notMatch(await tailOf(t, 2, (now) => `${long(now)}&tool=other`), 'of.tail')
})

test('429: one person has ten live tails at most; one that is closed makes room', async (t) => {
  const { server, signIn, visit } = await scene(t)
  const { cookies } = await signIn()
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const open = async (): Promise<IncomingMessage> => {
    const asked = httpGet({ port, path: '/activity/tail', headers: { cookie: cookies.join('; ') }, agent: false })
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    return answer
  }
  const tails = await Promise.all(Array.from({ length: 10 }, open))
  t.ok(tails.every(({ statusCode }) => statusCode === 200))
  const refused = await visit('/activity/tail', cookies)
  t.match([refused.statusCode, refused.headers['retry-after']], [429, '10'])
  for (const { socket } of tails) socket.destroy()
  for (let status = 429; status !== 200; ) {
    const next = await open()
    status = next.statusCode ?? 0
    next.socket.destroy()
    t.ok(status === 200 || status === 429)
  }
})
