import { createHash } from 'node:crypto'
import { AUDITED, type AuditedData, sealEvent } from '@gatehouse/contracts'
import { sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import { test, t as wholeFile } from 'tap'
import { events_list } from '../events/events.store.ts'
import { toItem } from '../events/item.ts'
import { storeBatch } from '../ingest/store-batch.ts'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { identities_erase, identities_forget_unused } from './identities.store.ts'

const host = await testDatabase(wholeFile, [auditSchema])
const database = host.as(auditSchema.role)
const owner = host.as('postgres')

let sequence = 0
async function store(...events: readonly unknown[]): Promise<void> {
  const data = new TextEncoder().encode(messageOf(...events).data)
  sequence += 1
  const message = { subject: 'audit.n1', sequence, time: new Date(), data, headers: {}, delivery: 1 }
  const { dead } = await storeBatch(database, [message])
  if (dead.length > 0) throw new Error(`set aside: ${dead[0]?.reason}`)
}
const administered = (tenant: string, data: Partial<AuditedData> & Record<string, unknown>) =>
  sealEvent(
    AUDITED.administered,
    { source: '/services/auth', tenant, now: new Date('2026-03-01T10:00:00.000Z') },
    { actor: { kind: 'operator' }, outcome: 'succeeded', ...data },
  )
const by = (id: string) => ({ actor: { kind: 'person' as const, id } })

interface Identity {
  readonly identity: string
  readonly salt: Uint8Array
}
const identityOf = async (tenant: string, person: string): Promise<Identity | undefined> =>
  database.asPlatform('test', (tx) =>
    tx.maybe<Identity>(
      sql`select identity, salt from audit.identities where tenant = ${tenant} and person = ${person}`,
    ),
  )
const rowsOf = (tenant: string) =>
  database.asPlatform('test', (tx) =>
    tx.rows<Record<string, unknown>>(sql`select to_jsonb(e) as row from audit.events as e where tenant = ${tenant}`),
  )
const itemsOf = async (tenant: string) =>
  (await database.asTenant(tenant, (tx) => events_list(tx, {}, undefined, 100))).map(toItem)
const erase = (person: string, tenant?: string) =>
  database.asPlatform('test', (tx) => identities_erase(tx, person, tenant))

test('a person is a hash that nobody can try out: salted, and another one in each log and after each erasure', async (t) => {
  await store(toolCalled(by('p1'), { tenant: 'a1' }), toolCalled(by('p1'), { tenant: 'a2' }))
  const [one, two] = [await identityOf('a1', 'p1'), await identityOf('a2', 'p1')]
  const hashOf = (salt: Uint8Array) => createHash('sha256').update(salt).update('a1\np1').digest('hex')
  t.ok((one?.salt.length ?? 0) >= 32)
  t.equal(one?.identity, hashOf(one?.salt ?? new Uint8Array()))
  t.not(one?.identity, two?.identity)
  t.notSame(one?.salt, two?.salt)
  t.not(one?.identity, hashOf(new Uint8Array()))
  await store(toolCalled(by('p1'), { tenant: 'a1' }))
  t.equal((await identityOf('a1', 'p1'))?.identity, one?.identity, 'the same as long as the person is known')
  await erase('p1', 'a1')
  await store(toolCalled(by('p1'), { tenant: 'a1' }))
  t.not((await identityOf('a1', 'p1'))?.identity, one?.identity)
  t.equal((await identityOf('a2', 'p1'))?.identity, two?.identity)
})

test('the id of a person stands nowhere in the rows: not of who did it, not of whom it was done to, however deep', async (t) => {
  await store(
    administered('b1', { ...by('per_1'), object: { kind: 'person', id: 'per_1' }, action: 'person.rename' }),
    administered('b1', { ...by('per_1'), object: { kind: 'person', id: 'per_2' }, action: 'member.role' }),
    administered('b1', { object: { kind: 'person', id: 'per_3' }, action: 'DELETE /people/{person}' }),
    // A kind that is not known yet.
    {
      ...toolCalled({}, { tenant: 'b1' }),
      id: 'cf2f1a0e-6d43-4a52-8f10-1f4d3e5b7a90',
      type: 'gatehouse.mcp.invited.v1',
      data: { ...by('per_4'), guests: [{ of: ['per_4', 'other'] }] },
    },
  )
  const rows = JSON.stringify(await rowsOf('b1'))
  for (const person of ['per_1', 'per_2', 'per_3', 'per_4']) {
    t.notMatch(rows, `"${person}"`, person)
    t.match(rows, `"person:${(await identityOf('b1', person))?.identity}"`, `${person} is found by the hash`)
  }
  const shown = JSON.stringify(await itemsOf('b1'))
  for (const person of ['per_1', 'per_2', 'per_3', 'per_4']) t.match(shown, `"${person}"`, 'readers see who it was')
  t.notMatch(shown, 'person:')
})

test('who was erased is shown by a name that stands for nobody, as who did it and as whom it was done to', async (t) => {
  await store(
    administered('c1', { ...by('per_1'), object: { kind: 'person', id: 'per_2' }, action: 'member.role' }),
    administered('c1', { ...by('per_2'), object: { kind: 'key', id: 'per_1' }, action: 'key.make' }),
  )
  const { identity = '' } = (await identityOf('c1', 'per_2')) ?? {}
  t.same(await erase('per_2', 'c1'), [{ tenant: 'c1', identity }])
  const items = await itemsOf('c1')
  t.notMatch(JSON.stringify(items), '"per_2"')
  const name = `erased-${identity.slice(0, 12)}`
  const [made, changed] = [
    items.find(({ action }) => action === 'key.make'),
    items.find(({ action }) => action === 'member.role'),
  ]
  t.match(made, { actor: { id: name, erased: true }, rest: { object: { kind: 'key', id: 'per_1' } } })
  t.match(changed, { actor: { id: 'per_1' }, rest: { object: { kind: 'person', id: name } } })
  t.notOk(changed?.actor?.erased)
})

test('identities of whom nothing is left in the log are forgotten, others and new ones are not', async (t) => {
  await store(
    toolCalled(by('doer'), { tenant: 'd1' }),
    administered('d1', { object: { kind: 'person', id: 'done-to' } }),
  )
  await owner.asPlatform('test', (tx) =>
    tx.run(sql`
      insert into audit.identities (tenant, identity, person, salt, created_at)
      select 'd1', repeat(substr(person, 1, 1), 64), person, decode(repeat('00', 32), 'hex'), now() - age from (values
        ('a-old', interval '61 minutes'), ('b-new', interval '59 minutes')) as given (person, age)`),
  )
  await owner.asPlatform('test', (tx) =>
    tx.run(sql`update audit.identities set created_at = now() - interval '1 year' where person in ('doer', 'done-to')`),
  )
  await database.asPlatform('test', identities_forget_unused)
  const left = await database.asPlatform('test', (tx) =>
    tx.rows<{ person: string }>(sql`select person from audit.identities where tenant = 'd1' order by person`),
  )
  t.same(
    left.map(({ person }) => person),
    ['b-new', 'doer', 'done-to'],
  )
})
