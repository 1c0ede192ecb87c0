import type { Tx } from '@gatehouse/database'
import { appendAudited } from './append.ts'

/** Tells the audit log that a person administered their organisation, or their own account, on a page. */
export const appendAdministered = (
  tx: Tx,
  of: {
    /** `member.role` */
    readonly action: string
    readonly tenantId?: string | undefined
    readonly by: string
    readonly object: readonly [kind: string, id: string]
    readonly now: Date
  },
): Promise<void> =>
  appendAudited(tx, 'administered', {
    tenant: of.tenantId,
    actor: { kind: 'person', id: of.by },
    outcome: 'succeeded',
    action: of.action,
    object: { kind: of.object[0], id: of.object[1] },
    now: of.now,
  })
