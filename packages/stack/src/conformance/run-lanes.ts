import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { EXCUSES } from './excuses.ts'
import { judgeResults, type Results, type Verdict } from './judge-results.ts'
import { LANES, REVISIONS, type Revision } from './lanes.ts'
import { readResults, runSuite, type SuiteOptions } from './run-suite.ts'

/** More that fail are no matter of time. */
const MOST_AGAIN = 4

/**
 * Runs every revision of the suite side by side against one server, and judges what it wrote into `folder`. The suite gives some answers
 * half a second, on whatever machine: a scenario that failed among the others has a second try alone, and that one counts.
 */
export async function runLanes(
  mcpUrl: string,
  folder: string,
  options: Pick<SuiteOptions, 'surroundings' | 'signal'>,
): Promise<Verdict> {
  const run = async (args: readonly string[], name: string): Promise<Results> => {
    const out = join(folder, name)
    mkdirSync(out, { recursive: true })
    await runSuite(['server', '--url', mcpUrl, ...args, '-o', out], options)
    return readResults(out, 'server')
  }
  const revisions = Object.keys(REVISIONS) as Revision[]
  const entries = await Promise.all(
    revisions.map(async (revision) => [revision, await run(REVISIONS[revision], revision)] as const),
  )
  const results = Object.fromEntries(entries) as Record<Revision, Results>
  const failed = revisions.flatMap((revision) =>
    Object.entries(results[revision])
      .filter(([scenario, checks]) => hasFailed(revision, scenario, checks))
      .map(([scenario]) => ({ revision, scenario })),
  )
  for (const { revision, scenario } of failed.length <= MOST_AGAIN ? failed : []) {
    const args = ['--scenario', scenario, '--spec-version', revision]
    const again = await run(args, `${revision}-${scenario}-again`)
    results[revision] = { ...results[revision], ...again }
  }
  return judgeResults(LANES, results, EXCUSES)
}

const hasFailed = (revision: Revision, scenario: string, checks: Results[string]): boolean =>
  checks.some(
    ({ id, status }) =>
      status === 'FAILURE' &&
      !EXCUSES.some((one) => one.revision === revision && one.scenario === scenario && one.check === id),
  )
