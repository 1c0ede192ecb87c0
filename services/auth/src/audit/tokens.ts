import type { Clock } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import type { Reason } from '../errors.ts'
import type { Params } from '../http/form.ts'
import type { Limiter } from '../http/limiter.ts'
import type { Issue } from '../token/mint.ts'
import { appendAudited } from './append.ts'

/** Part of the transaction that uses up what the tokens are issued for. */
export const appendIssued = (
  tx: Tx,
  of: { readonly holder: Issue['holder']; readonly type: string; readonly now: Date },
): Promise<void> => {
  const { subject, clientId: client, grantId, tenantId } = of.holder
  const actor =
    grantId === undefined ? { kind: 'client' as const, id: client } : { kind: 'person' as const, id: subject }
  return appendAudited(tx, 'tokenIssued', {
    tenant: tenantId,
    actor: { ...actor, client, ...(grantId === undefined ? {} : { grant: grantId }) },
    outcome: 'succeeded',
    action: of.type,
    now: of.now,
  })
}

/** A refresh token that was used before: whoever shows it, its family has ended. */
export const appendReused = (
  tx: Tx,
  grant: { readonly id: string; readonly tenantId: string; readonly personId: string; readonly clientId: string },
  now: Date,
): Promise<void> =>
  appendAudited(tx, 'refreshReused', {
    tenant: grant.tenantId,
    actor: { kind: 'nobody', client: grant.clientId, grant: grant.id },
    outcome: 'refused',
    reason: 'refresh.reused',
    object: { kind: 'person', id: grant.personId },
    now,
  })

/** Of one address, for one reason: what is more than that in a minute is the same again, and would fill the log at will. */
const REFUSALS = { limit: 30, windowMs: 60_000 }

/** A refusal changes nothing, so it has a transaction of its own. Never rejects: the refusal itself is what has to be answered. */
export async function tellRefused(
  { db, clock, limiter }: { readonly db: Database; readonly clock: Clock; readonly limiter: Limiter },
  of: { readonly form: Params; readonly sender: string; readonly reason: Reason },
): Promise<void> {
  const { form, sender, reason } = of
  if (reason === 'unavailable' || (await limiter.count(`refusal:${reason}:${sender}`, REFUSALS)) !== undefined) return
  const told = db.asPlatform('audit', (tx) =>
    appendAudited(tx, 'tokenRefused', {
      actor: { kind: 'nobody' },
      outcome: 'refused',
      reason,
      ...typeOf(form),
      now: new Date(clock.now()),
    }),
  )
  await told.catch(() => undefined)
}

const TYPES = new Set(['authorization_code', 'refresh_token', 'client_credentials'])

/** What is none of ours is the sender's own text. */
function typeOf(form: Params): { readonly action?: string } {
  const type = form.get('grant_type')
  return type !== undefined && TYPES.has(type) ? { action: type } : {}
}
