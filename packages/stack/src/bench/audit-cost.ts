import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BenchEntry, loadOf } from './entries.ts'
import { type FullParts, startFullParts } from './full-parts.ts'
import { READING_TOOL, toolName } from './native-catalog.ts'
import type { NativeOptions } from './native-options.ts'
import { measureAlternating } from './rounds.ts'
import type { BenchContext, Figure } from './section.ts'
import { type BenchServer, startBenchServer } from './servers.ts'

const script = fileURLToPath(new URL('native.ts', import.meta.url))

const callOf = (name: string, args: object): BenchEntry => ({
  name: '',
  method: 'tools/call',
  params: { name, arguments: args },
  mcpName: name,
})
const IDLE = callOf(toolName(0), { text: 'hello there', times: 2 })
const READS = callOf(READING_TOOL, {})
const SINGLE_CALLS = 500

/**
 * What the audit event costs a tool call: the same node with and without it, in turn, nobody reading the events. First of a tool that asks
 * PostgreSQL once, as the cheapest tools of the catalogs do, with all that a node has beside it (limits in Redis, the event stored by NATS, a line
 * in the log). Then of one that does nothing at all, which no catalog has, with the same beside it; and last where nothing else is done either and the
 * bus answers at once.
 */
export async function measureAuditCost(context: BenchContext): Promise<readonly Figure[]> {
  const parts = await startFullParts(context.folder)
  try {
    const { full } = parts
    return [
      ...(await costOf('audit of a call that reads a row, with Redis, NATS and log', {
        context,
        parts,
        full,
        call: READS,
      })),
      ...(await costOf('audit of a call that does nothing, with Redis, NATS and log', {
        context,
        parts,
        full,
        call: IDLE,
      })),
      ...(await costOf('audit of a call that does nothing, without Redis, NATS or log', {
        context,
        parts,
        call: IDLE,
      })),
    ]
  } finally {
    await parts.stop()
  }
}

async function costOf(
  name: string,
  of: {
    readonly context: BenchContext
    readonly parts: FullParts
    readonly full?: FullParts['full']
    readonly call: BenchEntry
  },
): Promise<readonly Figure[]> {
  const { folder, surroundings } = of.context
  const servers: BenchServer[] = []
  try {
    const loads = []
    for (const audit of [false, true]) {
      const tokenFile = join(folder, `token-${audit}`)
      const native: NativeOptions = {
        tools: 1,
        reads: true,
        tokenFile,
        audit,
        database: of.parts.database,
        full: of.full,
      }
      const args = [JSON.stringify(native)]
      const logFile = join(folder, `log-${audit}`)
      const server = await startBenchServer(script, { args, path: '/mcp', surroundings, logFile })
      servers.push(server)
      const { processorSeconds } = server
      loads.push({ ...loadOf(of.call, server.url, readFileSync(tokenFile, 'utf8')), processorSeconds })
    }
    const [off, on] = await measureAlternating(loads, of.context)
    const [alone, told] = [await p50(loads[0]), await p50(loads[1])]
    if (off === undefined || on === undefined) throw new Error('nothing was measured')
    const [before, after] = [off.processorMicros ?? Number.NaN, on.processorMicros ?? Number.NaN]
    const lost = { name: `${name}: calls per second lost`, value: (1 - on.median / off.median) * 100, unit: '%' }
    return [
      of.call === READS ? { ...lost, goal: 15 } : lost,
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
