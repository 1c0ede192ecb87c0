import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { busSchema, openBus } from '@gatehouse/bus'
import { openDatabase, sql } from '@gatehouse/database'
import { postgres } from '@gatehouse/testkit'
import { test } from 'tap'
import { auditSchema } from '../schema.ts'
import { liveBytes } from '../testing/live-bytes.ts'
import { ADMIN_TOKEN, auditRig } from '../testing/rig.ts'

const ROWS = 100_000
/** The whole export is some 40 MB. */
const EVERY = 10_000
const MAX_GROWTH_BYTES = 8 * 1_048_576

test('100,000 rows leave in memory that does not grow with them', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  await host.migrate([busSchema, auditSchema])
  const database = host.as(auditSchema.role)
  await database.asPlatform('test', (tx) =>
    tx.run(sql`insert into audit.events (id, tenant, class, time, type, source, node, actor_kind, actor_id, client, tool, outcome,
        duration_ms, arguments_sha256, request_id)
      select gen_random_uuid(), 't' || n % 10, 'standard', timestamptz '2026-03-01' + n * interval '1 second',
        'gatehouse.mcp.tool-called.v1', '/services/mcp', 'n1', 'key', 'k1', 'c1', 'entry.create', 'succeeded', 12,
        repeat('a', 64), 'r' || n from generate_series(1, ${ROWS}::integer) as n`),
  )
  const bus = await openBus(undefined, { database: host.as('gatehouse_bus') })
  t.teardown(() => bus.close())
  const { server } = await auditRig({ database, bus })
  t.teardown(() => server.close())
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const asked = request({
    port,
    path: '/admin/v1/audit/export',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  }).end()
  const [answer] = await once(asked, 'response')
  let [lines, bytes, next] = [0, 0, EVERY]
  const live: number[] = []
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length
    lines += chunk.toString('latin1').split('\n').length - 1
    if (lines < next) continue
    next += EVERY
    live.push(liveBytes())
  }
  t.equal(lines, ROWS)
  t.ok(bytes > 30_000_000, `${bytes} bytes`)
  const growth = Math.max(...live) - (live[0] ?? 0)
  t.ok(
    live.length >= 9 && growth < MAX_GROWTH_BYTES,
    `${Math.round(growth / 1_048_576)} MiB more than at the beginning`,
  )
})
