import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { FLOORS } from './floors.ts'
import type { Row } from './rounds.ts'
import type { BenchContext, Figure } from './section.ts'
import { pinned } from './servers.ts'

/** Where and what was measured. */
export interface Surveyed {
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
  readonly postgres: string
  readonly commit: string
  /** Versions of what it is measured against. */
  readonly peers: Readonly<Record<string, string>>
  readonly pinned: boolean
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
}

export interface Report {
  readonly survey: Surveyed
  readonly rows: readonly Row[]
  readonly figures: readonly Figure[]
}

const PEERS = ['fastify', '@modelcontextprotocol/server', '@modelcontextprotocol/sdk', 'oidc-provider']

export function survey({ rounds, seconds, connections }: Omit<BenchContext, 'folder' | 'surroundings'>): Surveyed {
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    postgres: told('/usr/lib/postgresql/15/bin/postgres', '--version') ?? told('postgres', '--version') ?? 'unknown',
    commit: told('git', '-C', root, 'rev-parse', '--short', 'HEAD') ?? 'unknown',
    peers: Object.fromEntries(PEERS.map((name) => [name, versionOf(name)])),
    pinned,
    rounds,
    seconds,
    connections,
  }
}

function told(program: string, ...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** As it is installed, not as it is asked for. */
function versionOf(name: string): string {
  const manifest = fileURLToPath(new URL(`../../node_modules/${name}/package.json`, import.meta.url))
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version
}

const method = ({ pinned, rounds, seconds, connections }: Surveyed): string =>
  `${pinned ? 'Server on one core, load on the other' : 'Not pinned to cores'}; ${rounds} alternating rounds of ${seconds} s, ${connections} connections; medians.`

const numberOf = (value: number): string => value.toFixed(value < 10 ? 2 : 0)

const goalOf = ({ goal, atLeast }: Figure, unit = ''): string =>
  goal !== undefined ? `≤ ${goal}${unit}` : atLeast !== undefined ? `≥ ${atLeast}${unit}` : ''

/** For a terminal. */
export function* linesOf({ survey, rows, figures }: Report): Generator<string> {
  yield ''
  yield `${survey.cores} × ${survey.cpu}, ${survey.memoryGiB} GiB, Node ${survey.node}, commit ${survey.commit}`
  yield method(survey)
  yield ''
  const line = (entry: string, server: string, ...numbers: readonly string[]): string =>
    `${entry.padEnd(38)}${server.padEnd(32)}${numbers.map((number) => number.padStart(9)).join('')}`
  if (rows.length > 0) yield line('entry', 'server', '/s', 'spread', 'ratio', 'µs CPU', 'ratio', 'goal')
  for (const row of rows) yield line(row.entry, row.server, ...cellsOf(row))
  yield ''
  for (const figure of figures) {
    const { name, value, unit } = figure
    const goal = goalOf(figure)
    yield `${name.padEnd(68)}${numberOf(value).padStart(9)} ${unit}${goal === '' ? '' : `, goal ${goal}`}`
  }
}

function cellsOf({ entry, server, median, spread, ratio, processorMicros, processorRatio }: Row): readonly string[] {
  const goal = server === 'Gatehouse' ? FLOORS.find((each) => each.entry === entry)?.goal : undefined
  return [
    median.toFixed(0),
    `${(spread * 100).toFixed(0)} %`,
    ratio.toFixed(2),
    processorMicros?.toFixed(1) ?? '–',
    processorRatio?.toFixed(2) ?? '–',
    goal === undefined ? '' : goal.toFixed(2),
  ]
}

/** `docs/benchmarks.md`. */
export function pageOf({ survey, rows, figures }: Report): string {
  const peers = Object.entries(survey.peers).map(([name, version]) => `${name} ${version}`)
  const cells = (values: readonly string[]): string => `| ${values.join(' | ')} |`
  return [
    '# Benchmarks',
    '',
    '<!-- Written by `npm run bench -- --docs`. -->',
    '',
    `Measured on ${survey.date} at commit \`${survey.commit}\`: ${survey.cores} × ${survey.cpu}, ${survey.memoryGiB} GiB, Node ${survey.node}, ${survey.postgres}; ${peers.join(', ')}.`,
    '',
    `${method(survey)} A ratio is to the bare handler of the same run: 1 means as fast as a Fastify handler that does nothing but answer the same bytes. “µs CPU” is`,
    'the processor time of one request, and the ratio after it is of that: others on the machine disturb it least. Load and peers run on the same machine, so',
    'compare ratios, not requests per second. What falls under a floor well below these figures ends the command with 1.',
    '',
    'What a row leaves out: “tools/call …, with its event” counts limits in memory, has a bus that says at once that the event is stored, and logs nothing; so do the rows',
    'without an event, which make none. The token rows run with `auditServiceTokens: false`, since the peer keeps no audit log.',
    '',
    cells(['entry', 'server', '/s', 'spread', 'ratio', 'µs CPU', 'ratio of CPU', 'goal']),
    cells(['---', '---', '--:', '--:', '--:', '--:', '--:', '--:']),
    ...rows.map((row) => cells([row.entry, row.server, ...cellsOf(row)])),
    '',
    cells(['figure', 'measured', 'goal']),
    cells(['---', '--:', '--:']),
    ...figures.map((figure) =>
      cells([figure.name, `${numberOf(figure.value)} ${figure.unit}`, goalOf(figure, ` ${figure.unit}`)]),
    ),
    '',
  ].join('\n')
}
