import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadOf } from './entries.ts'
import { toolName } from './native-catalog.ts'
import { measureAlternating } from './rounds.ts'
import { startBenchServer } from './servers.ts'

// What the audit event costs a tool call: the same node with and without it, in turn, nobody reading the events:
// `node --import tsx packages/stack/src/bench/audit-cost.ts`.
const name = toolName(0)
const CALL = {
  name: '',
  method: 'tools/call',
  params: { name, arguments: { text: 'hello there', times: 2 } },
  mcpName: name,
}
const ROUNDS = 5
const SECONDS = 2
const CONNECTIONS = 16
const SINGLE_CALLS = 500

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-cost-'))
const script = fileURLToPath(new URL('native.ts', import.meta.url))
const servers: Awaited<ReturnType<typeof startBenchServer>>[] = []
try {
  const loads = []
  for (const audit of ['no-audit', 'audit']) {
    const tokenFile = join(folder, audit)
    const server = await startBenchServer(script, {
      args: ['1', tokenFile, audit],
      path: '/mcp',
      surroundings: process.env,
    })
    servers.push(server)
    const { processorSeconds } = server
    loads.push({ ...loadOf(CALL, server.url, readFileSync(tokenFile, 'utf8')), processorSeconds })
  }
  const [off, on] = await measureAlternating(loads, { rounds: ROUNDS, seconds: SECONDS, connections: CONNECTIONS })
  const [alone, told] = [await p50(loads[0]), await p50(loads[1])]
  if (off === undefined || on === undefined) throw new Error('nothing was measured')
  const line = (name: string, without: number, withIt: number, cost: number): void =>
    void process.stdout.write(
      `${name}: ${without.toFixed(1)} without, ${withIt.toFixed(1)} with its event: ${(cost * 100).toFixed(1)} %\n`,
    )
  line('calls/s (goal: at most 15 %)', off.median, on.median, 1 - on.median / off.median)
  // What a machine that others use, too, disturbs least.
  const [before, after] = [off.processorMicros ?? Number.NaN, on.processorMicros ?? Number.NaN]
  line('processor time of a call in µs', before, after, 1 - before / after)
  line('p50 of single calls in µs', alone * 1_000, told * 1_000, told / alone - 1)
} finally {
  for (const server of servers) await server.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** Milliseconds of one call after the other. */
async function p50(load: ReturnType<typeof loadOf> | undefined): Promise<number> {
  if (load === undefined) return Number.NaN
  const took: number[] = []
  for (let at = 0; at < SINGLE_CALLS; at += 1) {
    const began = performance.now()
    const answer = await fetch(load.url, { method: load.method, headers: load.headers, body: load.body ?? '' })
    await answer.arrayBuffer()
    took.push(performance.now() - began)
  }
  took.sort((a, b) => a - b)
  return took[SINGLE_CALLS / 2] ?? Number.NaN
}
