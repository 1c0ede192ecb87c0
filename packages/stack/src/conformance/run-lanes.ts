import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { EXCUSES } from './excuses.ts'
import { judgeResults, type Results, type Verdict } from './judge-results.ts'
import { LANES, REVISIONS, type Revision } from './lanes.ts'
import { readResults, runSuite, type SuiteOptions } from './run-suite.ts'

/** Runs every revision of the suite side by side against one server, and judges what it wrote into `folder`. */
export async function runLanes(
  mcpUrl: string,
  folder: string,
  options: Pick<SuiteOptions, 'surroundings' | 'signal'>,
): Promise<Verdict> {
  const runOf = async (revision: Revision): Promise<readonly [Revision, Results]> => {
    const out = join(folder, revision)
    mkdirSync(out, { recursive: true })
    await runSuite(['server', '--url', mcpUrl, ...REVISIONS[revision], '-o', out], options)
    return [revision, readResults(out, 'server')]
  }
  const results = Object.fromEntries(await Promise.all((Object.keys(REVISIONS) as Revision[]).map(runOf))) as Readonly<
    Record<Revision, Results>
  >
  return judgeResults(LANES, results, EXCUSES)
}
