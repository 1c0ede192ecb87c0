import { setTimeout as pause } from 'node:timers/promises'
import type { Bus, IncomingMessage } from '@gatehouse/bus'
import { dataOf, FEED_HEADER, readEvent, STREAMS, TenantState, type TenantStateData } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { Logger } from '@gatehouse/telemetry'
import { type Tenant, tenant_list } from '../tenants/tenants.store.ts'
import { appendTenantState, feed_id } from './append.ts'

export interface ReconcileDeps {
  readonly db: Database
  readonly bus: Bus
  readonly log: Logger
}

const RETRY_MS = 1_000

/** What the stream says of tenants, in the name of the feed `feed`. Resolves when all of it was read. */
async function readStream(
  bus: Bus,
  feed: string,
  gone: () => void,
): Promise<{ told: Map<string, TenantStateData>; stop: () => Promise<void> }> {
  const told = new Map<string, TenantStateData>()
  const read = (message: IncomingMessage): void => {
    const event = message.headers[FEED_HEADER] === feed ? readEvent(message.data) : undefined
    const tenant = event && dataOf(TenantState, event)
    if (tenant !== undefined) told.set(tenant.tenant, tenant)
  }
  const from = { filter: 'auth.state.tenant.*', from: 'last-per-subject', onGone: gone } as const
  const follower = await bus.follow(STREAMS.authState.name, from, read)
  await follower.caughtUp
  return { told, stop: () => follower.stop() }
}

/**
 * Makes the state stream hold every tenant of this database: what is missing there, differs, or was told in another database's name is
 * told again. Then waits until the stream vanishes, and begins anew. Ends when it is aborted; never rejects.
 */
export async function keepReconciled(deps: ReconcileDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const again = new AbortController()
    const ended = AbortSignal.any([signal, again.signal])
    try {
      const feed = await deps.db.asPlatform('feed', feed_id)
      const reading = await unlessAborted(
        readStream(deps.bus, feed, () => again.abort()),
        ended,
      )
      const missing = await tellMissing(reading.told, deps.db)
      if (missing > 0) deps.log.info({ feed, missing }, 'tenants were told to the state stream')
      await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }))
      await reading.stop()
    } catch (error) {
      if (!ended.aborted) deps.log.warn({ err: error }, 'the state stream could not be checked')
    }
    if (!signal.aborted) await pause(RETRY_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** A stream that does not answer must not keep the process from ending. What comes late is stopped when it comes. */
async function unlessAborted<T extends { stop: () => Promise<void> }>(
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true }),
  )
  try {
    return await Promise.race([work, aborted])
  } catch (error) {
    void work.then(
      (late) => late.stop(),
      () => undefined,
    )
    throw error
  }
}

async function tellMissing(told: ReadonlyMap<string, TenantStateData>, db: Database): Promise<number> {
  return db.asPlatform('feed', async (tx) => {
    const missing = (await tenant_list(tx)).filter((tenant) => !isTold(tenant, told.get(tenant.id)))
    for (const tenant of missing) await appendTenantState(tx, tenant)
    return missing.length
  })
}

const isTold = (tenant: Tenant, told: TenantStateData | undefined): boolean =>
  told !== undefined &&
  told.slug === tenant.slug &&
  told.name === tenant.name &&
  told.plan === tenant.plan &&
  told.status === tenant.status &&
  told.mcp === tenant.mcp
