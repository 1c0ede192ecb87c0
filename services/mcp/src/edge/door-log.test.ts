import { AUDITED, type AuditedData, type CloudEvent, dataOf } from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'
import { eventually } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { openParts, openRig, PROFILE, type Rig } from '../testing/rig.ts'
import { legacy, modern, modernRequest, post } from '../testing/wire.ts'
import { createDoorLog, type TurnedAway } from './door-log.ts'

const parts = await openParts()
file.teardown(() => parts.close())

const TURNED_AWAY = AUDITED.turnedAway.type
const principalOf = (credentialId: string, tenant = 'acme'): Principal => ({
  tenant,
  kind: 'person',
  subject: 'p1',
  client: 'c1',
  credential: 'oauth',
  credentialId,
  scopes: new Set(),
  roles: [],
  issuedAt: 0,
  expiresAt: 4_000_000_000,
})
const of = (credentialId: string, more: Partial<TurnedAway> = {}): TurnedAway => ({
  principal: principalOf(credentialId),
  reason: 'rate.exceeded',
  requestId: 'r1',
  calls: 1,
  ...more,
})

function openLog(options: { readonly windowMs?: number; readonly maxWindows?: number } = {}) {
  const clock = { at: 1_700_000_000_000, now: () => clock.at }
  const told: (AuditedData & { readonly tenant: string })[] = []
  const record = async (event: CloudEvent) => {
    const data = dataOf(AUDITED.turnedAway, event)
    if (data !== undefined) told.push({ ...data, tenant: event.tenantid })
    return true
  }
  return { clock, told, log: createDoorLog({ recorder: { record }, clock, node: 'n1', ...options }) }
}

test('of one credential and reason the first of a minute is told at once, and the further ones as their number', async (t) => {
  const { clock, told, log } = openLog()
  t.teardown(() => log.close())
  await log.turnedAway(of('a', { tool: 'notes_purge', revision: '2026-07-28' }))
  t.match(told, [
    {
      actor: { kind: 'person', id: 'p1', client: 'c1' },
      outcome: 'refused',
      reason: 'rate.exceeded',
      action: 'tools/call',
      object: { kind: 'tool', id: 'notes_purge' },
      requestId: 'r1',
      tenant: 'acme',
    },
  ])
  t.notOk(told[0]?.count)
  for (let more = 0; more < 10_000; more += 1) log.turnedAway(of('a', { requestId: `s${more}` }))
  t.equal(told.length, 1, 'a flood is one event so far')
  await log.turnedAway(of('a', { reason: 'tenant.suspended' }))
  await log.turnedAway(of('a', { calls: 0 }))
  await log.turnedAway(of('b', { calls: 3 }))
  t.match(told.slice(1), [{ reason: 'tenant.suspended' }, { action: undefined }, { count: 3 }], 'each has its own')
  clock.at += 59_999
  log.turnedAway(of('a', { calls: 7 }))
  t.equal(told.length, 4)
  clock.at += 1
  await log.turnedAway(of('a'))
  const [counted, first] = told.slice(4)
  t.match(counted, { count: 10_007, durationMs: 59_999, action: 'tools/call', reason: 'rate.exceeded' })
  t.notOk(counted?.object ?? counted?.requestId, 'a number of requests is none of them')
  t.notOk(first?.count)
  t.equal(told.length, 6, 'who came once is told once')
})

test('what was only counted is told when its minute is over, with no further request, and when the node ends', async (t) => {
  const { clock, told, log } = openLog({ windowMs: 20 })
  await log.turnedAway(of('a'))
  log.turnedAway(of('a'))
  clock.at += 20
  await eventually(10_000, 'the number', () => told[1])
  t.match(told[1], { count: 1 })
  await log.turnedAway(of('a'))
  log.turnedAway(of('a', { calls: 2 }))
  log.close()
  t.match(told[3], { count: 2 })
})

test('however many credentials are turned away: beyond a number of them those of a tenant share one window', async (t) => {
  const { clock, told, log } = openLog({ maxWindows: 3 })
  t.teardown(() => log.close())
  for (let at = 0; at < 1_000; at += 1) await log.turnedAway(of(`c${at}`))
  await log.turnedAway({ ...of('other'), principal: principalOf('other', 'globex') })
  t.equal(told.length, 5)
  t.match(told.slice(3), [
    { tenant: 'acme', actor: { kind: 'nobody' } },
    { tenant: 'globex', actor: { kind: 'nobody' } },
  ])
  clock.at += 60_000
  await log.turnedAway(of('c1'))
  t.match(told.slice(5), [{ count: 996, actor: { kind: 'nobody' } }, { actor: { id: 'p1' } }], 'room again')
})

const toldBy = async (rig: Rig): Promise<readonly Record<string, unknown>[]> =>
  (await rig.allEvents()).filter(({ type }) => type === TURNED_AWAY).map(({ data }) => data)

test('a call of somebody known that is refused at the door is in the audit log before it is answered, and a flood is a number', async (t) => {
  const rig = await openRig(parts, { profile: { ...PROFILE, limits: { requestsPerMinute: 2 } } })
  t.teardown(() => rig.close())
  const call = { name: 'notes_create', arguments: { text: 'never to be seen' } }
  const cases = [
    { token: await rig.token({ tenant_id: 'late', sub: 'p-late' }), status: 423, reason: 'tenant.suspended' },
    { token: await rig.token({ tenant_id: 'quiet', sub: 'p-quiet' }), status: 403, reason: 'mcp.disabled' },
    { token: await rig.token({ tenant_id: 'poor', sub: 'p-poor' }), status: 404, reason: 'plan.without-mcp' },
  ]
  for (const { token, status, reason } of cases) {
    t.equal((await modern(rig, token, 'tools/call', call)).status, status)
    const told = (await toldBy(rig)).filter((data) => data.reason === reason)
    t.match(told, [{ outcome: 'refused', action: 'tools/call', object: { kind: 'tool', id: 'notes_create' } }], reason)
    for (let more = 0; more < 20; more += 1) await modern(rig, token, 'tools/call', call)
  }
  const token = await rig.token({ sub: 'p-busy' })
  for (let within = 0; within < 2; within += 1) await modern(rig, token, 'tools/list')
  for (let over = 0; over < 20; over += 1) t.equal((await modern(rig, token, 'tools/call', call)).status, 429)
  t.match((await toldBy(rig)).at(-1), {
    actor: { kind: 'person', id: 'p-busy', client: 'client1', grant: 'grant1' },
    reason: 'rate.exceeded',
    action: 'tools/call',
    object: { id: 'notes_create' },
    protocolVersion: '2026-07-28',
    node: rig.node,
  })
  t.equal((await toldBy(rig)).length, 4)
  t.same(rig.ran, [])
  await rig.mcp.close()
  const told = await toldBy(rig)
  t.same(
    told.slice(4).map(({ reason, count }) => [reason, count]),
    [...cases.map(({ reason }) => [reason, 20]), ['rate.exceeded', 19]],
    'those that were only counted are told when the node ends',
  )
  t.notMatch(JSON.stringify(told), /never to be seen/)
})

test('told are calls of a batch by their number, and requests whose body nobody read without a method; not who is unknown, nor a GET', async (t) => {
  const rig = await openRig(parts, { profile: { ...PROFILE, limits: { requestsPerMinute: 1 } } })
  t.teardown(() => rig.close())
  const token = await rig.token()
  const call = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'notes_list' } }
  const batch = [1, 2, 3].map((id) => ({ ...call, id }))
  t.equal((await post(rig, token, batch, { 'mcp-protocol-version': '2025-03-26' })).status, 429)
  t.match(await toldBy(rig), [
    { reason: 'rate.exceeded', action: 'tools/call', count: 3, protocolVersion: '2025-03-26' },
  ])

  const suspended = await rig.token({ tenant_id: 'late' })
  t.equal((await legacy(rig, suspended, '2025-11-25', 'tools/call', { name: 'notes_list' })).status, 423)
  const [, unread] = await toldBy(rig)
  t.match(unread, { reason: 'tenant.suspended', outcome: 'refused' })
  t.notOk(unread?.action)

  const { headers, body } = modernRequest('tools/call', { name: 'notes_list' })
  for (const credential of ['garbage', await rig.token({ aud: 'https://other.example/mcp' }), undefined]) {
    t.equal((await post(rig, credential, body, headers)).status, 401)
  }
  const get = { host: 'mcp.example', authorization: `Bearer ${await rig.token()}` }
  t.equal((await rig.server.inject({ method: 'GET', url: '/mcp', headers: get })).statusCode, 405)
  t.equal((await toldBy(rig)).length, 2)
})
