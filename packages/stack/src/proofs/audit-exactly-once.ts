import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadProfile } from '@gatehouse/profiles'
import { eventually } from '@gatehouse/testkit'
import { loadOf } from '../bench/entries.ts'
import { type Cluster, startCluster } from '../cluster/cluster.ts'
import { openSecrets } from '../secrets.ts'
import type { Proof } from './proof.ts'

const CALLS = 20_000
const CALLERS = 16
const ALIGN = fileURLToPath(new URL('../../../profiles/profiles/align.yaml', import.meta.url))

/** Tool calls over two nodes; every call whose answer arrived stands in the audit log exactly once. */
export const auditExactlyOnce: Proof = {
  name: 'audit-exactly-once',
  claim: `${CALLS.toLocaleString('en')} tool calls over two nodes: each answered call is in the audit log exactly once`,
  async run({ surroundings, folder, say }) {
    // The profile as it ships, but for a limit that a proof would run into.
    const profile = join(folder, 'proof.yaml')
    writeFileSync(
      profile,
      readFileSync(ALIGN, 'utf8').replace(/requestsPerMinute: \d+/, 'requestsPerMinute: 1000000000'),
    )
    const given = { adminToken: undefined, demoPassword: undefined, demoApiKey: undefined }
    const secrets = await openSecrets(folder, loadProfile(profile).apiKeyPrefix, given)
    const cluster = await startCluster({ folder, port: 0, mcpNodes: 2, profile, secrets, demo: true, surroundings })
    try {
      say(`${CALLERS} callers, ${CALLS} calls`)
      const began = performance.now()
      const answered = await callAll(cluster.publicUrl, secrets.demoApiKey)
      const seconds = (performance.now() - began) / 1000
      const recorded = await countRecorded(cluster, secrets.adminToken, answered.size)
      const missing = [...answered].filter((id) => !recorded.has(id)).length
      const repeated = [...recorded.values()].filter((count) => count > 1).length
      const result = {
        calls: CALLS,
        answered: answered.size,
        recorded: recorded.size,
        missing,
        repeated,
        callsPerSecond: Math.round(CALLS / seconds),
      }
      if (missing > 0 || repeated > 0 || answered.size !== CALLS) throw new Error(JSON.stringify(result))
      return result
    } finally {
      await cluster.close()
    }
  },
}

/** The request ids of all calls that were answered; ids are ours, sent as `X-Request-Id`. */
async function callAll(url: string, apiKey: string): Promise<ReadonlySet<string>> {
  const answered = new Set<string>()
  const entry = {
    name: '',
    method: 'tools/call',
    mcpName: 'search.global',
    params: { name: 'search.global', arguments: { q: 'zz' } },
  }
  const load = loadOf(entry, url, apiKey)
  let next = 0
  const caller = async (): Promise<void> => {
    for (let index = next++; index < CALLS; index = next++) {
      const id = `proof-${index}`
      const headers = { ...load.headers, 'x-request-id': id }
      const answer = await fetch(load.url, { method: 'POST', headers, body: load.body ?? '' })
      const text = await answer.text()
      if (answer.status !== 200 || !text.includes('"result"')) throw new Error(`${answer.status}: ${text}`)
      answered.add(id)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return answered
}

/** How often each request id stands in the audit log, once as many as expected are there (or no more come for a minute). */
async function countRecorded(
  cluster: Cluster,
  adminToken: string,
  expected: number,
): Promise<ReadonlyMap<string, number>> {
  return eventually(60_000, `${expected} events in the audit log`, async () => {
    const counts = new Map<string, number>()
    let cursor: string | undefined
    do {
      const query = new URLSearchParams({
        limit: '100',
        tool: 'search.global',
        ...(cursor === undefined ? {} : { cursor }),
      })
      const answer = await fetch(`${cluster.publicUrl}/admin/v1/audit/events?${query}`, {
        headers: { authorization: `Bearer ${adminToken}` },
      })
      const page = (await answer.json()) as { events: { requestId: string }[]; nextCursor?: string }
      for (const { requestId } of page.events) counts.set(requestId, (counts.get(requestId) ?? 0) + 1)
      cursor = page.nextCursor
    } while (cursor !== undefined)
    return counts.size >= expected ? counts : undefined
  })
}
