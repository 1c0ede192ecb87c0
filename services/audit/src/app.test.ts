import { busSchema, openBus } from '@gatehouse/bus'
import { type Database, DatabaseUnavailable, sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import { after, before, test, t as wholeFile } from 'tap'
import { storeBatch } from './ingest/store-batch.ts'
import { HASH, messageOf, toolCalled } from './sample-events.ts'
import { auditSchema } from './schema.ts'
import { ADMIN_TOKEN, auditRig } from './testing/rig.ts'

const TOKEN = ADMIN_TOKEN
const host = await testDatabase(wholeFile, [busSchema, auditSchema])
const bus = await openBus(undefined, { database: host.as('gatehouse_bus') })
const database = host.as(auditSchema.role)

const serverOver = async (db: Database) => (await auditRig({ database: db, bus })).server
const server = await serverOver(database)
const get = (url: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
  server.inject({ method: 'GET', url, headers })

const refused = toolCalled(
  {
    tool: 'entry.delete',
    outcome: 'refused',
    reason: 'scope.missing',
    actor: { kind: 'key', id: 'k1' },
    requestId: 'r9',
  },
  { tenant: 't2', time: '2026-03-02T00:00:00.000Z' },
)
/** Seven calls of t1, three of them in the same millisecond, and one of t2. */
const ofT1 = [0, 1, 2, 3, 3, 3, 4].map((minute) => toolCalled({}, { time: `2026-03-01T10:0${minute}:00.000Z` }))

before(async () => {
  const data = new TextEncoder().encode(messageOf(...ofT1, refused).data)
  const message = { subject: 'audit.n1', sequence: 1, time: new Date(), data, headers: {}, delivery: 1 }
  await storeBatch(database, [message])
})
after(async () => {
  await server.close()
  await bus.close()
})

interface Page {
  readonly events: readonly Record<string, unknown>[]
  readonly nextCursor?: string
}
const page = async (query: string): Promise<Page> => (await get(`/admin/v1/audit/events${query}`)).json()

test('200: an event shows who did what, where, how it ended, and the hash of the arguments', async (t) => {
  const answer = await get('/admin/v1/audit/events?tenant=t2')
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['cache-control'], 'no-store')
  const { events } = answer.json<Page>()
  t.match(events[0]?.received, /^\d{4}-.*Z$/)
  t.same(events, [
    {
      id: refused.id,
      time: '2026-03-02T00:00:00.000Z',
      received: events[0]?.received,
      event: 'mcp_tool_call',
      type: 'gatehouse.mcp.tool-called.v1',
      tenant: 't2',
      actor: { kind: 'key', id: 'k1' },
      node: 'n1',
      tool: 'entry.delete',
      outcome: 'refused',
      reason: 'scope.missing',
      durationMs: 12,
      argumentsSha256: HASH,
      requestId: 'r9',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      rest: { protocolVersion: '2026-07-28' },
    },
  ])
})

test('200: pages of any size show every event once, newest first', async (t) => {
  const all = (await page('')).events
  t.equal(all.length, 8)
  const times = all.map((event) => String(event.time))
  t.same(times, [...times].sort().reverse())
  for (const limit of [1, 2, 3, 7]) {
    const seen: unknown[] = []
    let cursor = ''
    do {
      const { events, nextCursor } = await page(`?limit=${limit}${cursor}`)
      seen.push(...events.map(({ id }) => id))
      cursor = nextCursor === undefined ? '' : `&cursor=${nextCursor}`
    } while (cursor !== '')
    t.same(
      seen,
      all.map(({ id }) => id),
      `limit ${limit}`,
    )
  }
})

const filters: readonly (readonly [string, number])[] = [
  ['?tenant=t1', 7],
  ['?tenant=nobody', 0],
  ['?tenant=*', 0],
  ['?actor=k1', 1],
  ['?client=c1', 7],
  ['?tool=entry.delete', 1],
  ['?outcome=refused', 1],
  ['?outcome=succeeded&tenant=t2', 0],
  ['?from=2026-03-01T10:03:00Z', 5],
  ['?to=2026-03-01T10:03:00Z', 3],
  ['?from=2026-03-01T11:03:00%2B01:00&to=2026-03-01T10:04:00Z', 3],
]
for (const [query, count] of filters) {
  test(`200: ${query} finds ${count}`, async (t) => {
    t.equal((await page(query)).events.length, count)
  })
}

const unusable: readonly (readonly [string, RegExp])[] = [
  ['?limit=0', /limit/],
  ['?limit=201', /limit/],
  ['?limit=ten', /limit/],
  ['?outcome=fine', /outcome/],
  ['?from=yesterday', /from/],
  ['?tenant=', /tenant/],
  ['?tenant=a&tenant=b', /tenant/],
  ['?tennant=t1', /tennant/],
  ['?cursor=nonsense', /cursor/],
  ['?cursor=WzEsMl0', /cursor/],
  [`?cursor=${Buffer.from('[8.64e15,"00000000-0000-4000-8000-000000000000"]').toString('base64url')}`, /cursor/],
  ['?tenant=t%00', /tenant/],
  ['?from=0000-01-01T00:00:00Z', /from/],
  ['?to=9999-12-31T23:59:59-23:59', /to/],
]
for (const [query, names] of unusable) {
  test(`400: ${query}, and the answer names the fault`, async (t) => {
    const answer = await get(`/admin/v1/audit/events${query}`)
    t.equal(answer.statusCode, 400)
    t.match(answer.json(), { error: 'invalid_request', error_description: names, request_id: /.+/ })
  })
}

test('401: without the token, with a wrong one and with another scheme nothing is shown', async (t) => {
  for (const path of ['/admin/v1/audit/events', '/admin/v1/audit/openapi.json']) {
    const none = await get(path, {})
    t.equal(none.statusCode, 401)
    t.equal(none.headers['www-authenticate'], 'Bearer realm="gatehouse-admin"')
    for (const authorization of ['Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`, 'Bearer', TOKEN]) {
      const answer = await get(path, { authorization })
      t.equal(answer.statusCode, 401, authorization)
      t.match(answer.json(), { error: 'invalid_token', request_id: /.+/ })
      t.match(answer.headers['www-authenticate'], /^Bearer /)
    }
  }
})

test('503: a database that is away is said so, with when to try again', async (t) => {
  const away: Database = {
    asTenant: () => Promise.reject(new DatabaseUnavailable(new Error('down'))),
    asPlatform: () => Promise.reject(new DatabaseUnavailable(new Error('down'))),
    readAsPlatform: () => Promise.reject(new DatabaseUnavailable(new Error('down'))),
    writeAsPlatform: () => Promise.reject(new DatabaseUnavailable(new Error('down'))),
    ping: () => Promise.reject(new DatabaseUnavailable(new Error('down'))),
  }
  const other = await serverOver(away)
  t.teardown(() => other.close())
  const headers = { authorization: `Bearer ${TOKEN}` }
  const answer = await other.inject({ method: 'GET', url: '/admin/v1/audit/events', headers })
  t.equal(answer.statusCode, 503)
  t.equal(answer.headers['retry-after'], '2')
  t.match(answer.json(), { error: 'temporarily_unavailable' })
  t.equal((await other.inject({ method: 'GET', url: '/readyz' })).statusCode, 503)
})

test('a transaction of one tenant sees its own events and no others', async (t) => {
  const count = sql`select count(*) as n from audit.events`
  t.same(await database.asTenant('t2', (tx) => tx.one(count)), { n: 1n })
  t.same(await database.asTenant('t3', (tx) => tx.one(count)), { n: 0n })
})

test('the OpenAPI document describes every parameter that the route knows', async (t) => {
  const document = (await get('/admin/v1/audit/openapi.json')).json()
  const { parameters, responses } = document.paths['/admin/v1/audit/events'].get
  t.equal(document.openapi, '3.1.0')
  t.same(
    parameters.map(({ name }: { name: string }) => name),
    ['tenant', 'from', 'to', 'actor', 'client', 'type', 'tool', 'outcome', 'limit', 'cursor'],
  )
  t.ok(parameters.every(({ description }: { description?: string }) => description))
  t.same(Object.keys(responses), ['200', '400', '401', '503'])
})
