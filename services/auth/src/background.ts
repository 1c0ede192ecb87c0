import type { Bus } from '@gatehouse/bus'
import type { DatabaseHost, OutboxMessage } from '@gatehouse/database'
import { keepRotated, type ListedRing } from '@gatehouse/keyring'
import type { Closeable } from '@gatehouse/service'
import { auditOutbox } from './audit/append.ts'
import { outbox } from './feed/append.ts'
import { keepReconciled, type ReconcileDeps } from './feed/reconcile.ts'
import { keepTicking } from './feed/tick.ts'
import { CHORES } from './janitor/chores.ts'
import { type JanitorDeps, keepClean } from './janitor/janitor.ts'

export interface BackgroundDeps extends JanitorDeps {
  readonly profile: JanitorDeps['profile'] & ReconcileDeps['profile']
  readonly host: Pick<DatabaseHost, 'listen'>
  readonly bus: Bus
  readonly rings: readonly ListedRing[]
}

/** What works beside the requests: the drainers of both outboxes, the feed's tick and state, the schedule of keys, the janitor. */
export function startBackground(deps: BackgroundDeps): Closeable {
  const { db, host, bus, log } = deps
  const stopping = new AbortController()
  const draining = { db, host, publish: (message: OutboxMessage) => bus.publish(message), log }
  const drainer = outbox.startDrainer(draining)
  const auditDrainer = auditOutbox.startDrainer(draining)
  const work = [
    keepTicking({ ...deps, drainer }, stopping.signal),
    keepReconciled(deps, stopping.signal),
    keepClean(CHORES, deps, stopping.signal),
    keepRotated(deps.rings, log, stopping.signal),
  ]
  return {
    async close() {
      stopping.abort()
      await Promise.all([drainer.stop(), auditDrainer.stop()])
      await Promise.all(work)
    },
  }
}
