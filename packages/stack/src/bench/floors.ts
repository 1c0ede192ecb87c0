import type { Row } from './rounds.ts'
import type { Figure } from './section.ts'

/**
 * What no run may fall under: well below what was measured, so that a busy machine passes and a regression does not. By processor time where
 * it is told, since others on the machine disturb that least.
 */
export const FLOORS: readonly { readonly entry: string; readonly atLeast: number; readonly goal: number }[] = [
  { entry: 'tools/list, cached credential', atLeast: 0.4, goal: 0.7 },
  { entry: 'tools/call, 1 tool', atLeast: 0.4, goal: 0.7 },
  { entry: 'tools/call, 1,000 tools', atLeast: 0.35, goal: 0.7 },
  { entry: 'tools/call, 1 tool, with its event', atLeast: 0.2, goal: 0.35 },
  { entry: 'tools/call with Redis, NATS and log', atLeast: 0.15, goal: 0.35 },
  { entry: 'tools/list, 50 tools', atLeast: 0.5, goal: 0.7 },
  { entry: 'token, client_credentials', atLeast: 0.15, goal: 0.37 },
  { entry: 'token, refresh with rotation', atLeast: 0.07, goal: 0.18 },
  { entry: 'audit events into PostgreSQL', atLeast: 0.25, goal: 0.5 },
]

/** Of the figures that have a goal: how many times it no run may exceed, and by how many times no run may fall short of one that has to be reached. */
const FIGURE_TIMES = 4

/** What fell short, in words. */
export function shortfalls(rows: readonly Row[], figures: readonly Figure[]): readonly string[] {
  const ofRows = rows.flatMap(({ entry, server, ratio, processorRatio }) => {
    const floor = FLOORS.find((each) => each.entry === entry)
    const reached = processorRatio ?? ratio
    if (floor === undefined || server !== 'Gatehouse' || reached >= floor.atLeast) return []
    return [`${entry}: ${reached.toFixed(2)} of the bare handler, at least ${floor.atLeast} is asked of every run`]
  })
  const ofFigures = figures.flatMap(({ name, value, unit, goal, atLeast }) => {
    if (goal !== undefined && value > goal * FIGURE_TIMES)
      return [`${name}: ${value.toFixed(2)} ${unit}, at most ${goal * FIGURE_TIMES} is allowed in any run`]
    if (atLeast !== undefined && value < atLeast / FIGURE_TIMES)
      return [`${name}: ${value.toFixed(2)} ${unit}, at least ${atLeast / FIGURE_TIMES} is asked of every run`]
    return []
  })
  return [...ofRows, ...ofFigures]
}
