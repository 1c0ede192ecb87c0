import { z } from 'zod'
import type { Evidence } from './hashes.ts'

const count = z.number().int().nonnegative()
const text = z.string()
const evidence = z
  .looseObject({ id: text, tenant: text, class: text, time: text })
  .transform((value): Evidence => value)

/**
 * The lines of an export that can be verified, one JSON object each, in this order: `evidence`; `platform`; `listed`, sorted by tenant; then
 * for each tenant its `head` (the one that the list names and the last), and for each of its segments, sorted, the `segment` and its
 * `row`s by number, where it had to begin anew `again` and all of them once more; `stray`; `end`.
 */
export const proofLine = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('evidence'),
    version: z.literal(1),
    at: text,
    /** Only rows of this tenant follow; the list of tenants is whole all the same. */
    tenant: text.optional(),
    jwks: z.object({ keys: z.array(z.looseObject({ kty: text })) }),
  }),
  z.object({ kind: z.literal('platform'), jws: text.nullable() }),
  z.object({ kind: z.literal('listed'), tenant: text, n: count, hash: text }),
  z.object({ kind: z.literal('head'), tenant: text, jws: text }),
  z.object({
    kind: z.literal('segment'),
    tenant: text,
    class: text,
    month: text,
    count,
    hash: text,
    droppedThrough: count,
    droppedHash: text,
  }),
  z.object({ kind: z.literal('row'), seq: z.number().int(), hash: text, evidence }),
  /** Rows of the tenant were dropped, their time being over, while it was read: what stood of it so far is void, and all of it follows. */
  z.object({ kind: z.literal('again'), tenant: text }),
  /** A row with a number that no segment has. */
  z.object({ kind: z.literal('stray'), seq: z.number().int(), evidence }),
  z.object({ kind: z.literal('end'), rows: count, unsealed: count }),
])
export type ProofLine = z.infer<typeof proofLine>

/** @throws SyntaxError for a line that is none of these */
export function readProofLine(line: string): ProofLine {
  const parsed = proofLine.safeParse(JSON.parse(line))
  if (!parsed.success) throw new SyntaxError('a line of the export is not one that a proof is made of')
  return parsed.data
}
