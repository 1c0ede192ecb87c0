import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { auditSchema, storeBatch } from '@gatehouse/audit'
import { envelopeOf, ToolCalled } from '@gatehouse/contracts'
import { type Database, openDatabase, sql } from '@gatehouse/database'
import { freePort, startPostgres } from '@gatehouse/testkit'
import { type Row, rowsOf, summarize } from './rounds.ts'
import type { BenchContext } from './section.ts'

// In batches as the consumer makes them; the bare insert writes the same rows into the same table, with the same indexes.
const EVENTS_A_MESSAGE = 50
const MESSAGES_A_BATCH = 10
const BATCHES = 20
const ROUNDS = 5

/** Events into PostgreSQL, as the service stores them, beside the bare insert. */
export async function measureAuditIngest({ folder }: BenchContext): Promise<readonly Row[]> {
  const dir = join(folder, 'audit-postgres')
  mkdirSync(dir)
  chmodSync(dir, 0o711)
  const server = await startPostgres({ dir, port: await freePort() })
  try {
    const host = await openDatabase(server.url)
    await host.migrate([auditSchema])
    const audit = host.as(auditSchema.role)
    const events = BATCHES * MESSAGES_A_BATCH * EVENTS_A_MESSAGE
    const [bare, stored]: [number[], number[]] = [[], []]
    for (let round = 0; round <= ROUNDS; round += 1) {
      const batches = Array.from({ length: BATCHES }, messages)
      const took = await seconds(async () => {
        for (const batch of batches) await storeBatch(audit, batch)
      })
      const bareTook = await bareSeconds(audit, events)
      // The first warms up.
      if (round === 0) continue
      stored.push(events / took)
      bare.push(events / bareTook)
    }
    await host.close()
    const measured = [bare, stored].map((perSecond) => ({ ...summarize(perSecond), processorMicros: undefined }))
    return rowsOf('audit events into PostgreSQL', ['bare insert, same rows', 'Gatehouse'], measured)
  } finally {
    await server.stop()
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1_000
}

function event(at: number) {
  return envelopeOf(
    ToolCalled,
    {
      source: '/services/mcp',
      tenant: `tenant${at % 20}`,
      now: new Date(),
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    },
    {
      tool: 'search.global',
      outcome: 'succeeded',
      durationMs: 3,
      argumentsSha256: 'c'.repeat(64),
      actor: { kind: 'person', id: `person${at % 200}`, client: 'client', grant: 'grant' },
      protocolVersion: '2026-07-28',
      requestId: randomUUID(),
      node: 'node',
    },
  )
}

function messages() {
  return Array.from({ length: MESSAGES_A_BATCH }, (_, sequence) => ({
    subject: 'audit.node',
    sequence,
    time: new Date(),
    data: new TextEncoder().encode(
      JSON.stringify({ events: Array.from({ length: EVENTS_A_MESSAGE }, (_, at) => event(at)) }),
    ),
    headers: {},
    delivery: 1,
  }))
}

/** Rows that are there are inserted again under other ids, in one statement a batch, by the same role into the same table. */
async function bareSeconds(audit: Database, events: number): Promise<number> {
  const batch = MESSAGES_A_BATCH * EVENTS_A_MESSAGE
  return seconds(async () => {
    for (let done = 0; done < events; done += batch) {
      const ids = Array.from({ length: batch }, () => randomUUID())
      const hashes = ids.map(() => 'c'.repeat(64))
      const tenants = ids.map((_, at) => `tenant${at % 20}`)
      const texts = (text: string) => ids.map(() => text)
      await audit.asPlatform('bench', (tx) =>
        tx.run(sql`
          insert into audit.events (
            id, tenant, class, time, type, source, node, actor_kind, actor_identity, client, grant_id, tool, outcome,
            duration_ms, arguments_sha256, request_id, traceparent, rest)
          select id, tenant, 'standard', now(), type, source, node, 'person', hash, client, client, tool, 'succeeded', 3,
            hash, request, request, '{"protocolVersion":"2026-07-28"}'::jsonb
          from unnest(
            ${ids}::uuid[], ${tenants}::text[], ${texts('gatehouse.mcp.tool-called.v1')}::text[],
            ${texts('/services/mcp')}::text[], ${texts('node')}::text[], ${texts('client')}::text[],
            ${texts('search.global')}::text[], ${hashes}::text[], ${ids}::text[]
          ) as given (id, tenant, type, source, node, client, tool, hash, request)`),
      )
    }
  })
}
