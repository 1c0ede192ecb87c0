import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadOf } from './entries.ts'
import { type FullParts, startFullParts } from './full-parts.ts'
import { toolName } from './native-catalog.ts'
import type { NativeOptions } from './native-options.ts'
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

/**
 * What the audit event costs a tool call: the same node with and without it, in turn, nobody reading the events. Once with all that a node
 * has beside it (limits in Redis, the event stored by NATS, a line in the log), and once where nothing else is done and the bus answers at
 * once, which is the stricter measure of this code.
 */
export async function measureAuditCost(context: BenchContext): Promise<readonly Figure[]> {
  const parts = await startFullParts(context.folder)
  try {
    const shipped = await costOf('audit of a call with Redis, NATS and log', { context, parts, full: parts.full })
    const bare = await costOf('audit of a call without Redis, NATS or log', { context, parts })
    return [...shipped, ...bare]
  } finally {
    await parts.stop()
  }
}

async function costOf(
  name: string,
  of: { readonly context: BenchContext; readonly parts: FullParts; readonly full?: FullParts['full'] },
): Promise<readonly Figure[]> {
  const { folder, surroundings } = of.context
  const servers: BenchServer[] = []
  try {
    const loads = []
    for (const audit of [false, true]) {
      const tokenFile = join(folder, `token-${audit}`)
      const native: NativeOptions = { tools: 1, tokenFile, audit, database: of.parts.database, full: of.full }
      const args = [JSON.stringify(native)]
      const logFile = join(folder, `log-${audit}`)
      const server = await startBenchServer(script, { args, path: '/mcp', surroundings, logFile })
      servers.push(server)
      const { processorSeconds } = server
      loads.push({ ...loadOf(CALL, server.url, readFileSync(tokenFile, 'utf8')), processorSeconds })
    }
    const [off, on] = await measureAlternating(loads, of.context)
    const [alone, told] = [await p50(loads[0]), await p50(loads[1])]
    if (off === undefined || on === undefined) throw new Error('nothing was measured')
    const [before, after] = [off.processorMicros ?? Number.NaN, on.processorMicros ?? Number.NaN]
    const lost = { name: `${name}: calls per second lost`, value: (1 - on.median / off.median) * 100, unit: '%' }
    return [
      of.full === undefined ? lost : { ...lost, goal: 15 },
      { name: `${name}: processor time without`, value: before, unit: 'µs' },
      { name: `${name}: processor time added`, value: after - before, unit: 'µs' },
      { name: `${name}: p50 of single calls, added`, value: (told - alone) * 1_000, unit: 'µs' },
    ]
  } finally {
    for (const server of servers) await server.stop()
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
