import { NOT_BINDING, UNPROVEN } from './coverage-gaps.ts'
import { REQUIREMENTS } from './requirements.ts'

/** One test and the requirements that its name cites. */
export interface Citation {
  readonly file: string
  readonly test: string
  readonly ids: readonly string[]
}

const TEST_NAME = /\btest(?:\.\w+)?\(\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g
const BRACKETS = /\[([^\]]+)\]/g
const ID = /^(?:[SA]-[A-Z]{2}-\d{2}|CF-\d+|[LUOZ]\d{1,2})$/

/** The citations of one test file: ids in square brackets inside the names of tests. */
export function citationsOf(file: string, source: string): readonly Citation[] {
  const found: Citation[] = []
  for (const [, , name = ''] of source.matchAll(TEST_NAME)) {
    const ids = [...name.matchAll(BRACKETS)].flatMap(([, list = '']) => list.split(/,\s*/)).filter((id) => ID.test(id))
    if (ids.length > 0) found.push({ file, test: name.replace(/\s*\[[^\]]+\]/g, '').trim(), ids })
  }
  return found
}

/** Ids that no requirement has, and tests that cite more than `most`: each a line for a person. */
export function faultsOf(citations: readonly Citation[], most = 5): readonly string[] {
  const known = new Set(Object.values(REQUIREMENTS).flat())
  return citations.flatMap((citation) => [
    ...citation.ids
      .filter((id) => !known.has(id))
      .map((id) => `${citation.file}: "${citation.test}" cites ${id}, which is no requirement`),
    ...(citation.ids.length > most
      ? [`${citation.file}: "${citation.test}" cites ${citation.ids.length} requirements; at most ${most}`]
      : []),
  ])
}

const levelOf = (id: string): string => Object.entries(REQUIREMENTS).find(([, ids]) => ids.includes(id))?.[0] ?? ''

/** Duties which no test cites and for which no reason is given; reasons that are stale, and one of a duty that does not bind given to one that does. */
export function gapsOf(citations: readonly Citation[]): readonly string[] {
  const cited = new Set(citations.flatMap(({ ids }) => ids))
  const explained = new Set(UNPROVEN.flatMap(({ ids }) => ids))
  const loose = NOT_BINDING.flatMap(({ ids }) => ids)
  const binding = Object.entries(REQUIREMENTS).flatMap(([level, ids]) => (level.startsWith('MUST') ? ids : []))
  const all = Object.values(REQUIREMENTS).flat()
  return [
    ...all
      .filter((id) => !cited.has(id) && !explained.has(id) && !loose.includes(id))
      .map((id) => `${id}: no test and no reason`),
    ...[...explained, ...loose].filter((id) => cited.has(id)).map((id) => `${id}: has a reason, and a test`),
    ...[...explained, ...loose]
      .filter((id) => levelOf(id) === '')
      .map((id) => `${id}: has a reason, and is no requirement`),
    ...loose.filter((id) => binding.includes(id)).map((id) => `${id}: binds, and has the reason of one that does not`),
  ]
}

/** `docs/coverage.md`. */
export function coveragePage(citations: readonly Citation[]): string {
  const cited = new Map<string, Citation[]>()
  for (const citation of citations) {
    for (const id of citation.ids) cited.set(id, [...(cited.get(id) ?? []), citation])
  }
  const levels = Object.entries(REQUIREMENTS)
  const lines = [
    '# Coverage',
    '',
    'Which duty is proven by which test. Made from the names of the tests by `npm test`; a test fails when it is out of date.',
    '`S-` duties of an MCP server, `A-` of an authorization server, `CF-` what real clients ask, `L U O Z` the reference systems.',
    'A run of all tests fails when an id of the first list was not proven in it. What no test proves is listed at the end, with the reason.',
    '',
    '| level | cited | of |',
    '| --- | --: | --: |',
    ...levels.map(([level, ids]) => `| ${level} | ${ids.filter((id) => cited.has(id)).length} | ${ids.length} |`),
    '',
    '| id | level | test |',
    '| --- | --- | --- |',
  ]
  for (const [level, ids] of levels) {
    for (const id of ids) {
      for (const { test, file } of cited.get(id) ?? []) {
        lines.push(`| ${id} | ${level} | [${test.replaceAll('|', '\\|')}](../${file}) |`)
      }
    }
  }
  lines.push('', '## Not proven by a test', '', '| ids | why |', '| --- | --- |')
  for (const { ids, why } of UNPROVEN) lines.push(`| ${ids.join(', ')} | ${why} |`)
  lines.push('', '## Of levels that do not bind', '', '| ids | why no test cites them |', '| --- | --- |')
  for (const { ids, why } of NOT_BINDING) lines.push(`| ${ids.join(', ')} | ${why} |`)
  return `${lines.join('\n')}\n`
}
