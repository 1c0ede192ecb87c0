import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ENTRIES, loadOf } from './bench/entries.ts'
import { measureNode } from './bench/node-alone.ts'
import { measureAlternating, type Row, rowsOf } from './bench/rounds.ts'
import { type BenchServer, pinned, startBenchServer } from './bench/servers.ts'
import { type Figure, measureNodes, measureStreams } from './bench/streams.ts'
import { measureTokens } from './bench/tokens/rows.ts'
import { argumentsOrExit, wholeNumberOrExit } from './command-line.ts'

const options = argumentsOrExit({
  usage: 'usage: npm run bench [-- --rounds N] [--seconds N] [--connections N] [--json FILE]',
  options: {
    json: { type: 'string' },
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
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
const servers: BenchServer[] = []
const keep = async (starting: Promise<BenchServer>): Promise<BenchServer> => {
  const server = await starting
  servers.push(server)
  return server
}
if (pinned) spawnSync('taskset', ['-cp', cpus().length > 2 ? `1-${cpus().length - 1}` : '1', String(process.pid)])

try {
  // The profile as it ships, but for a limit that a benchmark would run into.
  const profile = join(folder, 'bench.yaml')
  const align = readFileSync(here('../../profiles/profiles/align.yaml'), 'utf8')
  writeFileSync(profile, align.replace(/requestsPerMinute: \d+/, 'requestsPerMinute: 1000000000'))
  const apiKey = 'align_bench-only-0123456789abcdef'
  const gatehouse = await keep(
    startBenchServer(here('start.ts'), {
      env: { GATEHOUSE_PROFILE: profile, GATEHOUSE_FOLDER: join(folder, 'data'), GATEHOUSE_DEMO_API_KEY: apiKey },
      path: '/healthz',
      surroundings: process.env,
    }),
  )
  const sdk = await keep(startBenchServer(here('bench/sdk.ts'), { path: '/mcp', surroundings: process.env }))
  const rows: Row[] = []
  for (const entry of ENTRIES) {
    const load = loadOf(entry, gatehouse.url, apiKey)
    const answer = await fetch(load.url, { method: load.method, headers: load.headers, body: load.body ?? '' })
    if (answer.status !== 200) throw new Error(`${entry.name}: ${answer.status} ${await answer.text()}`)
    const bytes = join(folder, 'answer.json')
    const headers = { 'content-type': 'application/json' }
    writeFileSync(bytes, JSON.stringify({ body: await answer.text(), headers }))
    const bare = await startBenchServer(here('bench/bare.ts'), {
      args: [bytes],
      path: '/mcp',
      surroundings: process.env,
    })
    const loads = [
      { ...loadOf(entry, bare.url, apiKey), processorSeconds: bare.processorSeconds },
      { ...load, processorSeconds: gatehouse.processorSeconds },
      { ...loadOf(entry, sdk.url, undefined), processorSeconds: sdk.processorSeconds },
    ]
    const measured = await measureAlternating(loads, rounds)
    await bare.stop()
    rows.push(...rowsOf(entry.name, ['bare Fastify, same bytes', 'Gatehouse', 'SDK createMcpHandler'], measured))
  }
  await gatehouse.stop()
  await sdk.stop()
  rows.push(...(await measureNode(folder, rounds, process.env)))
  rows.push(...(await measureTokens({ folder, surroundings: process.env, ...rounds })))
  const figures: Figure[] = [...(await measureStreams(folder, process.env))]
  const cluster = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  chmodSync(cluster, 0o711)
  figures.push(...(await measureNodes(cluster, process.env, rounds)))
  rmSync(cluster, { recursive: true, force: true })
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version, pinned }
  console.log(
    `\n${machine.cores} × ${machine.cpu}, Node ${machine.node}, ${pinned ? 'server on one core, load on the other' : 'not pinned'}\n`,
  )
  const line = (entry: string, server: string, ...numbers: readonly string[]): void =>
    console.log(`${entry.padEnd(38)}${server.padEnd(30)}${numbers.map((number) => number.padStart(9)).join('')}`)
  line('entry', 'server', 'req/s', 'spread', 'ratio', 'µs CPU', 'ratio')
  for (const { entry, server, median, spread, ratio, processorMicros, processorRatio } of rows) {
    const ofProcessor = [processorMicros?.toFixed(1) ?? '-', processorRatio?.toFixed(2) ?? '-']
    line(entry, server, median.toFixed(0), `${(spread * 100).toFixed(0)} %`, ratio.toFixed(2), ...ofProcessor)
  }
  console.log()
  for (const { name, value, unit, goal } of figures) {
    console.log(
      `${name.padEnd(68)}${value.toFixed(value < 10 ? 2 : 0).padStart(9)} ${unit}${goal === undefined ? '' : `, goal ≤ ${goal}`}`,
    )
  }
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify({ machine, rows, figures }, null, 2)}\n`)
} finally {
  for (const server of servers) await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
