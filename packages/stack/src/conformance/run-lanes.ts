import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { EXCUSES } from './excuses.ts'
import { judgeResults, type Results, type Verdict } from './judge-results.ts'
import { LANES, REVISIONS, type Revision } from './lanes.ts'
import { readResults, runSuite, type SuiteOptions } from './run-suite.ts'

export interface Ran extends Verdict {
  /** What failed among the others and was tried again alone: a word for each. */
  readonly again: readonly string[]
}

/**
 * Runs every revision of the suite side by side against one server, and judges what it wrote into `folder`. The suite gives some answers
 * half a second, on whatever machine: on a busy one a few scenarios that failed among the others may have a second try alone, which then counts.
 * @param options.secondTries how many may; where more have failed none has one, since that is no matter of time
 */
export async function runLanes(
  mcpUrl: string,
  folder: string,
  options: Pick<SuiteOptions, 'surroundings' | 'signal'> & { readonly secondTries: number },
): Promise<Ran> {
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
  const again = failed.length <= options.secondTries ? failed : []
  for (const { revision, scenario } of again) {
    const args = ['--scenario', scenario, '--spec-version', revision]
    const alone = await run(args, `${revision}-${scenario}-again`)
    results[revision] = { ...results[revision], ...alone }
  }
  const verdict = judgeResults(LANES, results, EXCUSES)
  return { ...verdict, again: again.map(({ revision, scenario }) => `${revision} ${scenario}`) }
}

const hasFailed = (revision: Revision, scenario: string, checks: Results[string]): boolean =>
  checks.some(
    ({ id, status }) =>
      status === 'FAILURE' &&
      !EXCUSES.some((one) => one.revision === revision && one.scenario === scenario && one.check === id),
  )
