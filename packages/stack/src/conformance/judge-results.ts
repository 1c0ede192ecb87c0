import type { Excuse } from './excuses.ts'
import type { Lane, Revision } from './lanes.ts'

/** One check of a scenario, as the suite writes it. */
export interface Check {
  readonly id: string
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO'
  readonly errorMessage?: string | undefined
}

/** What the suite said of one revision, by scenario. */
export type Results = Readonly<Record<string, readonly Check[]>>

export interface LaneScore {
  readonly lane: string
  readonly passed: number
  readonly total: number
}

export interface Verdict {
  readonly scores: readonly LaneScore[]
  /** Every reason why the run is not good, a line each. */
  readonly faults: readonly string[]
}

const GOOD = new Set(['SUCCESS', 'INFO'])

/**
 * Counts each lane (what is excused did not pass) and names what is wrong: a check that is not good (warnings and skipped checks are not) and has no excuse, an
 * excuse whose check passed or did not run, a scenario in which nothing was checked, a lane that has not the scenarios it should have.
 */
export function judgeResults(
  lanes: readonly Lane[],
  results: Readonly<Record<Revision, Results>>,
  excuses: readonly Excuse[],
): Verdict {
  const faults: string[] = []
  const used = new Set<Excuse>()
  const scores = lanes.map((lane) => {
    const { revision } = lane
    const scenarios = scenariosOf(lane, lanes, results[revision])
    let passed = 0
    for (const scenario of scenarios) {
      const checks = results[revision][scenario] ?? []
      const bad = checks.filter(({ status }) => !GOOD.has(status))
      for (const check of bad) {
        const isOf = (one: Excuse) => one.revision === revision && one.scenario === scenario && one.check === check.id
        const excuse = excuses.find(isOf)
        if (excuse === undefined) {
          faults.push(`${lane.name}: ${scenario}: ${check.id} ${check.status}: ${check.errorMessage ?? 'no message'}`)
        } else used.add(excuse)
      }
      // Some scenarios only report when what they look for is not offered.
      const tried = bad.length > 0 || checks.some(({ status }) => status === 'SUCCESS')
      if (!tried) faults.push(`${lane.name}: ${scenario} tried nothing`)
      else if (bad.length === 0) passed += 1
    }
    if (scenarios.length !== lane.total) {
      faults.push(`${lane.name}: the suite has ${scenarios.length} scenarios, and ${lane.total} were expected`)
    }
    return { lane: lane.name, passed, total: lane.total }
  })
  for (const excuse of excuses) {
    if (used.has(excuse)) continue
    const { revision, scenario, check } = excuse
    faults.push(`${revision}: ${scenario}: ${check} is excused, and needs no excuse`)
  }
  return { scores, faults }
}

function scenariosOf(lane: Lane, lanes: readonly Lane[], results: Results): readonly string[] {
  if (lane.scenarios !== 'scored') return lane.scenarios
  const others = new Set(
    lanes.flatMap(({ revision, scenarios }) => (revision === lane.revision && scenarios !== 'scored' ? scenarios : [])),
  )
  return Object.keys(results).filter((scenario) => !others.has(scenario))
}
