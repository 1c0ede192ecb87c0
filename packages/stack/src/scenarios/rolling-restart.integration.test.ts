import { temporaryFolder } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { openFaultHouse } from '../faults/house.ts'
import { LEAVING, restartNodes } from '../proofs/rolling-restart.ts'

file.setTimeout(170_000)
const house = await openFaultHouse({ folder: temporaryFolder(file), surroundings: process.env, nodeEnv: LEAVING })
file.teardown(() => house.close())

test('every node is ended and started again under load: no call fails, each listen stream ends with its result, each node ends cleanly [S-HS-05]', async (t) => {
  const load = { listeners: 100, legacyListeners: 20, changesPerSecond: 100, callers: 4 }
  const counts = await restartNodes(house, { ...load, say: (line) => t.comment(line) }, 1)
  t.comment(JSON.stringify(counts))
  t.match(counts, { restarts: 2, callsFailed: 0, streamsBroken: 0, missed: 0, needless: 0, wrongEffects: 0 })
  t.equal(counts.sessionsLost, 0)
  t.ok(Number(counts.streamsEndedWhole) >= 100)
})
