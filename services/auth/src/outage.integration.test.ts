import { openBus } from '@gatehouse/bus'
import { STREAMS } from '@gatehouse/contracts'
import { openDatabase } from '@gatehouse/database'
import { openKeyValue } from '@gatehouse/kv'
import { eventually, nats, postgres, redis } from '@gatehouse/testkit'
import { test } from 'tap'
import {
  authorizeUrl,
  connect,
  newVerifier,
  openHouse,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from './testing/house.ts'

const SECOND = 1_000

test('without PostgreSQL every endpoint answers 503 with Retry-After in its own form, and recovers by itself [A-RV-05]', async (t) => {
  const server = await postgres(t, { private: true })
  const host = await openDatabase(server.url)
  t.teardown(() => host.close())
  const house = await openHouse(t, { host, profile: { refreshRetrySeconds: 120 } })
  const tokens = await connect(house)
  const { client_id: client } = await registerClient(house)
  await server.stop()
  const refused = await token(house, refreshForm(tokens.client, tokens.refresh_token))
  t.equal(refused.statusCode, 503)
  t.match(refused.headers, { 'retry-after': /^\d+$/, 'content-type': /json/ })
  t.match(refused.json(), { error: 'temporarily_unavailable', request_id: String })
  const page = await new Visitor(house).get(authorizeUrl(client, newVerifier()))
  t.equal(page.statusCode, 503)
  t.match(page.headers, { 'retry-after': /^\d+$/, 'content-type': /html/ })
  t.match(page.body, 'We cannot answer just now')
  const register = {
    method: 'POST',
    url: '/oauth/clients',
    payload: { redirect_uris: ['https://a.example/'] },
  } as const
  t.equal((await house.server.inject(register)).statusCode, 503)
  t.equal(
    (await house.server.inject({ url: '/.well-known/oauth-authorization-server' })).statusCode,
    200,
    'needs no database',
  )
  await server.start()
  await eventually(10 * SECOND, 'a refresh', async () => {
    const answer = await token(house, refreshForm(tokens.client, tokens.refresh_token))
    return answer.statusCode === 200
  })
  t.equal((await new Visitor(house).signIn()).statusCode, 200)
})

test('without Redis people sign in; without NATS tokens are issued, and what was revoked is told when it is back', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  const [redisServer, natsServer] = await Promise.all([redis(t), nats(t)])
  const kv = await openKeyValue(redisServer.url)
  t.teardown(() => kv.close())
  const bus = await openBus(natsServer.url)
  t.teardown(() => bus.close())
  await bus.ensureStreams(Object.values(STREAMS))
  const house = await openHouse(t, { host, deps: { kv, bus } })
  const background = house.auth.background()
  t.teardown(() => background.close())
  const heard: string[] = []
  const follower = await bus.follow(
    STREAMS.authDelta.name,
    { filter: 'auth.delta.grant.>', from: 'first' },
    (message) => heard.push(message.subject),
  )
  t.teardown(() => follower.stop())
  await Promise.all([redisServer.stop(), natsServer.stop()])
  const tokens = await connect(house)
  const revoked = await house.server.inject({
    method: 'POST',
    url: '/oauth/revoke',
    payload: new URLSearchParams({ token: tokens.access_token, client_id: tokens.client }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  t.equal(revoked.statusCode, 200)
  await natsServer.start()
  // At least once: what is told again says the same.
  await eventually(20 * SECOND, 'the revocation', () => heard.length > 0)
  t.match(heard[0], /^auth\.delta\.grant\./)
})
