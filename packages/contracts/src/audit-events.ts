import { z } from 'zod'
import { defineEvent } from './event.ts'

/** Who did it: a person, a key or a service, through which client. Names and ids, never a credential. */
export const actor = z.object({
  kind: z.enum(['person', 'key', 'service']),
  id: z.string(),
  client: z.string().optional(),
  grant: z.string().optional(),
})

/** One per tool call, refused ones too. Names and hashes, never values: a value may be a secret. */
export const ToolCalled = defineEvent(
  'mcp.tool-called',
  1,
  z.object({
    tool: z.string(),
    outcome: z.enum(['succeeded', 'failed', 'refused', 'timed-out']),
    /** Why it was refused or failed, as a stable code; absent on success. */
    reason: z.string().optional(),
    durationMs: z.number().int().nonnegative(),
    argumentsSha256: z.string().length(64).describe('Hex SHA-256 of the canonical JSON (RFC 8785) of the arguments.'),
    actor,
    protocolVersion: z.string(),
    requestId: z.string(),
    node: z.string(),
  }),
)
export type ToolCalledData = z.infer<typeof ToolCalled.schema>
