import { busSchema, openBus } from '@gatehouse/bus'
import type { Database, Sql } from '@gatehouse/database'
import { overTx, testDatabase } from '@gatehouse/database/testing'
import { test, t as wholeFile } from 'tap'
import { events_list } from '../events/events.store.ts'
import { storeBatch } from '../ingest/store-batch.ts'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { ADMIN_TOKEN, accessToken, auditRig } from '../testing/rig.ts'

const host = await testDatabase(wholeFile, [busSchema, auditSchema])
const bus = await openBus(undefined, { database: host.as('gatehouse_bus') })
wholeFile.teardown(() => bus.close())
const database = host.as(auditSchema.role)
const { server, get } = await auditRig({ database, bus })
wholeFile.teardown(() => server.close())

const CANARY = 'canary-of-another-tenant'
const events = [
  ...[0, 1, 2].map((n) => toolCalled({ tool: `own.${n}` }, { tenant: 't1', time: `2026-03-01T10:0${n}:00.000Z` })),
  toolCalled({ tool: CANARY, outcome: 'refused' }, { tenant: 't2' }),
]
const data = new TextEncoder().encode(messageOf(...events).data)
await storeBatch(database, [{ subject: 'audit.n1', sequence: 1, time: new Date(), data, headers: {}, delivery: 1 }])

const LOG = '/admin/v1/audit/events'
const EXPORT = '/admin/v1/audit/export'
const bearer = async (over: object = {}) => ({
  authorization: `Bearer ${await accessToken(over as Record<string, unknown>)}`,
})
const toolsOf = (body: string): readonly string[] =>
  (JSON.parse(body) as { events: { tool: string }[] }).events.map(({ tool }) => tool)

test('a token of a tenant shows the log of that tenant and no other, whatever is asked for [U9]', async (t) => {
  for (const query of ['', '?tenant=t1', '?outcome=succeeded', '?limit=200']) {
    const answer = await get(`${LOG}${query}`, await bearer())
    t.equal(answer.statusCode, 200)
    t.same(toolsOf(answer.body), ['own.2', 'own.1', 'own.0'], query)
  }
  for (const query of ['?tenant=t2', '?tool=canary-of-another-tenant', '?outcome=refused', '?tenant=*'])
    t.same(toolsOf((await get(`${LOG}${query}`, await bearer())).body), [], query)
  for (const format of ['jsonl', 'csv', 'ocsf'])
    t.notMatch((await get(`${EXPORT}?format=${format}&tenant=t2`, await bearer())).body, CANARY)
  t.same(toolsOf((await get(LOG, await bearer({ tenant_id: 't2' }))).body), [CANARY], 'its own tenant sees it')
})

test('the database shows a tenant its own rows when the query forgets to ask for them', async (t) => {
  const rows = await database.asTenant('t1', (tx) => events_list(tx, {}, undefined, 100))
  t.equal(rows.length, 3)
  t.ok(rows.every(({ tenant, person }) => tenant === 't1' && person === 'p1'))
  t.same(await database.asTenant('t3', (tx) => events_list(tx, {}, undefined, 100)), [])
})

test('a tenant’s rows are looked for by its name, not among those of all', async (t) => {
  const asked: string[] = []
  const hear = (statement: Sql): Sql => {
    asked.push(statement.text)
    return statement
  }
  const listening: Database = {
    ...database,
    asTenant: (tenant, body) =>
      database.asTenant(tenant, (tx) => body(overTx(tx, { rows: (statement) => tx.rows(hear(statement)) }))),
  }
  const other = await auditRig({ database: listening, bus })
  t.teardown(() => other.server.close())
  for (const path of [LOG, EXPORT]) t.equal((await other.get(path, await bearer())).statusCode, 200)
  const ofEvents = asked.filter((text) => text.includes('from audit.events'))
  t.equal(ofEvents.length, 2)
  for (const text of ofEvents) t.match(text, /where e\.tenant = \$/)
})

test('the operator sees the logs of all tenants, in one list and in one export [L23]', async (t) => {
  t.same([...toolsOf((await get(LOG)).body)].sort(), [CANARY, 'own.0', 'own.1', 'own.2'])
  t.equal((await get(EXPORT)).body.trim().split('\n').length, 4)
  for (const type of ['gatehouse.mcp.tool-called.v1', 'mcp_tool_call'])
    t.same(toolsOf((await get(`${LOG}?type=${type}&tenant=t2`)).body), [CANARY], type)
})

const refused: readonly (readonly [string, object, number, string])[] = [
  ['without the scope', { scope: 'mcp:read' }, 403, 'insufficient_scope'],
  ['of a member, whose role does not permit it', { roles: ['member'] }, 403, 'access_denied'],
  ['of a role that nobody knows', { roles: ['emperor'] }, 403, 'access_denied'],
  ['for another resource', { aud: 'http://gatehouse.test/mcp' }, 401, 'invalid_token'],
  ['of another issuer', { iss: 'http://elsewhere.test' }, 401, 'invalid_token'],
  ['that has expired', { exp: 1 }, 401, 'invalid_token'],
]
for (const [name, over, status, error] of refused) {
  test(`${status}: a token ${name}`, async (t) => {
    for (const path of [LOG, EXPORT]) {
      const answer = await get(path, await bearer(over))
      t.equal(answer.statusCode, status)
      t.match(answer.json(), { error })
    }
  })
}

test('401: what only the operator may see is not shown for a token of a tenant', async (t) => {
  for (const path of ['proof', 'heads', 'retention', 'openapi.json'])
    t.equal((await get(`/admin/v1/audit/${path}`, await bearer())).statusCode, 401, path)
  const headers = await bearer()
  const payload = { person: 'p1' }
  t.equal((await server.inject({ method: 'POST', url: '/admin/v1/audit/erasures', headers, payload })).statusCode, 401)
})

test('503: while it is not known what was taken back, no token opens the log', async (t) => {
  const late = await auditRig({ database, bus, freshness: 'expired' })
  t.teardown(() => late.server.close())
  t.equal((await late.get(LOG, await bearer())).statusCode, 503)
  t.equal((await late.get(LOG)).statusCode, 200, 'the operator needs no token')
})

test('the keys that heads are signed with are public, and only their public halves', async (t) => {
  const answer = await get('/admin/v1/audit/jwks.json', {})
  t.equal(answer.statusCode, 200)
  const { keys } = answer.json<{ keys: object[] }>()
  t.match(keys, [{ kty: 'EC', crv: 'P-256', alg: 'ES256', kid: /.+/ }])
  t.ok(keys.every((key) => !('d' in key)))
})

test('an export as CSV has a row for each event, and none that a spreadsheet runs', async (t) => {
  const evil = toolCalled({ tool: '=cmd|"x",y' }, { tenant: 't9' })
  const bytes = new TextEncoder().encode(messageOf(evil).data)
  await storeBatch(database, [
    { subject: 'audit.n1', sequence: 2, time: new Date(), data: bytes, headers: {}, delivery: 1 },
  ])
  const answer = await get(`${EXPORT}?format=csv&tenant=t9`)
  t.match(answer.headers, { 'content-type': /^text\/csv/, 'cache-control': 'no-store' })
  const [header, line, ...rest] = answer.body.trim().split('\n')
  t.match(header, /^id,time,received,type,tenant,/)
  t.match(line, `,"'=cmd|""x"",y",`)
  t.equal(rest.length, 0)
})

test('an export for a SIEM is of the OCSF class API Activity', async (t) => {
  const answer = await get(`${EXPORT}?format=ocsf&tenant=t2`)
  t.match(JSON.parse(answer.body), {
    class_uid: 6003,
    type_uid: 600_399,
    category_uid: 6,
    severity_id: 2,
    status_id: 2,
    time: Date.parse('2026-03-01T10:00:00.000Z'),
    metadata: { version: '1.3.0', tenant_uid: 't2', product: { name: 'Gatehouse' } },
    api: { operation: CANARY },
    actor: { user: { uid: 'p1' }, app_uid: 'c1' },
    src_endpoint: { uid: 'c1' },
  })
})

test('retention: months are set by the operator, and what is none is refused', async (t) => {
  const put = (kind: string, payload: object) =>
    server.inject({
      method: 'PUT',
      url: `/admin/v1/audit/retention/${kind}`,
      payload,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    })
  t.match((await put('standard', { months: 18 })).json(), {
    retention: [
      { class: 'security', months: null },
      { class: 'standard', months: 18 },
    ],
  })
  for (const payload of [{ months: 0 }, { months: 1.5 }, { months: '3' }, {}, { months: 1, more: 1 }])
    t.equal((await put('standard', payload)).statusCode, 400, JSON.stringify(payload))
  for (const kind of ['none', 'a%00b', 'Standard']) t.equal((await put(kind, { months: 1 })).statusCode, 404, kind)
})

test('a person is erased from the log: what was done stays, who did it does not', async (t) => {
  const erase = (payload: object) =>
    server.inject({
      method: 'POST',
      url: '/admin/v1/audit/erasures',
      payload,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    })
  t.same((await erase({ person: 'p1', tenant: 't1' })).json(), { erased: 1 })
  t.same((await erase({ person: 'p1', tenant: 't1' })).json(), { erased: 0 })
  const { events: left } = (await get(`${LOG}?tenant=t1&type=mcp_tool_call`)).json<{ events: { actor: object }[] }>()
  t.equal(left.length, 3)
  t.match(left[0]?.actor, { kind: 'person', id: /^erased-[0-9a-f]{12}$/, erased: true })
  t.notMatch(JSON.stringify(left), '"p1"')
  t.same(toolsOf((await get(`${LOG}?tenant=t1&actor=p1`)).body), [], 'nor is it found by who it was')
  t.same(toolsOf((await get(`${LOG}?tenant=t2&actor=p1`)).body), [CANARY], 'in another log nothing changed')
  for (const payload of [{}, { person: '' }, { person: 7 }, { person: 'a\0b' }])
    t.equal((await erase(payload)).statusCode, 400)
})
