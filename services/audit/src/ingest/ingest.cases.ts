import type { Bus } from '@gatehouse/bus'
import { closedAsUnknown, STREAMS, sealEvent, ToolBegun } from '@gatehouse/contracts'
import { type DatabaseHost, sql } from '@gatehouse/database'
import { silentLogger } from '@gatehouse/telemetry'
import { eventually } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { closeUnheard } from '../begun/close-unheard.ts'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { auditRig } from '../testing/rig.ts'

/** Migrated parts; `outage` makes the database go away while its body runs, where that can be done. */
export interface IngestParts {
  readonly host: DatabaseHost
  readonly bus: Bus
  readonly outage?: (during: () => Promise<void>) => Promise<void>
  close(): Promise<void>
}

const DEADLINE_MS = 20_000

/** The promises of the ingest, over whichever parts. */
export function ingestCases(name: string, open: (t: Test) => Promise<IngestParts>): void {
  test(`ingest over ${name}`, async (suite) => {
    const { host, bus, outage, close } = await open(suite)
    suite.teardown(close)
    await bus.ensureStreams([STREAMS.audit, STREAMS.auditHeads])
    const database = host.as(auditSchema.role)
    const { audit: service, metrics } = await auditRig({ database, bus })
    const reading = service.ready.find(({ name }) => name === 'audit: ingest')
    await suite.rejects(async () => reading?.check(), /not reading/, 'not ready before it reads')
    await service.background.start()
    suite.teardown(() => service.background.close())
    await suite.resolves(async () => reading?.check())

    const read = <R extends object>(statement: ReturnType<typeof sql>) =>
      database.asPlatform('test', (tx) => tx.rows<R>(statement))
    const isStored = async (id: string): Promise<boolean> =>
      (await read(sql`select 1 from audit.events where id = ${id}::uuid`)).length === 1
    const stored = async (id: string): Promise<void> => {
      const ends = Date.now() + DEADLINE_MS
      while (!(await isStored(id))) {
        if (Date.now() > ends) throw new Error(`event ${id} was not stored in time`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }

    await suite.test('the same event delivered again and again is one row', async (t) => {
      const event = toolCalled()
      const marker = toolCalled()
      await bus.publish(messageOf(event, event))
      await bus.publish(messageOf(event))
      await bus.publish(messageOf(marker))
      await stored(marker.id)
      const rows = await read<{ tool: string }>(sql`select tool from audit.events where id = ${event.id}::uuid`)
      t.same(rows, [{ tool: 'entry.create' }])
    })

    await suite.test('what cannot be stored is set aside with its reason, and what follows is stored', async (t) => {
      const [before, after] = [toolCalled(), toolCalled()]
      await bus.publish({ ...messageOf(), data: 'not JSON' })
      await bus.publish(messageOf(before, { no: 'envelope' }, toolCalled({ tool: 'with\u0000nul' })))
      await bus.publish(messageOf(after))
      await stored(before.id)
      await stored(after.id)
      const letters = await read<{ reason: string; part: number }>(
        sql`select reason, part from audit.dead_letters order by sequence, part`,
      )
      t.same(letters, [
        { reason: 'message.unreadable', part: 0 },
        { reason: 'envelope.invalid', part: 2 },
        { reason: 'database.refused', part: 3 },
      ])
      t.match((await metrics.expose()).body, /gatehouse_audit_events_total\{result="dead"\} 3/)
    })

    await suite.test(
      'a call that began is closed as unknown when its lease is over and no end was heard, once',
      async (t) => {
        const [heard, unheard, underWay] = [toolCalled(), toolCalled(), toolCalled()]
        const begin = ({ id, data }: typeof heard, leaseSeconds = 1) => {
          const { outcome: _outcome, durationMs: _duration, ...call } = data
          return sealEvent(
            ToolBegun,
            { source: '/x', tenant: 't1', now: new Date() },
            { ...call, call: id, leaseSeconds },
          )
        }
        const begun = [begin(heard), begin(unheard), begin(underWay, 3_600)]
        await bus.publish(messageOf(...begun, heard))
        await bus.publish(messageOf(...begun))
        const unknown = await eventually(DEADLINE_MS, 'the end of the lease', async () => {
          const closes = [closeUnheard({ database, log: silentLogger }), closeUnheard({ database, log: silentLogger })]
          await Promise.all(closes)
          const rows = await read<{ reason: string; id: string }>(
            sql`select id, reason from audit.events where outcome = 'unknown'`,
          )
          return rows.length > 0 ? rows : undefined
        })
        t.same(unknown, [{ id: closedAsUnknown(begun[1] as (typeof begun)[1]).id, reason: 'result.missing' }])
        const leases = await read<{ call: string }>(sql`select call from audit.begun`)
        t.same(leases, [{ call: underWay.id }], 'one whose lease is not over is left alone')
        await bus.publish(messageOf(unheard))
        await stored(unheard.id)
        t.pass('what is heard all the same is stored beside it')
      },
    )

    await suite.test('the service can neither change nor delete what was stored', async (t) => {
      await t.rejects(read(sql`delete from audit.events returning 1`), { code: '42501' })
      await t.rejects(read(sql`update audit.events set tool = 'x' returning 1`), { code: '42501' })
    })

    await suite.test(
      'a database that goes away and comes back loses nothing',
      { skip: outage === undefined && 'the embedded database lives in this process and cannot be away' },
      async (t) => {
        const during = Array.from({ length: 5 }, () => toolCalled())
        await outage?.(async () => {
          for (const event of during) await bus.publish(messageOf(event))
          await t.rejects(database.ping())
        })
        for (const event of during) await stored(event.id)
        t.pass('all were stored after it came back')
      },
    )
  })
}
