import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, startPostgres } from '@gatehouse/testkit'
import { loadOf } from './entries.ts'
import { toolName } from './native-catalog.ts'
import { measureAlternating } from './rounds.ts'
import type { BenchContext, Figure } from './section.ts'
import { type BenchServer, startBenchServer } from './servers.ts'

const script = fileURLToPath(new URL('native.ts', import.meta.url))

const name = toolName(0)
const CALL = {
  name: '',
  method: 'tools/call',
  params: { name, arguments: { text: 'hello there', times: 2 } },
  mcpName: name,
}
const SINGLE_CALLS = 500

/** What the audit event costs a tool call: the same node with and without it, in turn, nobody reading the events. */
export async function measureAuditCost(context: BenchContext): Promise<readonly Figure[]> {
  const { folder, surroundings } = context
  const dir = join(folder, 'cost-postgres')
  mkdirSync(dir)
  chmodSync(dir, 0o711)
  const postgres = await startPostgres({ dir, port: await freePort() })
  const servers: BenchServer[] = []
  try {
    const loads = []
    for (const audit of ['no-audit', 'audit']) {
      const tokenFile = join(folder, audit)
      const args = ['1', tokenFile, audit, postgres.url]
      const server = await startBenchServer(script, { args, path: '/mcp', surroundings })
      servers.push(server)
      const { processorSeconds } = server
      loads.push({ ...loadOf(CALL, server.url, readFileSync(tokenFile, 'utf8')), processorSeconds })
    }
    const [off, on] = await measureAlternating(loads, context)
    const [alone, told] = [await p50(loads[0]), await p50(loads[1])]
    if (off === undefined || on === undefined) throw new Error('nothing was measured')
    const [before, after] = [off.processorMicros ?? Number.NaN, on.processorMicros ?? Number.NaN]
    return [
      {
        name: 'audit event of a call: calls per second lost',
        value: (1 - on.median / off.median) * 100,
        unit: '%',
        goal: 15,
      },
      { name: 'audit event of a call: processor time added', value: after - before, unit: 'µs' },
      { name: 'audit event of a call: p50 of single calls, added', value: (told - alone) * 1_000, unit: 'µs' },
    ]
  } finally {
    for (const server of servers) await server.stop()
    await postgres.stop()
  }
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
