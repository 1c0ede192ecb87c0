import { Writable } from 'node:stream'
import { createServer } from '@gatehouse/service'
import { createLogger, createMetrics } from '@gatehouse/telemetry'
import { decodeJwt } from 'jose'
import { test } from 'tap'
import { ORIGIN, openHouse, Visitor } from '../testing/house.ts'
import { CLIENT_SECRET, configured, departureOf, Elsewhere, openUpstream } from '../testing/upstream.ts'

test('of a sign-in elsewhere, good or failed, no log has what was brought along', async (t) => {
  const upstream = await openUpstream(t, [`${ORIGIN}/sign-in/corp/callback`])
  upstream.accounts.set('tomas', { email: 'owner@globex.test', email_verified: true, name: 'Tomás' })
  upstream.accounts.set('nobody', { email: 'private@elsewhere.test', email_verified: true, name: 'Quite Private' })
  const bodies: string[] = []
  let tampering = false
  const fetchKept: typeof fetch = async (...asked) => {
    const answer = await fetch(...asked)
    const body = await answer.clone().text()
    bodies.push(body)
    if (!tampering || !body.includes('"id_token"')) return answer
    const tokens = JSON.parse(body)
    const [head, , signature] = tokens.id_token.split('.')
    const claims = { ...decodeJwt(tokens.id_token), aud: 'another', email: 'private@elsewhere.test' }
    tokens.id_token = [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
    bodies.push(JSON.stringify(tokens))
    return Response.json(tokens)
  }
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const log = createLogger('auth', { level: 'trace', destination })
  const house = await openHouse(t, {
    deps: {
      log,
      upstream: [configured(upstream, { authoritativeDomains: ['globex.test'] })],
      upstreamFetch: fetchKept as never,
    },
  })
  const { notFound } = house.auth
  const server = createServer({ log, metrics: createMetrics({ process: false }), ready: [], notFound })
  await server.register(house.auth.app)
  t.teardown(() => server.close())
  const secrets = new Map<string, string>([['our secret there', CLIENT_SECRET]])
  const statuses: number[] = []
  for (const [account, change] of [
    ['tomas', () => undefined],
    ['nobody', () => undefined],
    ['away', () => undefined],
    ['tomas', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['tomas', (url: URL) => url.searchParams.set('code', 'never-a-code-of-anybody')],
    ['tomas', (url: URL) => url.searchParams.append('code', 'another-code-of-anybody')],
  ] as const) {
    const visitor = new Visitor({ server })
    const back = new URL(
      await new Elsewhere().signIn(await departureOf(visitor, (await visitor.get('/sign-in')).body), account),
    )
    change(back)
    for (const name of ['code', 'state'])
      for (const value of back.searchParams.getAll(name)) secrets.set(`${name} ${statuses.length} ${value}`, value)
    statuses.push((await visitor.get(`${back.pathname}${back.search}`)).statusCode)
    secrets.set(`cookie ${statuses.length}`, visitor.cookie?.split('=')[1] ?? '')
  }
  // One answers with another nonce: an ID token that is not for what was asked.
  const [one, two] = [new Visitor({ server }), new Visitor({ server })]
  const start = async (visitor: Visitor) =>
    new URL(await new Elsewhere().signIn(await departureOf(visitor, (await visitor.get('/sign-in')).body), 'tomas'))
  const [first, second] = [await start(one), await start(two)]
  second.searchParams.set('code', first.searchParams.get('code') ?? '')
  statuses.push((await two.get(`${second.pathname}${second.search}`)).statusCode)
  const third = await start(two)
  tampering = true
  statuses.push((await two.get(`${third.pathname}${third.search}`)).statusCode)
  t.same(statuses, [303, 403, 403, 400, 400, 400, 400, 400])
  for (const body of bodies)
    for (const [, name, value] of body.matchAll(/"(access_token|id_token)":"([^"]+)"/g))
      secrets.set(`${name} ${secrets.size}`, value ?? '')
  t.ok(secrets.size > 15)
  const written = lines.join('')
  t.match(written, 'sign-in elsewhere failed')
  for (const [name, value] of secrets) t.notOk(written.includes(value), name)
  for (const private_ of ['private@elsewhere.test', 'Quite Private']) t.notOk(written.includes(private_), private_)
})
