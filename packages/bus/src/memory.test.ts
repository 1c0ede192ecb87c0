import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DatabaseHost, ident, openDatabase, sql } from '@gatehouse/database'
import { test } from 'tap'
import { busContract, type Harness } from './contract.ts'
import { type Bus, busSchema, openBus } from './index.ts'

busContract('embedded', async (t): Promise<Harness> => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bus-'))
  const buses: Bus[] = []
  let host: DatabaseHost
  const start = async (): Promise<void> => {
    host = await openDatabase(`pglite:${folder}/data`)
    await host.migrate([busSchema])
  }
  const end = async (): Promise<void> => {
    for (const bus of buses.splice(0)) await bus.close()
    await host.close()
  }
  await start()
  t.teardown(async () => {
    await end()
    rmSync(folder, { recursive: true })
  })
  return {
    async open() {
      const bus = await openBus('memory:', { database: host.as('gatehouse_bus') })
      buses.push(bus)
      return bus
    },
    async restart() {
      await end()
      await start()
    },
    async recreate(stream) {
      await host
        .as('gatehouse_bus')
        .asPlatform('a test', (tx) => tx.run(sql`delete from bus.streams where name = ${stream.name}`))
      await buses[0]?.ensureStreams([stream])
    },
  }
})

test('limits of age, size and duplicate window hold by the clock that was given', async (t) => {
  const host = await openDatabase('pglite:')
  t.teardown(() => host.close())
  await host.migrate([busSchema])
  const database = host.as('gatehouse_bus')
  let now = Date.UTC(2026, 0, 1)
  const bus = await openBus(undefined, { database, clock: { now: () => now } })
  t.teardown(() => bus.close())
  await bus.ensureStreams([
    { name: 'AGED', subjects: ['aged.>'], maxAgeSeconds: 100, duplicateWindowSeconds: 10 },
    { name: 'SIZED', subjects: ['sized.>'], maxBytes: 1_000, duplicateWindowSeconds: 10 },
  ])
  const publish = (subject: string, id: string) => bus.publish({ subject, id, data: 'x'.repeat(100) })
  const stored = async (stream: string): Promise<number> => {
    let count = 0
    const follower = await bus.follow(stream, { from: 'first' }, () => {
      count += 1
    })
    await follower.caughtUp
    await follower.stop()
    return count
  }
  const rows = (table: 'messages' | 'message_ids', stream: string): Promise<bigint> =>
    database.asPlatform('a test', async (tx) => {
      const { count } = await tx.one<{ count: bigint }>(
        sql`select count(*) as count from ${ident(`bus.${table}`)} where stream = ${stream}`,
      )
      return count
    })

  await publish('aged.a', 'id')
  now += 10_000
  t.equal((await publish('aged.a', 'id')).duplicate, true, 'at the end of the window')
  now += 1
  t.equal((await publish('aged.a', 'id')).duplicate, false, 'after it')
  t.equal(await stored('AGED'), 2)
  now += 90_000
  t.equal(await stored('AGED'), 1, 'the older one has reached its age')
  for (let n = 0; n < 50; n += 1) await publish('aged.a', `later ${n}`)
  t.equal(await rows('messages', 'AGED'), 51n, 'and has been deleted')
  t.equal(await rows('message_ids', 'AGED'), 50n, 'as has the id')

  for (let n = 0; n < 50; n += 1) await publish('sized.a', String(n))
  t.equal(await stored('SIZED'), 10)
})

test('an embedded bus without a database is refused', async (t) => {
  await t.rejects(openBus(undefined), { name: 'TypeError' })
  await t.rejects(openBus('amqp://127.0.0.1'), { name: 'TypeError', message: /amqp:/ })
})
