import { openBus } from '@gatehouse/bus'
import { STREAMS } from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'
import { silentLogger } from '@gatehouse/telemetry'
import { eventually, nats } from '@gatehouse/testkit'
import { type Feed, followFeed } from '@gatehouse/token'
import { type Test, test } from 'tap'
import { ADMIN, connect, openHouse } from '../testing/house.ts'
import { operate } from '../testing/upstream.ts'
import { appendRevoked } from './append.ts'

const SOON = 20_000

async function scene(t: Test, streams = Object.values(STREAMS)) {
  const { url } = await nats(t)
  const bus = await openBus(url)
  t.teardown(() => bus.close())
  await bus.ensureStreams(streams)
  const house = await openHouse(t, { deps: { bus } })
  const background = house.auth.background()
  t.teardown(() => background.close())
  const { clock } = house
  const follow = async (): Promise<Feed> => {
    const node = await followFeed({ bus, clock, log: silentLogger, staleAfterSeconds: 3 })
    t.teardown(() => node.stop())
    await node.ready()
    return node
  }
  const status = () => operate(house, ADMIN, 'GET', '/feed')
  const whole = () => eventually(SOON, 'the feed to be whole', async () => (await status()).whole === true)
  return { bus, house, follow, status, whole }
}

test('a feed that is rebuilt tells what it told: a node that runs is stale meanwhile and fresh after, and one that starts refuses what was taken back [A-RV-07]', async (t) => {
  const { bus, house, follow, status, whole } = await scene(t)
  const acme = house.tenants[0]?.id ?? ''
  const tokens = await connect(house, { scope: 'mcp:read' })
  await house.server.inject({
    method: 'POST',
    url: '/oauth/revoke',
    payload: new URLSearchParams({ token: tokens.refresh_token, client_id: tokens.client }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  const issuedBefore = Math.floor(Date.now() / 1_000) - 60
  const taken = { kind: 'membership', person: 'person-x', tenant: acme, reason: 'role.changed' } as const
  await house.db.asPlatform('test', (tx) => appendRevoked(tx, acme, taken))
  await whole()
  const before = await status()
  t.match(before, { readable: true, missing: 0, tenants: house.tenants.length, waiting: 0 })
  t.ok(Number(before.revocations) >= 2)
  const running = await follow()
  t.equal(running.view.freshness(), 'fresh')
  const gone = new Set<string>()
  for (const { name } of [STREAMS.authState, STREAMS.authDelta]) {
    const follower = await bus.follow(name, { from: 'new', onGone: () => gone.add(name) }, () => undefined)
    t.teardown(() => follower.stop())
  }

  t.match(await operate(house, ADMIN, 'POST', '/feed/rebuild', {}), { httpStatus: 200, carriedOver: 1 })
  await eventually(SOON, 'a stale node', () => running.view.freshness() !== 'fresh')
  t.match(running.view.tenant(acme), { slug: 'acme' }, 'it goes on with what it knows')
  await eventually(SOON, 'a fresh node', () => running.view.freshness() === 'fresh')
  await whole()
  await eventually(SOON, 'both streams to be others', () => gone.size === 2)

  const fresh = await follow()
  t.match(fresh.view.tenant(acme), { slug: 'acme' })
  const principal: Principal = {
    ...{ tenant: acme, kind: 'person', subject: taken.person, credential: 'oauth', credentialId: 'jti-x' },
    ...{ scopes: new Set(), roles: ['member'], issuedAt: issuedBefore, expiresAt: issuedBefore + 600 },
  }
  for (const { view } of [running, fresh]) t.ok(view.revoked(principal), 'what only the stream knew')
  t.equal((await status()).revocations, before.revocations, 'nothing is lost')
})

test('streams that are missing are created by the same command, and told all that the database knows', async (t) => {
  const { domain, audit, auditHeads } = STREAMS
  const { follow, house, status, whole } = await scene(t, [domain, audit, auditHeads])
  t.match(await status(), { whole: false, readable: false, missing: house.tenants.length, tenants: 0 })
  t.match(await operate(house, ADMIN, 'POST', '/feed/rebuild', {}), { httpStatus: 200, carriedOver: 0 })
  await whole()
  t.match(await status(), { tenants: house.tenants.length, missing: 0 })
  const node = await follow()
  t.equal(node.view.freshness(), 'fresh')
})
