import type { IncomingMessage } from '@gatehouse/bus'
import { sealEvent, ToolBegun } from '@gatehouse/contracts'
import { type Database, DatabaseUnavailable, sql } from '@gatehouse/database'
import { overTx, testDatabase } from '@gatehouse/database/testing'
import { test, t as wholeFile } from 'tap'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { storeBatch } from './store-batch.ts'

const host = await testDatabase(wholeFile, [auditSchema])
const database = host.as(auditSchema.role)

const message = (sequence: number, data: string): IncomingMessage => ({
  subject: 'audit.n1',
  sequence,
  time: new Date('2026-03-01T10:00:00.000Z'),
  data: new TextEncoder().encode(data),
  headers: {},
  delivery: 1,
})
const count = async (table: 'events' | 'dead_letters') => {
  const statement =
    table === 'events' ? sql`select count(*) as n from audit.events` : sql`select count(*) as n from audit.dead_letters`
  return Number((await database.asPlatform('test', (tx) => tx.one<{ n: bigint }>(statement))).n)
}

test('what is set aside is set aside once, however often it is delivered, and with it nothing is stored twice', async (t) => {
  const batch = [
    message(1, 'no JSON'),
    message(2, messageOf(toolCalled(), { no: 'envelope' }, toolCalled({ tool: 'with\u0000nul' }), toolCalled()).data),
  ]
  t.match(await storeBatch(database, batch), { stored: 2, repeated: 0 })
  t.same([await count('events'), await count('dead_letters')], [2, 3])
  const again = await storeBatch(database, batch)
  t.match(again, { stored: 0, repeated: 2 })
  t.same([await count('events'), await count('dead_letters')], [2, 3])
  const alone = await storeBatch(database, [batch[0] as IncomingMessage])
  t.equal(alone.dead.length, 1)
  t.equal(await count('dead_letters'), 3)
  await storeBatch(database, [message(3, 'no JSON')])
  t.equal(await count('dead_letters'), 4, 'the same bytes in another message are another letter')
})

test('one event that the database refuses costs no other of its batch: calls that began are kept, and what breaks a rule of the table is set aside', async (t) => {
  const { outcome: _outcome, durationMs: _duration, ...call } = toolCalled().data
  const id = '7d4a5c3e-0f5b-4a0e-9d0a-2b1c3d4e5f60'
  const about = { source: '/services/mcp', tenant: 't1', now: new Date('2026-03-01T10:00:00.000Z') }
  const begun = sealEvent(ToolBegun, about, { ...call, call: id, leaseSeconds: 60 })
  await host
    .as('postgres')
    .asPlatform('test', (tx) =>
      tx.run(sql`alter table audit.events add constraint unwanted check (tool <> 'unwanted')`),
    )
  const [stored, letters] = [await count('events'), await count('dead_letters')]
  const batch = [message(5, messageOf(toolCalled({ tool: 'unwanted' }), begun, toolCalled()).data)]
  t.match(await storeBatch(database, batch), { stored: 1, repeated: 0, dead: [{ reason: 'database.refused' }] })
  t.same([await count('events'), await count('dead_letters')], [stored + 1, letters + 1])
  const kept = await database.asPlatform('test', (tx) => tx.rows(sql`select call from audit.begun`))
  t.same(kept, [{ call: id }])
})

const ofServer = (code: string, text: string): Error => Object.assign(new Error(text), { code, severity: 'ERROR' })

/** The database, but statements of the log fail so. */
const failing = (error: Error): Database => ({
  ...database,
  asPlatform: (purpose, body) =>
    database.asPlatform(purpose, (tx) => {
      return body(overTx(tx, { run: () => Promise.reject(error) }))
    }),
})

for (const [name, error] of [
  ['a deadlock', ofServer('40P01', 'deadlock detected')],
  ['a full disk', ofServer('53100', 'could not extend file')],
  ['a missing right', ofServer('42501', 'permission denied')],
  ['a statement that took too long', ofServer('57014', 'canceling statement')],
  ['a database that is away', new DatabaseUnavailable(new Error('down'))],
  ['a fault of ours', new TypeError('not a function')],
] as const) {
  test(`${name} is no fault of a message: the batch comes again, and nothing is set aside`, async (t) => {
    const letters = await count('dead_letters')
    await t.rejects(storeBatch(failing(error), [message(9, messageOf(toolCalled()).data)]), error)
    t.equal(await count('dead_letters'), letters)
  })
}
