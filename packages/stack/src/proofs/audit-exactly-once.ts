import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadProfile } from '@gatehouse/profiles'
import { startCluster } from '../cluster/cluster.ts'
import { openSecrets } from '../secrets.ts'
import { runExactlyOnce } from './exactly-once.ts'
import type { Proof, ProofContext } from './proof.ts'

const CALLS = 1_000_000
const ALIGN = fileURLToPath(new URL('../../../profiles/profiles/align.yaml', import.meta.url))

/** Tool calls over two nodes; every call whose answer arrived stands in the audit log exactly once. */
export const auditExactlyOnce: Proof = {
  name: 'audit-exactly-once',
  claim: `${CALLS.toLocaleString('en')} tool calls over two nodes, with kill -9 of nodes, audit and bus in turn: each answered call is in the audit log exactly once`,
  run: (context) => callsWithKills(context, { calls: CALLS, kills: 16 }),
}

/** The same at any size. @throws when the claim does not hold */
export async function callsWithKills(
  { surroundings, folder, say }: ProofContext,
  size: { readonly calls: number; readonly kills: number },
): Promise<Record<string, number>> {
  // The profile as it ships, but for a limit that a proof would run into.
  const profile = join(folder, 'proof.yaml')
  writeFileSync(profile, readFileSync(ALIGN, 'utf8').replace(/requestsPerMinute: \d+/, 'requestsPerMinute: 1000000000'))
  const given = { adminToken: undefined, demoPassword: undefined, demoApiKey: undefined }
  const secrets = await openSecrets(folder, loadProfile(profile).apiKeyPrefix, given)
  const cluster = await startCluster({
    folder,
    port: 0,
    mcpNodes: 2,
    profile,
    secrets,
    demo: true,
    journal: true,
    surroundings,
  })
  try {
    return await runExactlyOnce(cluster, { ...size, callers: 16, streams: 20, apiKey: secrets.demoApiKey, say })
  } finally {
    await cluster.close()
  }
}
