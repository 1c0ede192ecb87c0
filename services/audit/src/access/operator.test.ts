import { busSchema, openBus } from '@gatehouse/bus'
import { STREAMS } from '@gatehouse/contracts'
import { sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import { test, t as wholeFile } from 'tap'
import { storeBatch } from '../ingest/store-batch.ts'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { ADMIN_TOKEN, accessToken, auditRig, PUBLIC_URL } from '../testing/rig.ts'

const host = await testDatabase(wholeFile, [busSchema, auditSchema])
const bus = await openBus(undefined, { database: host.as('gatehouse_bus') })
wholeFile.teardown(() => bus.close())
await bus.ensureStreams([STREAMS.auditHeads])
const database = host.as(auditSchema.role)
let ended = ''
const { server } = await auditRig({ database, bus, revoked: ({ client }) => client === ended })
wholeFile.teardown(() => server.close())

const events = [toolCalled({}, { tenant: 't1' }), toolCalled({}, { tenant: 't2' })]
const data = new TextEncoder().encode(messageOf(...events).data)
await storeBatch(database, [{ subject: 'audit.n1', sequence: 1, time: new Date(), data, headers: {}, delivery: 1 }])

const PROGRAM = {
  sub: 'cli_pipeline',
  client_id: 'cli_pipeline',
  aud: `${PUBLIC_URL}/admin/v1`,
  scope: 'gatehouse:admin',
  tenant_id: undefined,
  roles: undefined,
}
const program = (over: object = {}): Promise<string> => accessToken({ ...PROGRAM, ...over })

const OF_THE_OPERATOR = ['proof', 'heads', 'retention', 'openapi.json']
const ask = (bearer: string, path: string) =>
  server.inject({
    method: 'GET',
    url: `/admin/v1/audit/${path}`,
    headers: { authorization: `Bearer ${bearer}` },
  })
const change = (bearer: string, method: 'PUT' | 'POST', path: string, payload: object, headers: object = {}) =>
  server.inject({
    method,
    url: `/admin/v1/audit/${path}`,
    payload,
    headers: { authorization: `Bearer ${bearer}`, ...headers },
  })
/** What the log says of administration, oldest first. */
const told = () =>
  database.asPlatform('test', (tx) =>
    tx.rows<Record<string, unknown>>(sql`
      select tenant, class, actor_kind as kind, client, action, outcome, reason, rest, traceparent from audit.events
      where type = 'gatehouse.auth.administered.v1' order by received, id`),
  )

test('a program with a token for the operator’s API reads all of the log and what only the operator may', async (t) => {
  const bearer = await program()
  for (const path of [...OF_THE_OPERATOR, 'events', 'export']) t.equal((await ask(bearer, path)).statusCode, 200, path)
  const { events: seen } = (await ask(bearer, 'events')).json<{ events: { tenant: string }[] }>()
  t.same(seen.map(({ tenant }) => tenant).sort(), ['t1', 't2'])
})

for (const [name, over] of [
  ['without the scope', { scope: 'audit:read' }],
  ['bound to a tenant', { tenant_id: 't1' }],
  ['with a person behind it', { grant_id: 'g1' }],
  ['of a person', { sub: 'p1', tenant_id: 't1', grant_id: 'g1', roles: ['owner'] }],
] as const) {
  test(`403: a token for the operator’s API ${name}, with a challenge that names the scope`, async (t) => {
    const bearer = await program(over)
    for (const path of [...OF_THE_OPERATOR, 'events', 'export']) {
      const answer = await ask(bearer, path)
      t.equal(answer.statusCode, 403, path)
      t.match(answer.json(), { error: 'insufficient_scope' })
      t.match(answer.headers['www-authenticate'], 'scope="gatehouse:admin"')
    }
    t.equal((await change(bearer, 'PUT', 'retention/standard', { months: 1 })).statusCode, 403)
    t.equal((await change(bearer, 'POST', 'erasures', { person: 'p1' })).statusCode, 403)
  })
}

test('401: a token with that scope for the resource of tenants, of another issuer, expired, or taken back', async (t) => {
  const taken = await program({ client_id: 'cli_ended', sub: 'cli_ended' })
  t.equal((await ask(taken, 'events')).statusCode, 200)
  ended = 'cli_ended'
  for (const bearer of [
    await program({ aud: `${PUBLIC_URL}/admin/v1/audit` }),
    await program({ iss: 'http://elsewhere.test' }),
    await program({ exp: 1 }),
    taken,
  ])
    for (const path of [...OF_THE_OPERATOR, 'events']) t.equal((await ask(bearer, path)).statusCode, 401, path)
})

test('503: while it is not known what was taken back, no program administers; the token of the environment does', async (t) => {
  const late = await auditRig({ database, bus, freshness: 'expired' })
  t.teardown(() => late.server.close())
  const headers = { authorization: `Bearer ${await program()}` }
  for (const path of ['retention', 'events'])
    t.equal((await late.get(`/admin/v1/audit/${path}`, headers)).statusCode, 503)
  t.equal((await late.get('/admin/v1/audit/retention')).statusCode, 200)
})

test('503: while auth’s keys cannot be had, no access token is called a bad one', async (t) => {
  const away = await auditRig({ database, bus, keys: 'away' })
  t.teardown(() => away.server.close())
  for (const [path, bearer] of [
    ['retention', await program()],
    ['events', await program()],
    ['events', await accessToken()],
  ] as const) {
    const answer = await away.get(`/admin/v1/audit/${path}`, { authorization: `Bearer ${bearer}` })
    t.equal(answer.statusCode, 503, path)
    t.equal(answer.headers['retry-after'], '2')
  }
})

test('what an operator changes stands in the log: who, what, how it ended, for which request, and no value', async (t) => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await change(
    ADMIN_TOKEN,
    'PUT',
    'retention/standard',
    { months: 17 },
    { 'x-request-id': 'req-of-the-change', traceparent },
  )
  await change(await program(), 'PUT', 'retention/none', { months: 17 }, { traceparent: 'no trace' })
  const found = await told()
  t.match(found, [
    {
      tenant: '*',
      class: 'security',
      kind: 'operator',
      client: null,
      action: 'PUT /audit/retention/{class}',
      outcome: 'succeeded',
      reason: null,
      rest: { fields: ['months'], object: { kind: 'class', id: 'standard' } },
    },
    { kind: 'operator', client: 'cli_pipeline', outcome: 'refused', reason: 'class.unknown', traceparent: null },
  ])
  t.equal(found.length, 2)
  t.notMatch(JSON.stringify(found), '17')
  const [request] = await database.asPlatform('test', (tx) =>
    tx.rows(sql`select request_id, traceparent from audit.events where request_id = 'req-of-the-change'`),
  )
  t.same(request, { request_id: 'req-of-the-change', traceparent })
})

test('an erasure stands in the log of each tenant that it concerned, and the person stands there no more', async (t) => {
  const before = (await told()).length
  t.same((await change(ADMIN_TOKEN, 'POST', 'erasures', { person: 'p1' })).json(), { erased: 2 })
  t.same((await change(ADMIN_TOKEN, 'POST', 'erasures', { person: 'p1' })).json(), { erased: 0 })
  const found = (await told()).slice(before)
  t.same(found.map(({ tenant }) => tenant).sort(), ['*', 't1', 't2'])
  t.ok(found.every(({ action, outcome }) => action === 'POST /audit/erasures' && outcome === 'succeeded'))
  t.notMatch(JSON.stringify(found), 'p1')
  const { events: seen } = (await ask(ADMIN_TOKEN, 'events?tenant=t1')).json<{
    events: { event: string; actor: { id: string }; rest: { object?: { id: string } } }[]
  }>()
  const erasure = seen.find(({ event }) => event === 'auth_administered')
  const call = seen.find(({ event }) => event === 'mcp_tool_call')
  t.equal(erasure?.rest.object?.id, call?.actor.id, 'of whom it was is told as the log tells of the person')
  t.equal(
    (await database.asPlatform('test', (tx) => tx.rows(sql`select 1 from audit.identities`))).length,
    0,
    'what stands for a person gets no identity of its own',
  )
})
