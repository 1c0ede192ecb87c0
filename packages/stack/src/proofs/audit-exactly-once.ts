import { openFaultHouse } from '../faults/house.ts'
import { type Course, runExactlyOnce } from './exactly-once.ts'
import type { Proof, ProofContext } from './proof.ts'

const CALLS = 1_000_000
const CALLERS = 64

/** Tool calls over two nodes; every call whose answer arrived stands in the audit log exactly once. */
export const auditExactlyOnce: Proof = {
  name: 'audit-exactly-once',
  claim: `${CALLS.toLocaleString('en')} tool calls over two nodes, with kill -9 of nodes, audit and bus in turn: each answered call is in the audit log exactly once`,
  run: (context) => callsWithKills(context, { calls: CALLS, kills: 16, leases: 'waited-for' }),
}

/** The same at any size. @throws when the claim does not hold */
export async function callsWithKills(
  { surroundings, folder, say }: ProofContext,
  size: Pick<Course, 'calls' | 'kills' | 'leases'>,
): Promise<Record<string, number>> {
  const { cluster, apiKey, tenant, close } = await openFaultHouse({ folder, surroundings })
  try {
    return await runExactlyOnce(cluster, { ...size, callers: CALLERS, streams: 20, apiKey, tenant, say })
  } finally {
    await close()
  }
}
