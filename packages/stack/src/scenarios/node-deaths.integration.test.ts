import { temporaryFolder } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { openFaultHouse } from '../faults/house.ts'
import { killNodes, LOAD } from '../proofs/node-deaths.ts'

file.setTimeout(170_000)
const house = await openFaultHouse({ folder: temporaryFolder(file), surroundings: process.env })
file.teardown(() => house.close())

test('kill -9 of nodes, three times, while 500 clients listen and 200 changes a second are made: each change is told to each listener of it, after it, on whichever node [S-SU-14, S-HS-03]', async (t) => {
  const counts = await killNodes(house, { ...LOAD, say: (line) => t.comment(line) }, 3)
  t.comment(JSON.stringify(counts))
  t.match(counts, { missed: 0, needless: 0, stale: 0, auditMissing: 0, auditRepeated: 0, wrongEffects: 0 })
  t.equal(counts.sessionsLost, 0, 'legacy clients go on in their sessions, on whichever node')
  t.ok(Number(counts.changes) >= 4 * LOAD.changesPerSecond, 'the load was there: a second of it around each death')
  t.ok(Number(counts.due) > 1_000)
  t.ok(Number(counts.readsOfUpdates) > 50, 'what was told was read')
})
