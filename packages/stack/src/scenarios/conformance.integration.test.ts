import { installTools, type Scope, temporaryFolder } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { NO_NGINX } from '../cluster/nginx.ts'
import { runLanes } from '../conformance/run-lanes.ts'
import { serveFixtures } from '../conformance/serve-fixtures.ts'

installTools()

/** To the scenario: one more that passes is news as well. The tenth of the tasks skips itself, see `excuses.ts`. */
const SCORES = [
  { lane: '2025-11-25', passed: 30, total: 30 },
  { lane: '2026-07-28', passed: 37, total: 37 },
  { lane: '2026-07-28 tasks', passed: 9, total: 10 },
  { lane: '2026-07-28 header validation', passed: 2, total: 2 },
  { lane: '2026-07-28 JSON Schema 2020-12', passed: 1, total: 1 },
  { lane: '2025-11-25 JSON Schema 2020-12', passed: 1, total: 1 },
  { lane: '2025-11-25 session lifecycle', passed: 1, total: 1 },
  { lane: '2025-11-25 SSE polling', passed: 1, total: 1 },
  { lane: '2025-06-18', passed: 27, total: 27 },
  { lane: '2025-03-26', passed: 1, total: 1 },
]

const SECOND_TRIES = 4

/** What is opened is closed with the test, the last first. */
const closingWith =
  (t: Scope) =>
  <T extends { close(): unknown }>(thing: T): T => {
    t.teardown(() => thing.close())
    return thing
  }

async function everyLane(t: Test, nodes: number | undefined): Promise<void> {
  const folder = temporaryFolder(t)
  // A real one where there is one; our own stands before every other cluster.
  const nginx = nodes !== undefined && NO_NGINX === false
  const served = await serveFixtures({ nodes, nginx, folder, surroundings: process.env }, closingWith(t))
  const ending = new AbortController()
  t.teardown(() => ending.abort())
  const { signal } = ending
  // Other tests share the machine with it; `npm run conformance` gives no second try.
  const options = { surroundings: process.env, signal, secondTries: SECOND_TRIES }
  const { scores, faults, again } = await runLanes(served.mcpUrl, folder, options)
  for (const scenario of again) t.comment(`tried again alone: ${scenario}`)
  t.same(faults, [])
  t.same(scores, SCORES)
}

test('the official suite passes in every lane, behind OAuth [CF-12, CF-20]', (t) => everyLane(t, undefined))

test('it passes against two nodes behind a balancer that picks one at random for every request [S-HS-01]', (t) =>
  everyLane(t, 2))
