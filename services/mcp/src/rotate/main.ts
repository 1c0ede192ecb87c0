import { parseArgs } from 'node:util'
import { loadConfig } from '@gatehouse/config'
import { systemClock } from '@gatehouse/contracts'
import { openDatabase } from '@gatehouse/database'
import { describeRing } from '@gatehouse/keyring'
import { createLogger } from '@gatehouse/telemetry'
import { mcpConfig } from '../config.ts'
import { mcpSchema } from '../schema.ts'
import { openKeyrings, RINGS } from '../sealers.ts'

// Run where a node runs, with its environment: nodes have no routes for operators, and hold no token of theirs. Every node reads the rings in
// the database and follows.
const USAGE = `usage: node services/mcp/src/rotate/main.ts [<ring> [--now [--retire-others]]]

Without a ring all of them are shown. There are: ${RINGS.join(', ')}.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { now: { type: 'boolean', default: false }, 'retire-others': { type: 'boolean', default: false } },
})
const wanted = RINGS.find((name) => name === positionals[0])
const retireOthers = values['retire-others']
if (positionals.length > 1 || (positionals.length === 1) !== (wanted !== undefined) || (retireOthers && !values.now)) {
  console.error(USAGE)
  process.exit(2)
}
const needed = { DATABASE_URL: true, DATABASE_OWNER_URL: true, GATEHOUSE_SECRET: true } as const
const config = loadConfig(mcpConfig.pick(needed), process.env)
if (config.DATABASE_URL === undefined) {
  console.error('DATABASE_URL is needed: an embedded database is its own process’s alone')
  process.exit(2)
}
const log = createLogger('mcp')
const host = await openDatabase(config.DATABASE_URL, { ownerUrl: config.DATABASE_OWNER_URL, logger: log, poolSize: 2 })
try {
  await host.expect([mcpSchema])
  const clock = systemClock
  const rings = openKeyrings({ db: host.as(mcpSchema.role), secret: config.GATEHOUSE_SECRET, clock, log })
  if (wanted !== undefined) await rings[wanted].rotate(values.now ? { when: 'now', retireOthers } : {})
  const shown = wanted === undefined ? RINGS : [wanted]
  const keyrings = await Promise.all(shown.map((name) => describeRing(rings[name], clock.now())))
  console.log(JSON.stringify({ keyrings }, null, 2))
} finally {
  await host.close()
}
