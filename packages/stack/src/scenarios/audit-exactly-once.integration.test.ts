import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { t as file, test } from 'tap'
import { callsWithKills } from '../proofs/audit-exactly-once.ts'
import { FAULTS } from '../proofs/compare-calls.ts'

// Each part that is killed has to be back before the next one is.
file.setTimeout(170_000)

test('nodes, audit and bus are killed in turn under 20,000 calls: each answered one, refusals and writes too, is in the log once, each connection has one end [L20, U9]', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'exactly-once-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const result = await callsWithKills(
    { surroundings: process.env, folder, say: (line) => t.comment(line) },
    { calls: 20_000, kills: 4, leases: 'cut-short' },
  )
  t.comment(JSON.stringify(result))
  const { answered = 0, refusalsAnswered = 0, writesAnswered = 0, unanswered = 0, closedAsUnknown = 0 } = result
  t.ok(answered >= 19_000, `${answered} were answered`)
  t.ok(refusalsAnswered >= 1_900 && writesAnswered >= 3_600, `${refusalsAnswered} refusals, ${writesAnswered} writes`)
  t.match(result, { 'killed.nodes': 2, 'killed.audit': 1, 'killed.bus': 1 })
  const reasons = Object.entries(result).filter(([name]) => name.startsWith('unanswered.'))
  t.equal(
    reasons.reduce((sum, [, count]) => sum + count, 0),
    unanswered,
    'each that was not answered says why',
  )
  t.ok(closedAsUnknown <= unanswered, 'only what was not answered is closed as unknown')
  for (const fault of [...FAULTS, 'connectionsWithoutEnd', 'connectionsRepeated']) t.equal(result[fault], 0, fault)
})
