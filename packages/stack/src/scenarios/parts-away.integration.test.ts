import { temporaryFolder } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { openFaultHouse } from '../faults/house.ts'
import { killLeader, takeAway } from '../proofs/parts-away.ts'

file.setTimeout(170_000)
const folder = temporaryFolder(file)
const house = await openFaultHouse({ folder, surroundings: process.env, more: { natsServers: 3 } })
file.teardown(() => house.close())

/** Redis for longer than a command of it is waited for; the bus for longer than a node believes what it knows of revocations, and than a call waits to be recorded. */
const AWAY_MS = { redis: 3_000, nats: 7_000, postgres: 2_000 }

test('without Redis, the bus and PostgreSQL in turn, under load of both eras: no notification and no audit event is lost, no answer is wrong', async (t) => {
  const load = { listeners: 80, legacyListeners: 20, changesPerSecond: 100, callers: 4 }
  const counts = await takeAway(house, { ...load, say: (line) => t.comment(line) }, AWAY_MS)
  t.comment(JSON.stringify(counts))
  t.match(counts, { missed: 0, needless: 0, stale: 0, auditMissing: 0, auditRepeated: 0, wrongEffects: 0 })
  t.equal(counts.changesUnpublished, 0)
  t.ok(Number(counts.callsRefused) > 0, 'calls that were refused in words are in the audit log, too')
})

test('the leader of three NATS servers is killed under load of both eras: no notification and no audit event is lost', async (t) => {
  const load = { listeners: 40, legacyListeners: 20, changesPerSecond: 100, callers: 4 }
  const counts = await killLeader(house, { ...load, say: (line) => t.comment(line) }, folder)
  t.comment(JSON.stringify(counts))
  t.match(counts, { missed: 0, needless: 0, stale: 0, auditMissing: 0, auditRepeated: 0, wrongEffects: 0 })
})
