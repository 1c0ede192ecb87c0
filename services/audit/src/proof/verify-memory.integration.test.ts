import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { createHeadReader, createVerification, readProofLine } from '@gatehouse/audit-proof'
import { busSchema, openBus } from '@gatehouse/bus'
import { Secret } from '@gatehouse/config'
import { systemClock } from '@gatehouse/contracts'
import { openDatabase, sql } from '@gatehouse/database'
import { silentLogger } from '@gatehouse/telemetry'
import { postgres } from '@gatehouse/testkit'
import { test } from 'tap'
import { auditSchema } from '../schema.ts'
import { openRings } from '../seal/rings.ts'
import { liveBytes } from '../testing/live-bytes.ts'
import { ADMIN_TOKEN, auditRig, SECRET } from '../testing/rig.ts'
import { sealAll } from '../testing/seal-all.ts'

const ROWS = 40_000
/** The lines of all rows are some 30 MB. */
const EVERY = 4_000
const MAX_GROWTH_BYTES = 3 * 1_048_576

test('40,000 rows of one tenant are handed out and verified in memory that does not grow with them', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  await host.migrate([busSchema, auditSchema])
  const database = host.as(auditSchema.role)
  await database.asPlatform('test', (tx) =>
    tx.run(sql`insert into audit.events (id, tenant, class, time, type, source, node, actor_kind, actor_id, client, tool, outcome,
        duration_ms, arguments_sha256, request_id, rest)
      select gen_random_uuid(), 't1', 'standard', timestamptz '2026-03-01' + n * interval '1 second',
        'gatehouse.mcp.tool-called.v1', '/services/mcp', 'n1', 'key', 'k1', 'c1', 'entry.create', 'succeeded', 12,
        repeat('a', 64), 'r' || n, jsonb_build_object('filler', repeat('x', 200))
      from generate_series(1, ${ROWS}::integer) as n`),
  )
  const { heads: signer } = openRings({
    db: database,
    secret: new Secret(SECRET),
    clock: systemClock,
    log: silentLogger,
  })
  t.equal(await sealAll({ database, signer, clock: systemClock }), ROWS)

  const bus = await openBus(undefined, { database: host.as('gatehouse_bus') })
  t.teardown(() => bus.close())
  const { server } = await auditRig({ database, bus })
  t.teardown(() => server.close())
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const asked = request({ port, path: '/admin/v1/audit/proof', headers }).end()
  const [answer] = await once(asked, 'response')

  const verification = createVerification({ readHead: createHeadReader(await signer.publicKeys()) })
  let [lines, bytes] = [0, 0]
  const live: number[] = []
  for await (const line of createInterface({ input: answer })) {
    await verification.line(readProofLine(line))
    bytes += line.length
    lines += 1
    if (lines % EVERY === 0) live.push(liveBytes())
  }
  const { findings, rows, unsealed } = verification.end()
  t.same({ findings, rows, unsealed }, { findings: [], rows: ROWS, unsealed: 0 })
  t.ok(bytes > 20_000_000, `${bytes} bytes`)
  const growth = Math.max(...live) - (live[0] ?? 0)
  t.ok(
    live.length >= 10 && growth < MAX_GROWTH_BYTES,
    `${(growth / 1_048_576).toFixed(1)} MiB more than at the beginning`,
  )
})
