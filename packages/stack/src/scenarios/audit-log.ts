import type { Running } from './running.ts'

/** A tool call as the audit log keeps it. */
export interface AuditedCall {
  readonly tool: string
  readonly outcome: string
  readonly actor: { readonly kind: string; readonly id: string; readonly client?: string }
}

/** The newest calls that the audit log has of every tenant. */
export async function auditedCalls({ publicUrl, secrets }: Pick<Running, 'publicUrl' | 'secrets'>) {
  const answer = await fetch(`${publicUrl}/admin/v1/audit/events?limit=200`, {
    headers: { authorization: `Bearer ${secrets.adminToken}` },
  })
  if (answer.status !== 200) throw new Error(`the audit query answered ${answer.status}: ${await answer.text()}`)
  return ((await answer.json()) as { events: readonly AuditedCall[] }).events.filter(({ tool }) => tool !== undefined)
}
