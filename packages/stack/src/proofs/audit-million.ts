import { auditSchema } from '@gatehouse/audit'
import { createHeadReader, createVerification, readProofLine } from '@gatehouse/audit-proof'
import { openDatabase, sql } from '@gatehouse/database'
import { loadProfile } from '@gatehouse/profiles'
import { eventually } from '@gatehouse/testkit'
import { startCluster } from '../cluster/cluster.ts'
import { openSecrets } from '../secrets.ts'
import type { Proof } from './proof.ts'

const ROWS = 1_000_000
const BATCH = 50_000
const TENANTS = 20
const SEAL_MS = 1_800_000
/** By then everything is warm; what is read after it is several hundred MiB. */
const WARM_LINES = 200_000
const MAX_GROWTH_MIB = 96

/** A million rows: sealed, verified and exported by the real service, over HTTP. */
export const auditMillion: Proof = {
  name: 'audit-million',
  claim: `${ROWS.toLocaleString('en')} rows are sealed, verified and exported, and memory does not grow with them`,
  async run({ surroundings, folder, say }) {
    const given = { adminToken: undefined, demoPassword: undefined, demoApiKey: undefined }
    const secrets = await openSecrets(folder, loadProfile('align').apiKeyPrefix, given)
    const options = { folder, port: 0, mcpNodes: 1, profile: 'align', secrets, demo: false, surroundings }
    const cluster = await startCluster(options)
    const host = await openDatabase(cluster.postgres.url)
    try {
      const db = host.as(auditSchema.role)
      say('storing')
      for (let first = 1; first < ROWS; first += BATCH)
        await db.asPlatform('proof', (tx) =>
          tx.run(sql`insert into audit.events (id, tenant, class, time, type, source, node, actor_kind, actor_id, client, tool,
            outcome, duration_ms, arguments_sha256, request_id)
          select gen_random_uuid(), 'proof-' || n % ${TENANTS}::integer, 'standard', now() - n * interval '1 millisecond',
            'gatehouse.mcp.tool-called.v1', '/services/mcp', 'n1', 'key', 'k' || n % 100, 'c1', 'entry.create', 'succeeded',
            12, repeat('a', 64), 'r' || n from generate_series(${first}::integer, ${first + BATCH - 1}::integer) as n`),
        )
      const began = performance.now()
      await eventually(SEAL_MS, 'all rows sealed', async () => {
        const unsealed = sql`select count(*) as n from audit.events where seq is null`
        const { n } = await db.asPlatform('proof', (tx) => tx.one<{ n: bigint }>(unsealed))
        return n === 0n
      })
      const sealSeconds = secondsSince(began)
      say(`sealed in ${sealSeconds} s`)
      const headers = { authorization: `Bearer ${secrets.adminToken}` }
      const at = (path: string) => `${cluster.audit.url}/admin/v1/audit/${path}`
      const keys = (await (await fetch(at('jwks.json'))).json()) as Parameters<typeof createHeadReader>[0]

      const serviceBeforeMiB = await memoryOf(cluster.audit.url)
      const verification = createVerification({ readHead: createHeadReader(keys) })
      const verified = await timed(async (seen) => {
        for await (const line of linesOf(await fetch(at('proof'), { headers }))) {
          await verification.line(readProofLine(line))
          seen()
        }
      })
      const report = verification.end()
      say(`verified in ${verified.seconds} s`)
      const exported = await timed(async (seen) => {
        for await (const _line of linesOf(await fetch(at('export'), { headers }))) seen()
      })
      say(`exported in ${exported.seconds} s`)
      const result = {
        rows: report.rows,
        findings: report.findings.length,
        sealSeconds,
        verifySeconds: verified.seconds,
        verifyMemoryMiB: verified.mostMiB,
        verifyGrowthMiB: verified.growthMiB,
        exportedLines: exported.lines,
        exportSeconds: exported.seconds,
        exportMemoryMiB: exported.mostMiB,
        exportGrowthMiB: exported.growthMiB,
        serviceBeforeMiB,
        serviceMemoryMiB: await memoryOf(cluster.audit.url),
      }
      const flat = [verified, exported].every(({ growthMiB }) => growthMiB <= MAX_GROWTH_MIB)
      if (report.findings.length > 0 || report.rows < ROWS || exported.lines < ROWS || !flat)
        throw new Error(JSON.stringify(result))
      return result
    } finally {
      await host.close()
      await cluster.close()
    }
  },
}

const secondsSince = (began: number): number => Math.round((performance.now() - began) / 100) / 10

/** How long it takes, the most memory that this process has meanwhile, and how much of it is more than it had when it was warm. */
async function timed(work: (seen: () => void) => Promise<void>) {
  const began = performance.now()
  let lines = 0
  let [most, warm] = [0, 0]
  await work(() => {
    lines += 1
    if (lines % 10_000 !== 0) return
    most = Math.max(most, process.memoryUsage().rss)
    if (lines <= WARM_LINES) warm = most
  })
  const [mostMiB, growthMiB] = [most, most - warm].map((bytes) => Math.round(bytes / 1_048_576)) as [number, number]
  return { seconds: secondsSince(began), lines, mostMiB, growthMiB }
}

async function* linesOf(answer: Response): AsyncGenerator<string> {
  if (!answer.ok || answer.body === null) throw new Error(`answered ${answer.status}`)
  let rest = ''
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    const parts = `${rest}${chunk}`.split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
}

async function memoryOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const bytes = /^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]
  return Math.round(Number(bytes) / 1_048_576)
}
