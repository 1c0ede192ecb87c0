import { temporaryFolder } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { NO_NGINX } from '../cluster/nginx.ts'
import { openFaultHouse } from '../faults/house.ts'
import { killNodes } from '../proofs/node-deaths.ts'
import { restartNodes } from '../proofs/rolling-restart.ts'

file.setTimeout(120_000)
const skip = NO_NGINX
/** As in compose: nginx does not ask who is ready, it passes over who does not listen any more. */
const house = skip
  ? undefined
  : await openFaultHouse({ folder: temporaryFolder(file), surroundings: process.env, more: { nginx: true } })
file.teardown(() => house?.close())

const LOAD = { listeners: 40, legacyListeners: 10, changesPerSecond: 50, callers: 4 }

test('behind nginx as in compose every node is ended and started again under load: no call fails, each listen stream ends with its result', {
  skip,
}, async (t) => {
  if (house === undefined) return
  const counts = await restartNodes(house, { ...LOAD, say: (line) => t.comment(line) }, 1)
  t.comment(JSON.stringify(counts))
  t.match(counts, { restarts: 2, callsFailed: 0, streamsBroken: 0, missed: 0, needless: 0, wrongEffects: 0 })
  t.equal(counts.sessionsLost, 0)
})

test('behind nginx as in compose a node is killed under load: each change is told to each listener of it, and no call is carried out twice', {
  skip,
}, async (t) => {
  if (house === undefined) return
  const counts = await killNodes(house, { ...LOAD, say: (line) => t.comment(line) }, 1)
  t.comment(JSON.stringify(counts))
  t.match(counts, { missed: 0, needless: 0, stale: 0, auditMissing: 0, auditRepeated: 0, wrongEffects: 0 })
  t.equal(counts.sessionsLost, 0)
})
