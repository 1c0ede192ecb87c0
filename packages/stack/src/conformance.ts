import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Closeable } from '@gatehouse/service'
import { installTools } from '@gatehouse/testkit'
import { argumentsOrExit, wholeNumberOrExit } from './command-line.ts'
import { runLanes } from './conformance/run-lanes.ts'
import { serveFixtures } from './conformance/serve-fixtures.ts'

// `npm run conformance [-- --nodes N]`: every lane of the official suite against the fixture catalog, behind OAuth.
const values = argumentsOrExit({
  usage:
    'usage: npm run conformance [-- [--nodes N] [--second-tries N]]\n\nWithout --nodes in one process over embedded parts; with it on so many nodes over real ones. ' +
    'On a busy machine so many scenarios as --second-tries says (default 0) may be tried again alone.',
  options: { nodes: { type: 'string' }, 'second-tries': { type: 'string', default: '0' } },
})
const nodes = values.nodes === undefined ? undefined : wholeNumberOrExit('nodes', values.nodes, [1, 16])
const secondTries = wholeNumberOrExit('second-tries', values['second-tries'], [0, 16])

installTools()
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-conformance-'))
chmodSync(folder, 0o711)
const opened: Closeable[] = []
const ending = new AbortController()
const { signal } = ending
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => ending.abort())
let good = false
try {
  const surroundings = process.env
  const served = await serveFixtures({ nodes, folder, surroundings }, (thing) => {
    opened.push(thing)
    return thing
  })
  const options = { surroundings, signal, secondTries }
  const { scores, faults, again } = await runLanes(served.mcpUrl, join(folder, 'results'), options)
  for (const { lane, passed, total } of scores) console.log(`${lane}: ${passed}/${total}`)
  for (const scenario of again) console.log(`tried again alone: ${scenario}`)
  for (const fault of faults) console.error(`  ${fault}`)
  good = faults.length === 0
  if (!good) console.error(`what the suite wrote: ${join(folder, 'results')}`)
} catch (error) {
  if (!signal.aborted) throw error
  console.error('interrupted')
} finally {
  for (const thing of opened.reverse()) await thing.close()
  if (good || signal.aborted) rmSync(folder, { recursive: true, force: true })
}
process.exitCode = good ? 0 : 1
