import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from '@gatehouse/bus'
import { dataOf, FEED_HEADER, FeedTick, Revoked, readEvent, STREAMS, TenantState } from '@gatehouse/contracts'
import { sql } from '@gatehouse/database'
import { loadProfile } from '@gatehouse/profiles'
import { silentLogger } from '@gatehouse/telemetry'
import { eventually } from '@gatehouse/testkit'
import { createTokenVerifier, followFeed, localJwks } from '@gatehouse/token'
import { type Test, test } from 'tap'
import { ADMIN, connect, type House, MCP, ORIGIN, openHouse } from '../testing/house.ts'
import { revoked_token_insert } from '../token/alive.store.ts'
import { feed_id } from './append.ts'
import { keepReconciled } from './reconcile.ts'

const SECOND = 1_000

/** Everything that a stream holds and gets. */
async function hear(t: Test, house: House, stream: string): Promise<IncomingMessage[]> {
  const heard: IncomingMessage[] = []
  const follower = await house.bus.follow(stream, { from: 'first' }, (message) => heard.push(message))
  t.teardown(() => follower.stop())
  return heard
}

test('the feed', async (t) => {
  const house = await openHouse(t)
  const background = house.auth.background()
  t.teardown(() => background.close())
  const feed = await house.db.asPlatform('test', feed_id)
  const delta = await hear(t, house, STREAMS.authDelta.name)
  const state = await hear(t, house, STREAMS.authState.name)
  const ticks = () =>
    delta.flatMap((message) => {
      const event = readEvent(message.data)
      const tick = event && dataOf(FeedTick, event)
      return tick === undefined ? [] : [tick]
    })

  await t.test('ticks each second in the name of the database, with the position that is published', async (t) => {
    await eventually(5 * SECOND, 'three ticks', () => ticks().length >= 3)
    const [first, second, third] = ticks()
    for (const tick of [first, second, third]) t.match(tick, { feed, position: /^\d+$/, at: Number })
    t.ok((third?.at ?? 0) - (first?.at ?? 0) >= 0.9 * SECOND, 'no flood')
    t.ok(delta.every((message) => message.headers[FEED_HEADER] === feed))
    const drawn = await house.db.asPlatform('test', (tx) =>
      tx.one<{ last: bigint }>(sql`select last_value as last from auth.outbox_position_seq`),
    )
    t.ok(BigInt(third?.position ?? 0) >= drawn.last, 'all that was seeded is out')
  })

  await t.test('the state stream holds every tenant, and hears of a change within a second', async (t) => {
    await eventually(SECOND, 'all tenants', () => state.length >= house.tenants.length)
    const [, , initech] = house.tenants
    await house.server.inject({
      method: 'PATCH',
      url: `/admin/v1/tenants/${initech?.id}`,
      payload: { mcp: true },
      headers: { authorization: `Bearer ${ADMIN}` },
    })
    const changed = await eventually(SECOND, 'the change', () =>
      state.find(({ data, subject }) => {
        const event = readEvent(data)
        return subject.endsWith(`.${initech?.id}`) && event !== undefined && dataOf(TenantState, event)?.mcp === true
      }),
    )
    t.equal(changed.headers[FEED_HEADER], feed)
  })

  await t.test(
    'a resource server that follows it refuses a revoked token within a second [A-RV-07, A-AT-11]',
    async (t) => {
      const clock = house.clock
      const node = await followFeed({ bus: house.bus, clock, log: silentLogger })
      t.teardown(() => node.stop())
      await node.ready()
      t.match(node.view.tenant(house.tenants[0]?.id ?? ''), { slug: 'acme', mcp: true })
      const verifier = createTokenVerifier({
        jwks: localJwks(() => house.auth.jwks()),
        issuers: [ORIGIN],
        audiences: [MCP],
        clock,
        feed: node.view,
      })
      const tokens = await connect(house, { scope: 'openid mcp:read' })
      t.match(await verifier.verify(tokens.access_token), {
        ok: true,
        principal: { tenant: house.tenants[0]?.id, client: tokens.client, roles: ['member'], kind: 'person' },
      })
      t.match(await verifier.verify(tokens.id_token ?? ''), { ok: false }, 'an ID token is no access token [A-AT-10]')
      await house.server.inject({
        method: 'POST',
        url: '/oauth/revoke',
        payload: new URLSearchParams({ token: tokens.refresh_token, client_id: tokens.client }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
      await eventually(SECOND, 'the refusal', async () => !(await verifier.verify(tokens.access_token)).ok)
      t.match(await verifier.verify(tokens.access_token), { ok: false, reason: 'revoked' })
      const told = await eventually(SECOND, 'the event itself', () =>
        delta.map(({ data }) => readEvent(data)).find((event) => event && dataOf(Revoked, event)),
      )
      t.equal(told.tenantid, house.tenants[0]?.id)
    },
  )
})

test('a state stream that was written by another database is told anew', async (t) => {
  const house = await openHouse(t)
  const background = house.auth.background()
  const state = await hear(t, house, STREAMS.authState.name)
  await eventually(5 * SECOND, 'all tenants', () => state.length >= 3)
  await background.close()
  // What is still to be sent would be told in our name without anybody having looked at the stream.
  await house.db.asPlatform('test', (tx) => tx.run(sql`delete from auth.outbox`))
  const last = new Map(state.map((message) => [message.subject, message.data]))
  for (const [subject, data] of last) {
    await house.bus.publish({ subject, data, id: randomUUID(), headers: { [FEED_HEADER]: 'another' } })
  }
  const foreign = () => state.filter((message) => message.headers[FEED_HEADER] === 'another')
  await eventually(SECOND, 'the foreign messages', () => foreign().length === 3)
  const before = state.length
  const again = house.auth.background()
  t.teardown(() => again.close())
  await eventually(5 * SECOND, 'all tenants again', () => state.length === before + 3)
  const feed = await house.db.asPlatform('test', feed_id)
  t.same([...new Set(state.slice(before).map((message) => message.headers[FEED_HEADER]))], [feed])
  t.same(new Set(state.slice(before).map((message) => message.subject)), new Set(last.keys()))
})

test('revocations outlive the stream that told them: a node that starts after its loss still refuses', async (t) => {
  const house = await openHouse(t)
  const background = house.auth.background()
  t.teardown(() => background.close())
  const tokens = await connect(house, { scope: 'mcp:read' })
  const delta = await hear(t, house, STREAMS.authDelta.name)
  const told = () => delta.filter(({ subject }) => subject.startsWith('auth.delta.grant.')).length
  await house.server.inject({
    method: 'POST',
    url: '/oauth/revoke',
    payload: new URLSearchParams({ token: tokens.refresh_token, client_id: tokens.client }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  await eventually(SECOND, 'the revocation', () => told() > 0)
  const before = told()
  const bus = house.host.as('gatehouse_bus')
  await bus.asPlatform('test', (tx) => tx.run(sql`delete from bus.streams where name = ${STREAMS.authDelta.name}`))
  await house.bus.ensureStreams([STREAMS.authDelta])
  await eventually(15 * SECOND, 'the revocation in the new stream', () => told() > before)
  const node = await followFeed({ bus: house.bus, clock: house.clock, log: silentLogger })
  t.teardown(() => node.stop())
  await node.ready()
  const verifier = createTokenVerifier({
    jwks: localJwks(() => house.auth.jwks()),
    issuers: [ORIGIN],
    audiences: [MCP],
    clock: house.clock,
    feed: node.view,
  })
  t.match(await verifier.verify(tokens.access_token), { ok: false, reason: 'revoked' })
})

test('a token that was taken back by itself is told again while it could be used, and not afterwards [A-RV-07]', async (t) => {
  const house = await openHouse(t)
  const now = house.clock.now()
  const row = { tenantId: null, clientId: 'cli_x', reason: 'client.revoked', now: new Date(now) }
  await house.db.asPlatform('test', async (tx) => {
    await revoked_token_insert(tx, { ...row, jti: 'living', expiresAt: new Date(now + 60_000) })
    await revoked_token_insert(tx, { ...row, jti: 'expired', expiresAt: new Date(now - 60_000) })
  })
  const delta = await hear(t, house, STREAMS.authDelta.name)
  const background = house.auth.background()
  t.teardown(() => background.close())
  await eventually(5 * SECOND, 'the token', () => delta.some(({ subject }) => subject === 'auth.delta.token.living'))
  t.notOk(delta.some(({ subject }) => subject === 'auth.delta.token.expired'))
})

test('closing while the feed is being told what it lacks ends', async (t) => {
  const house = await openHouse(t)
  const stopping = new AbortController()
  let transactions = 0
  const db: typeof house.db = {
    ...house.db,
    asPlatform: async (purpose, body) => {
      const result = await house.db.asPlatform(purpose, body)
      transactions += 1
      if (transactions === 2) stopping.abort()
      return result
    },
  }
  let ended = false
  const { bus, clock } = house
  const work = keepReconciled(
    { profile: loadProfile('align'), db, bus, clock, log: silentLogger },
    stopping.signal,
  ).then(() => {
    ended = true
  })
  await eventually(5 * SECOND, 'the end', () => ended)
  await work
  t.equal(transactions, 2)
})

test('an audit log that takes no events holds up no tick: what was revoked is heard of', async (t) => {
  const house = await openHouse(t)
  const publish = house.bus.publish.bind(house.bus)
  Object.assign(house.bus, {
    publish: (message: Parameters<typeof publish>[0]) =>
      message.subject.startsWith('audit.') ? Promise.reject(new Error('the stream is full')) : publish(message),
  })
  const background = house.auth.background()
  t.teardown(() => background.close())
  const delta = await hear(t, house, STREAMS.authDelta.name)
  await connect(house)
  const waiting = await house.db.asPlatform('test', (tx) =>
    tx.one<{ count: bigint }>(sql`select count(*) from auth.audit_outbox`),
  )
  t.ok(waiting.count > 0n, 'events wait for the log')
  const before = delta.length
  await eventually(5 * SECOND, 'ticks as ever', () => delta.length >= before + 2)
})
