import { setTimeout as pause } from 'node:timers/promises'
import type { Bus } from '@gatehouse/bus'
import type { Clock } from '@gatehouse/contracts'
import type { Database, DatabaseHost } from '@gatehouse/database'
import { type Keyring, keepRotated } from '@gatehouse/keyring'
import type { Closeable } from '@gatehouse/service'
import type { Logger } from '@gatehouse/telemetry'
import { pushed_sweep } from './authorize/pushed.store.ts'
import { request_sweep } from './authorize/requests.store.ts'
import { outbox } from './feed/append.ts'
import { keepReconciled } from './feed/reconcile.ts'
import { keepTicking } from './feed/tick.ts'
import { session_sweep } from './people/sessions.store.ts'
import { IDLE_MS } from './people/sessions.ts'
import { revoked_token_sweep } from './token/alive.store.ts'
import { upstream_transaction_sweep } from './upstream/transactions.store.ts'

export interface BackgroundDeps {
  readonly db: Database
  readonly host: Pick<DatabaseHost, 'listen'>
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  readonly rings: readonly Keyring[]
}

const SWEEP_MS = 10 * 60_000

/** What works beside the requests: the outbox's drainer, the feed's tick and state, the schedule of keys, the sweeping of what has run out. */
export function startBackground(deps: BackgroundDeps): Closeable {
  const { db, host, bus, log } = deps
  const stopping = new AbortController()
  const drainer = outbox.startDrainer({ db, host, publish: (message) => bus.publish(message), log })
  const work = [
    keepTicking({ ...deps, drainer }, stopping.signal),
    keepReconciled(deps, stopping.signal),
    keepSweeping(deps, stopping.signal),
    keepRotated(deps.rings, log, stopping.signal),
  ]
  return {
    async close() {
      stopping.abort()
      await drainer.stop()
      await Promise.all(work)
    },
  }
}

async function keepSweeping({ db, clock, log }: BackgroundDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const nowMs = clock.now()
    try {
      await db.asPlatform('sweep', async (tx) => {
        await request_sweep(tx, new Date(nowMs - SWEEP_MS))
        await pushed_sweep(tx, new Date(nowMs - SWEEP_MS))
        await revoked_token_sweep(tx, new Date(nowMs))
        await session_sweep(tx, new Date(nowMs), new Date(nowMs - IDLE_MS))
        await upstream_transaction_sweep(tx, new Date(nowMs))
      })
    } catch (error) {
      log.debug({ err: error }, 'sweeping is left for the next time')
    }
    await pause(SWEEP_MS, undefined, { signal }).catch(() => undefined)
  }
}
