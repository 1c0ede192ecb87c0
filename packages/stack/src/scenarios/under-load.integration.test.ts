import { temporaryFolder } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { openFaultHouse } from '../faults/house.ts'
import { killNodes, LOAD } from '../proofs/node-deaths.ts'
import { takeAway } from '../proofs/parts-away.ts'
import { LEAVING, restartNodes } from '../proofs/rolling-restart.ts'

file.setTimeout(500_000)
const folder = temporaryFolder(file)
const house = await openFaultHouse({ folder, surroundings: process.env, nodeEnv: LEAVING })
file.teardown(() => house.close())

/** What the bus was told late is told late: the load is the promised one, the parts are away for shorter than in `npm run proof`. */
const AWAY_MS = 2_000

test('kill -9 of nodes, three times, while 500 clients listen and 200 changes a second are made: each change is told to each listener of it, after it, on whichever node [S-SU-14, S-HS-03]', async (t) => {
  const counts = await killNodes(house, { ...LOAD, say: (line) => t.comment(line) }, 3)
  t.comment(JSON.stringify(counts))
  t.match(counts, { missed: 0, needless: 0, stale: 0, auditMissing: 0, auditRepeated: 0, wrongEffects: 0 })
  t.equal(counts.sessionsLost, 0, 'legacy clients go on in their sessions, on whichever node')
  t.ok(Number(counts.due) > 1_000)
})

test('every node is ended and started again under load: no call fails, each listen stream ends with its result, each node ends cleanly [S-HS-05]', async (t) => {
  const load = { listeners: 100, legacyListeners: 20, changesPerSecond: 100, callers: 4 }
  const counts = await restartNodes(house, { ...load, say: (line) => t.comment(line) }, 1)
  t.comment(JSON.stringify(counts))
  t.match(counts, { restarts: 2, callsFailed: 0, streamsBroken: 0, missed: 0, needless: 0, wrongEffects: 0 })
  t.equal(counts.sessionsLost, 0)
  t.ok(Number(counts.streamsEndedWhole) >= 100)
})

test('without Redis, the bus and PostgreSQL in turn, under load: no notification and no audit event is lost, no answer is wrong', async (t) => {
  const load = { listeners: 100, legacyListeners: 0, changesPerSecond: 100, callers: 4 }
  const counts = await takeAway(house, { ...load, say: (line) => t.comment(line) }, AWAY_MS)
  t.comment(JSON.stringify(counts))
  t.match(counts, { missed: 0, needless: 0, stale: 0, auditMissing: 0, auditRepeated: 0, wrongEffects: 0 })
  t.equal(counts.changesUnpublished, 0)
})
