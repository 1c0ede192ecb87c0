/** So much of one batch: of a log that is cut, its first or its last thousands of characters, enough batches are left. */
const MOST_NAMES = 20
const MOST_CHARACTERS = 4_000
/** Of the diagnostics of one assertion. */
const MOST_LINES = 30
const LONGEST_LINE = 300
/** What a batch that asserted nothing wrong said last: where it crashed, or where it hung. */
const LAST_LINES = 40
const LAST_LINES_BESIDE_NAMES = 15

const LINE = /^((?: {4})*)(?:# Subtest: (.*)|(ok|not ok) \d+(?: - (.*))?)$/
const LOADED = ' is loaded'
/** What tap says in the place of an assertion. */
const UNFINISHED = ['timeout!', 'test unfinished']
const LEFT = 'child test left in queue'
/** tap's list of everything that is open in the process, which is longer than all the rest. */
const OPEN_THINGS = /^\s*(handles|requests):$/

/** A test or an assertion: its file, where several share a process, the tests it is in, and its own name. */
type Path = readonly string[]

/** What of the output of a batch says why it failed. */
export interface Failures {
  /** Tests that hung, until tap or the time ended them. */
  readonly unfinished: readonly Path[]
  readonly failed: readonly { readonly path: Path; readonly diagnostics: readonly string[] }[]
  /** Files that were not loaded any more. */
  readonly notBegun: readonly string[]
  /** Where it ended: only for a batch that did not get to its end, or whose assertions say nothing. */
  readonly lastWords: readonly string[]
}

/**
 * Reads the TAP of a batch of test files, with whatever the code under test logged in between.
 * @param files those of one process, see `batch.ts`; a single one is not named in the paths
 */
export function readFailures(output: string, files: readonly string[] = []): Failures {
  const lines = output.split('\n')
  const unfinished: Path[] = []
  const failed: { path: Path; diagnostics: readonly string[] }[] = []
  const begun = new Set<string>()
  const open: { readonly name: string; told: boolean }[] = []
  let file: string | undefined
  const pathTo = (...names: readonly string[]): Path =>
    [...(file === undefined ? [] : [file]), ...open.map(({ name }) => name), ...names].filter(
      (name) => name !== `${file}${LOADED}`,
    )
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent = '', begins, result, ended = ''] = lines[at]?.match(LINE) ?? []
    const depth = indent.length / 4
    if (begins !== undefined) {
      open.splice(depth)
      if (depth === 0 && begins.endsWith(LOADED)) {
        file = begins.slice(0, -LOADED.length)
        begun.add(file)
      }
      open.push({ name: begins, told: false })
    }
    if (result === undefined) continue
    const diagnostics = diagnosticsAfter(lines, at, indent)
    at += diagnostics.length
    const name = ended.replace(/ # time=\S*$/, '')
    const closes = open[depth]?.name === name
    const told = open[depth]?.told === true
    open.splice(depth)
    if (result === 'ok' || / # (todo|skip)\b/i.test(name) || name.startsWith(LEFT)) continue
    for (const outer of open) outer.told = true
    if (UNFINISHED.includes(name)) unfinished.push(pathTo())
    else if (!closes || !told) failed.push({ path: pathTo(name), diagnostics: shortened(diagnostics) })
  }
  if (open.length > 0) unfinished.push(pathTo())
  const words = unfinished.length + failed.length === 0 ? LAST_LINES : LAST_LINES_BESIDE_NAMES
  const cut = open.length > 0 || words === LAST_LINES
  return {
    unfinished,
    failed,
    notBegun: files.length > 1 ? files.filter((one) => !begun.has(one)) : [],
    lastWords: cut ? lines.filter((line) => line.trim() !== '').slice(-words) : [],
  }
}

/** The lines of the block of YAML that follows a result, if one does. */
function diagnosticsAfter(lines: readonly string[], at: number, indent: string): readonly string[] {
  if (lines[at + 1] !== `${indent}  ---`) return []
  const end = lines.indexOf(`${indent}  ...`, at)
  return lines.slice(at + 1, end < 0 ? lines.length : end + 1)
}

/** Without their frame, their indentation and the list of what is open. */
function shortened(diagnostics: readonly string[]): readonly string[] {
  const indent = (diagnostics[0]?.length ?? 3) - 3
  const inner = diagnostics.slice(1).filter((line) => line.trim() !== '...')
  const kept: string[] = []
  let skipped: number | undefined
  for (const line of inner) {
    const own = line.length - line.trimStart().length
    if (skipped !== undefined && own > skipped) continue
    skipped = OPEN_THINGS.test(line) ? own : undefined
    if (skipped === undefined) kept.push(line.slice(indent, indent + LONGEST_LINE))
  }
  return atMost(MOST_LINES, kept, 'lines')
}

const atMost = (most: number, lines: readonly string[], what: string): readonly string[] =>
  lines.length <= most ? lines : [...lines.slice(0, most), `… and ${lines.length - most} ${what} more`]

const shown = (path: Path): string => path.join(' › ')

/** The names first: what hung, what failed, what was not reached. Then why. */
export function describeFailures({ unfinished, failed, notBegun, lastWords }: Failures): string {
  const names = (title: string, list: readonly string[]): readonly string[] =>
    list.length === 0 ? [] : [title, ...atMost(MOST_NAMES, [...new Set(list)], 'of them').map((name) => `  ${name}`)]
  const details = failed.flatMap(({ path, diagnostics }) =>
    diagnostics.length === 0 ? [] : ['', shown(path), ...diagnostics.map((line) => `  ${line}`)],
  )
  const said = lastWords.map((line) => line.slice(0, LONGEST_LINE))
  return [
    ...names('did not finish:', unfinished.map(shown)),
    ...names(
      'failed:',
      failed.map(({ path }) => shown(path)),
    ),
    ...names('not begun:', notBegun),
    ...firstOf(details),
    ...(said.length === 0 ? [] : ['', 'its last words:', ...lastOf(said)]),
  ].join('\n')
}

/** One line for each test that failed or hung, for the end of a run. */
export function namesOf({ unfinished, failed }: Failures): readonly string[] {
  const tests = failed.map(({ path }) => shown(path))
  return atMost(
    MOST_NAMES,
    [...new Set([...unfinished.map((path) => `did not finish: ${shown(path)}`), ...tests])],
    'of them',
  )
}

/** As many lines as fit. */
export function firstOf(lines: readonly string[]): readonly string[] {
  let room = MOST_CHARACTERS
  const fitting = lines.findIndex((line) => {
    room -= line.length + 1
    return room < 0
  })
  return fitting < 0 ? lines : atMost(fitting, lines, 'lines')
}

function lastOf(lines: readonly string[]): readonly string[] {
  const fitting = firstOf([...lines].reverse())
  return fitting.length === lines.length ? lines : lines.slice(-(fitting.length - 1))
}
