import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { callsWithKills } from '../proofs/audit-exactly-once.ts'

test('nodes, audit and bus are killed in turn under 20,000 calls: each answered one is in the log once, each connection has one end [L20, U9]', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'exactly-once-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const result = await callsWithKills(
    { surroundings: process.env, folder, say: (line) => t.comment(line) },
    { calls: 20_000, kills: 4 },
  )
  t.comment(JSON.stringify(result))
  t.equal(result.missing, 0)
  t.equal(result.repeated, 0)
  t.equal(result.connectionsWithoutEnd, 0)
  t.equal(result.connectionsRepeated, 0)
})
