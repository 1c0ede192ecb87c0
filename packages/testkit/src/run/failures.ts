/** So much of one file: a reader of a CI log, which may keep only its first lines, still sees every file that failed. */
const MAX_LINES = 80
/** What a file that asserted nothing wrong said last: where it crashed, or where it hung. */
const LAST_LINES = 40

const FAILED = /^(\s*)not ok /
/** The end of tap's diagnostics, indented as the assertion and two more. */
const ended = (line: string, indent: string) => line === `${indent}  ...`

/**
 * What of a test file's output says why it failed: each failed assertion with its diagnostics, without what passed and what the code
 * under test logged. The whole tail where no assertion failed.
 * @returns at most 80 lines and one that tells how many more there were
 */
export function failuresOf(output: string): string {
  const lines = output.split('\n')
  const told: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const indent = line.match(FAILED)?.[1]
    if (indent === undefined) continue
    told.push(line)
    if (lines[at + 1] !== `${indent}  ---`) continue
    for (at++; at < lines.length; at++) {
      const detail = lines[at] ?? ''
      told.push(detail)
      if (ended(detail, indent)) break
    }
  }
  const chosen = told.length > 0 ? told : lines.filter((line) => line.trim() !== '').slice(-LAST_LINES)
  const more = chosen.length - MAX_LINES
  return more > 0 ? [...chosen.slice(0, MAX_LINES), `… and ${more} lines more`].join('\n') : chosen.join('\n')
}
