import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ENTRIES, loadOf } from './entries.ts'
import { measureAlternating, type Row, rowsOf } from './rounds.ts'
import type { BenchContext } from './section.ts'
import { type BenchServer, startBenchServer } from './servers.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** The whole product in one process with embedded parts, as `npm start` has it: limits, logs, metrics and all. */
export async function measureHouse({ folder, surroundings, ...rounds }: BenchContext): Promise<readonly Row[]> {
  const servers: BenchServer[] = []
  const keep = async (starting: Promise<BenchServer>): Promise<BenchServer> => {
    const server = await starting
    servers.push(server)
    return server
  }
  try {
    // The profile as it ships, but for a limit that a benchmark would run into.
    const profile = join(folder, 'bench.yaml')
    const align = readFileSync(here('../../../profiles/profiles/align.yaml'), 'utf8')
    writeFileSync(profile, align.replace(/requestsPerMinute: \d+/, 'requestsPerMinute: 1000000000'))
    const apiKey = 'align_bench-only-0123456789abcdef'
    const env = { GATEHOUSE_PROFILE: profile, GATEHOUSE_FOLDER: join(folder, 'data'), GATEHOUSE_DEMO_API_KEY: apiKey }
    const gatehouse = await keep(startBenchServer(here('../start.ts'), { env, path: '/healthz', surroundings }))
    const sdk = await keep(startBenchServer(here('sdk.ts'), { path: '/mcp', surroundings }))
    const rows: Row[] = []
    for (const entry of ENTRIES) {
      const load = loadOf(entry, gatehouse.url, apiKey)
      const answer = await fetch(load.url, { method: load.method, headers: load.headers, body: load.body ?? '' })
      if (answer.status !== 200) throw new Error(`${entry.name}: ${answer.status} ${await answer.text()}`)
      const bytes = join(folder, 'answer.json')
      const headers = { 'content-type': 'application/json' }
      writeFileSync(bytes, JSON.stringify({ body: await answer.text(), headers }))
      const bare = await keep(startBenchServer(here('bare.ts'), { args: [bytes], path: '/mcp', surroundings }))
      const loads = [
        { ...loadOf(entry, bare.url, apiKey), processorSeconds: bare.processorSeconds },
        { ...load, processorSeconds: gatehouse.processorSeconds },
        { ...loadOf(entry, sdk.url, undefined), processorSeconds: sdk.processorSeconds },
      ]
      const measured = await measureAlternating(loads, rounds)
      rows.push(...rowsOf(entry.name, ['bare Fastify, same bytes', 'Gatehouse', 'SDK createMcpHandler'], measured))
    }
    return rows
  } finally {
    for (const server of servers) await server.stop()
  }
}
