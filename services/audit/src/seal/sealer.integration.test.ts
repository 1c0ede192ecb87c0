import { openBus } from '@gatehouse/bus'
import { STREAMS } from '@gatehouse/contracts'
import { openDatabase, sql } from '@gatehouse/database'
import { eventually, nats, postgres } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { auditRig } from '../testing/rig.ts'

/** What the documentation promises of a sealer that keeps up. */
const PROMISED_SECONDS = 5
const DEADLINE_MS = 60_000
/** More than is sealed in that time. */
const BACKLOG = 60_000

async function scene(t: Test) {
  const [{ url }, broker] = await Promise.all([postgres(t), nats(t)])
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  await host.migrate([auditSchema])
  const bus = await openBus(broker.url)
  t.teardown(() => bus.close())
  await bus.ensureStreams([STREAMS.audit, STREAMS.auditHeads])
  const database = host.as(auditSchema.role)
  const { audit, metrics } = await auditRig({ database, bus })
  const start = async (): Promise<void> => {
    await audit.background.start()
    t.teardown(() => audit.background.close())
  }
  /** How long an event that comes over the bus waited for its place, in seconds from its arrival in the log. */
  const waited = async (tenant: string): Promise<number> => {
    const event = toolCalled({}, { tenant })
    await bus.publish(messageOf(event))
    const row = await eventually(DEADLINE_MS, `the event of ${tenant} to be sealed`, () =>
      database.asPlatform('test', (tx) =>
        tx.maybe<{ seconds: number }>(sql`
          select extract(epoch from clock_timestamp() - received)::float8 as seconds from audit.events
          where id = ${event.id}::uuid and seq is not null`),
      ),
    )
    return row.seconds
  }
  return { database, metrics, start, waited }
}

test('a running service has sealed an event within five seconds of its arrival, again and again', async (t) => {
  const { start, waited } = await scene(t)
  await start()
  for (const tenant of ['t1', 't2', 't1']) {
    const seconds = await waited(tenant)
    t.ok(seconds < PROMISED_SECONDS, `${tenant}: ${seconds} s`)
  }
})

test('a small tenant is sealed within five seconds while a large one has a backlog, whose age is told', async (t) => {
  const { database, metrics, start, waited } = await scene(t)
  await database.asPlatform('test', (tx) =>
    tx.run(sql`
      insert into audit.events (id, tenant, class, time, type, source)
      select gen_random_uuid(), 'a-large', 'standard', now(), 'x', '/x' from generate_series(1, ${BACKLOG}::integer)`),
  )
  await start()
  const seconds = await waited('z-small')
  const [left] = await database.readAsPlatform<{ n: bigint }>(
    'test',
    sql`select count(*) as n from audit.events where tenant = 'a-large' and seq is null`,
  )
  t.ok(Number(left?.n) > 0, `${left?.n} rows of the large one wait`)
  t.ok(seconds < PROMISED_SECONDS, `${seconds} s`)
  const { body } = await metrics.expose()
  t.match(body, /^gatehouse_audit_unsealed [1-9]\d+$/m)
  t.match(body, /^gatehouse_audit_unsealed_age_seconds [1-9]/m)
})
