import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { shortfalls } from './bench/floors.ts'
import { linesOf, pageOf, type Report, survey } from './bench/report.ts'
import { SECTIONS } from './bench/sections.ts'
import { pinned } from './bench/servers.ts'
import { argumentsOrExit, wholeNumberOrExit } from './command-line.ts'

const parts = SECTIONS.map(({ name, about }) => `  ${name.padEnd(9)}${about}`).join('\n')
const options = argumentsOrExit({
  usage: `usage: npm run bench [-- --only PART[,PART]] [--rounds N] [--seconds N] [--connections N] [--json FILE] [--docs]

--docs writes docs/benchmarks.md. Parts:
${parts}`,
  options: {
    only: { type: 'string' },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '16' },
  },
})
const rounds = {
  rounds: wholeNumberOrExit('rounds', options.rounds, [1, 1_000]),
  seconds: wholeNumberOrExit('seconds', options.seconds, [1, 600]),
  connections: wholeNumberOrExit('connections', options.connections, [1, 1_000]),
}
const wanted = options.only?.split(',')
const unknown = wanted?.find((name) => !SECTIONS.some((section) => section.name === name))
if (unknown !== undefined) {
  console.error(`--only: there is no part ${unknown}. Parts:\n${parts}`)
  process.exit(2)
}
if (pinned) spawnSync('taskset', ['-cp', cpus().length > 2 ? `1-${cpus().length - 1}` : '1', String(process.pid)])

const surveyed = survey(rounds)
const rows = []
const figures = []
for (const { name, measure } of SECTIONS.filter(({ name }) => wanted?.includes(name) ?? true)) {
  console.log(`measuring ${name} …`)
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  chmodSync(folder, 0o711)
  try {
    const found = await measure({ folder, surroundings: process.env, ...rounds })
    rows.push(...(found.rows ?? []))
    figures.push(...(found.figures ?? []))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
const report: Report = { survey: surveyed, rows, figures }
for (const line of linesOf(report)) console.log(line)
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
if (options.docs) writeFileSync(fileURLToPath(new URL('../../../docs/benchmarks.md', import.meta.url)), pageOf(report))
const short = shortfalls(rows, figures)
for (const line of short) console.error(`SHORT  ${line}`)
// Servers that were asked to end may still hold a handle.
process.exit(short.length === 0 ? 0 : 1)
