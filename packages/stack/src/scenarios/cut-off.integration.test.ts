import { temporaryFolder } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { openFaultHouse } from '../faults/house.ts'
import { CUT_LOAD, cutOffNode } from '../proofs/cut-off.ts'

file.setTimeout(170_000)
const house = await openFaultHouse({
  folder: temporaryFolder(file),
  surroundings: process.env,
  more: { relays: true },
})
file.teardown(() => house.close())

test('a node that hangs, and one that is cut off from each of its parts while another is not, tells afterwards what it was not told; nothing is lost', async (t) => {
  const load = { ...CUT_LOAD, listeners: 40, legacyListeners: 20, say: (line: string) => t.comment(line) }
  const counts = await cutOffNode(house, load, { awayMs: 1_500, silence: false })
  t.comment(JSON.stringify(counts))
  t.match(counts, { faults: 4, missed: 0, needless: 0, stale: 0, auditMissing: 0, auditRepeated: 0, wrongEffects: 0 })
})
