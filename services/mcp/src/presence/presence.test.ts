import { AUDITED, systemClock } from '@gatehouse/contracts'
import { sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import type { Principal } from '@gatehouse/policy'
import { silentLogger } from '@gatehouse/telemetry'
import { eventually } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { mcpSchema } from '../schema.ts'
import { createPresence } from './presence.ts'

const host = await testDatabase(file, [mcpSchema])
const db = host.as(mcpSchema.role)
const principal: Principal = {
  tenant: 'acme',
  kind: 'person',
  subject: 'p1',
  client: 'c1',
  grant: 'g1',
  credential: 'oauth',
  scopes: new Set(),
  roles: [],
  issuedAt: 0,
  expiresAt: 4_000_000_000,
} as unknown as Principal

const openNode = (node: string, over = {}) =>
  createPresence({ db, node, clock: systemClock, log: silentLogger, leaseMs: 300, beatMs: 50, ...over })

/** What was told of a connection, in its order. */
const told = (id: string) =>
  db.asPlatform('test', (tx) =>
    tx.rows<{ type: string; reason: string | null; transport: string; tenant: string }>(sql`
      select event ->> 'type' as type, event -> 'data' ->> 'reason' as reason, event -> 'data' ->> 'action' as transport,
        event ->> 'tenantid' as tenant
      from mcp.outbox where event -> 'data' -> 'object' ->> 'id' = ${id} order by position`),
  )
const ended = (id: string) =>
  eventually(10_000, 'the end', async () => {
    const all = await told(id)
    return all.length > 1 ? all : undefined
  })
const [CONNECTED, DISCONNECTED] = [AUDITED.connected.type, AUDITED.disconnected.type]
const about = { transport: 'listen', principal, revision: '2026-07-28' } as const

test('a connection is told of when it opens and once when it closes, however often that is said', async (t) => {
  const [one, two] = [openNode('n1'), openNode('n2')]
  t.teardown(() => Promise.all([one.close(), two.close()]))
  await one.opened({ ...about, id: 'k1', requestId: 'r1' })
  t.match(await told('k1'), [{ type: CONNECTED, reason: null, transport: 'listen', tenant: 'acme' }])
  for (const node of [one, two, one]) node.closed('k1', 'closed')
  await one.opened({ ...about, id: 'k2' })
  await two.opened({ ...about, id: 'k3' })
  t.match(await ended('k1'), [{ type: CONNECTED }, { type: DISCONNECTED, reason: 'closed' }])
  t.equal((await told('k1')).length, 2)
})

test('one that opens and closes in the same moment is told of twice, in this order', async (t) => {
  const node = openNode('n3')
  t.teardown(() => node.close())
  const opening = node.opened({ ...about, id: 'k4' })
  node.closed('k4', 'closed')
  await opening
  t.match(await ended('k4'), [{ type: CONNECTED }, { type: DISCONNECTED }])
})

test('of what was never opened no end is told', async (t) => {
  const node = openNode('n4')
  t.teardown(() => node.close())
  node.closed('k5', 'closed')
  await node.opened({ ...about, id: 'k6' })
  t.same(await told('k5'), [])
})

test('a session outlives the node that began it, ends on any, and in any case when its time is over', async (t) => {
  const node = openNode('n5')
  await node.opened({ ...about, id: 's1', transport: 'session', lifeMs: 60_000 })
  await node.opened({ ...about, id: 's2', transport: 'session', lifeMs: 200 })
  await node.close()
  t.equal((await told('s1')).length, 1)
  const others = [openNode('n6'), openNode('n7'), openNode('n8')]
  t.teardown(() => Promise.all(others.map((other) => other.close())))
  t.match(await ended('s2'), [{ type: CONNECTED }, { type: DISCONNECTED, reason: 'expired' }])
  others[1]?.closed('s1', 'session.deleted')
  t.match(await ended('s1'), [{ type: CONNECTED }, { type: DISCONNECTED, reason: 'session.deleted' }])
  t.equal((await told('s2')).length, 2)
})

test('a node that stops tells of the end of its own; one that does not renew is missed by another, once', async (t) => {
  const stopped = openNode('n9')
  await stopped.opened({ ...about, id: 'k7' })
  await stopped.close()
  t.match(await told('k7'), [{ type: CONNECTED }, { type: DISCONNECTED, reason: 'node-stopped' }])
  // Its lease is over long before it renews: that is what a killed process looks like to the others.
  const killed = openNode('n10', { leaseMs: 1, beatMs: 600_000 })
  await killed.opened({ ...about, id: 'k8' })
  const others = [openNode('n11'), openNode('n12')]
  t.teardown(() => Promise.all([killed, ...others].map((other) => other.close())))
  t.match(await ended('k8'), [{ type: CONNECTED }, { type: DISCONNECTED, reason: 'node-lost' }])
  killed.closed('k8', 'closed')
  await killed.opened({ ...about, id: 'k9' })
  t.equal((await told('k8')).length, 2, 'not told again when it was alive after all')
})

test('a process knows how many serve: itself, others while their lease lasts, and one less when one has left', async (t) => {
  const open = (node: string) => createPresence({ db, node, clock: systemClock, log: silentLogger, beatMs: 50 })
  const one = open('one')
  const other = open('other')
  t.teardown(() => one.close())
  const both = await eventually(10_000, 'both', () =>
    one.nodes() >= 2 && other.nodes() === one.nodes() ? one.nodes() : undefined,
  )
  await other.close()
  await eventually(10_000, 'one less', () => one.nodes() === both - 1)
})
