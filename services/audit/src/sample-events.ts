import { createHash, randomUUID } from 'node:crypto'
import { auditSubject, type CloudEvent, sealEvent, ToolCalled, type ToolCalledData } from '@gatehouse/contracts'

/** For tests: the hash that stands for arguments. */
export const HASH = createHash('sha256').update('{}').digest('hex')

/** For tests: a tool call as a node reports it. */
export function toolCalled(
  over: Partial<ToolCalledData> = {},
  about: { readonly tenant?: string; readonly time?: string } = {},
): CloudEvent<ToolCalledData> {
  return sealEvent(
    ToolCalled,
    {
      source: '/services/mcp',
      tenant: about.tenant ?? 't1',
      now: new Date(about.time ?? '2026-03-01T10:00:00.000Z'),
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
    {
      tool: 'entry.create',
      outcome: 'succeeded',
      durationMs: 12,
      argumentsSha256: HASH,
      actor: { kind: 'person', id: 'p1', client: 'c1', grant: 'g1' },
      protocolVersion: '2026-07-28',
      requestId: 'r1',
      node: 'n1',
      ...over,
    },
  )
}

/** For tests: many events as one message of a node. */
export const messageOf = (...events: readonly unknown[]) => ({
  subject: auditSubject('n1'),
  id: randomUUID(),
  data: JSON.stringify({ events }),
})
