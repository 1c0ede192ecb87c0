export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0 }

export const add = (one: Tally, two: Tally): Tally => ({
  passed: one.passed + two.passed,
  failed: one.failed + two.failed,
  skipped: one.skipped + two.skipped,
})

/**
 * Counts the assertions of one test file by tap's closing line, `# { total: 4, pass: 1, fail: 1, todo: 1, skip: 1 }`.
 * A file that ended badly without saying so, or that asserted nothing, has failed once. What is still to do counts as skipped.
 * @param endedWell whether the process ended by itself with exit code 0
 */
export function tally(tap: string, endedWell: boolean): Tally {
  const closing = [...tap.matchAll(/^# \{ (total: .*) \}$/gm)].at(-1)?.[1]
  const count = (name: string) => Number(closing?.match(new RegExp(`\\b${name}: (\\d+)`))?.[1] ?? 0)
  const counted = { passed: count('pass'), failed: count('fail'), skipped: count('skip') + count('todo') }
  if (counted.failed > 0) return counted
  const plausible = endedWell && counted.passed + counted.skipped > 0
  return plausible ? counted : { ...counted, failed: 1 }
}

/** The line by which others read a run. */
export function lastLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
