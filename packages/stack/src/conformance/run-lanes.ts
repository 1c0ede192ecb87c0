import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Surroundings } from '../cluster/process.ts'
import { EXCUSES } from './excuses.ts'
import { judgeResults, type Results, type Verdict } from './judge-results.ts'
import { LANES, REVISIONS, type Revision } from './lanes.ts'
import { readResults, startSuite } from './run-suite.ts'

/** Runs both revisions of the suite side by side against one server, and judges what it wrote into `folder`. */
export async function runLanes(mcpUrl: string, folder: string, surroundings: Surroundings): Promise<Verdict> {
  const runOf = async (revision: Revision): Promise<readonly [Revision, Results]> => {
    const out = join(folder, revision)
    mkdirSync(out, { recursive: true })
    await startSuite(['server', '--url', mcpUrl, '--requirements', revision, '-o', out], surroundings).ended
    return [revision, readResults(out, 'server')]
  }
  const results = Object.fromEntries(await Promise.all(REVISIONS.map(runOf))) as Readonly<Record<Revision, Results>>
  return judgeResults(LANES, results, EXCUSES)
}
