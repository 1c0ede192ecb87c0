import { openDatabase, type Row, type Sql, sql, type Tx } from '@gatehouse/database'
import { overTx } from '@gatehouse/database/testing'
import { postgres } from '@gatehouse/testkit'
import { test } from 'tap'
import { storeBatch } from '../ingest/store-batch.ts'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { events_list } from './events.store.ts'
import { type EventsQuery, readQuery } from './query.ts'

const TENANTS = 20
const EVENTS = 4_000

/** How the database reads a page, as the role of the service sees it. */
async function planOf(tx: Tx, query: EventsQuery): Promise<string> {
  let asked: Sql | undefined
  const listening = overTx(tx, {
    rows: async <R extends object = Row>(statement: Sql): Promise<R[]> => {
      if (statement.text.includes('from audit.identities where')) return tx.rows<R>(statement)
      asked = statement
      return []
    },
  })
  const after = { time: new Date('2026-03-01T00:30:00Z'), id: '80000000-0000-4000-8000-000000000000' }
  await events_list(listening, query, after, 50)
  if (asked === undefined) throw new Error('nothing was asked')
  const lines = await tx.rows<Record<'QUERY PLAN', string>>({ text: `explain ${asked.text}`, values: asked.values })
  return lines.map((line) => line['QUERY PLAN']).join('\n')
}

test('a page is read from an index, in its order, under row-level security', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  await host.migrate([auditSchema])
  const database = host.as(auditSchema.role)
  const events = Array.from({ length: EVENTS }, (_, n) =>
    toolCalled(
      { tool: `tool.${n % 50}`, actor: { kind: 'person', id: `p${n % 100}` } },
      { tenant: `t${n % TENANTS}`, time: new Date(Date.UTC(2026, 2, 1) + n * 1_000).toISOString() },
    ),
  )
  const data = new TextEncoder().encode(messageOf(...events).data)
  const message = { subject: 'audit.n1', sequence: 1, time: new Date(), data, headers: {}, delivery: 1 }
  t.match(await storeBatch(database, [message]), { stored: EVENTS, dead: [] })
  await host.as('postgres').asPlatform('test', (tx) => tx.run(sql`analyze audit.events`))

  const plan = (query: object): Promise<string> => {
    const read = readQuery(query)
    return read.tenant === undefined
      ? database.asPlatform('test', (tx) => planOf(tx, read))
      : database.asTenant(read.tenant, (tx) => planOf(tx, read))
  }
  for (const [query, index] of [
    [{ tenant: 't1' }, 'events_standard_rest_tenant_time_id_idx'],
    [{}, 'events_standard_rest_time_id_idx'],
  ] as const) {
    const found = await plan(query)
    t.match(found, `Index Scan using ${index}`)
    t.match(found, /Index Cond: .*ROW\("time", id\) </, 'the page before is skipped by the index')
    t.notMatch(found, /-> +Sort /, 'partitions are merged in their order')
  }
  t.match(
    await plan({ actor: 'p7' }),
    /events_standard_rest_actor_identity_time_id_idx/,
    'few events of one actor are not looked for among all',
  )
  t.match(await plan({ tool: 'tool.7' }), /events_standard_rest_tool_time_id_idx/)
  for (const [seldom, index] of [
    [{ client: 'c7' }, 'tenant_client'],
    [{ type: 'mcp_connected' }, 'tenant_type'],
    [{ outcome: 'timed-out' }, 'tenant_outcome'],
  ] as const)
    t.match(
      await plan({ tenant: 't1', ...seldom }),
      `events_standard_rest_${index}_time_id_idx`,
      'nor is what a tenant seldom has looked for among all that it has',
    )
})
