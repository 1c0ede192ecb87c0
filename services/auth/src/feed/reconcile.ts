import { setTimeout as pause } from 'node:timers/promises'
import type { Bus, IncomingMessage } from '@gatehouse/bus'
import {
  type Clock,
  type CloudEvent,
  DELTA_AGE_SECONDS,
  DELTA_SUBJECTS,
  dataOf,
  FEED_HEADER,
  FeedTick,
  PLATFORM,
  type Revocation,
  Revoked,
  readEvent,
  STREAMS,
  TenantState,
  type TenantStateData,
} from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import { followsSelection, type Profile } from '@gatehouse/profiles'
import type { Logger } from '@gatehouse/telemetry'
import { client_list_withdrawn } from '../clients/clients.store.ts'
import { grant_list_ended_since } from '../grants/grants.store.ts'
import { person_list_switched_since } from '../people/people.store.ts'
import { type Tenant, tenant_list } from '../tenants/tenants.store.ts'
import { revoked_token_list } from '../token/alive.store.ts'
import { appendRevoked, appendSwitch, appendTenantState, feed_id } from './append.ts'

export interface ReconcileDeps {
  readonly profile: Pick<Profile, 'tenancy'>
  readonly db: Database
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
}

const RETRY_MS = 1_000

/** What the streams hold in the name of this database. */
export interface Told {
  readonly tenants: ReadonlyMap<string, TenantStateData>
  /** Ids of the grants, tokens and clients that were taken back. */
  readonly grants: ReadonlySet<string>
  readonly tokens: ReadonlySet<string>
  readonly clients: ReadonlySet<string>
  /** Person → what they have selected last. */
  readonly switches: ReadonlyMap<string, { readonly tenant: string; readonly order: number }>
  /** Of people and memberships, by subject: what no row tells any more. */
  readonly untold: ReadonlyMap<string, Revocation>
  /** When the newest tick was written, milliseconds; absent without one. */
  readonly tickedAt: () => number | undefined
}

/** Resolves when all that the streams held was read. `gone` is called when one of them vanishes later. */
export async function readStreams(
  bus: Pick<Bus, 'follow'>,
  feed: string,
  gone: () => void,
): Promise<Told & { stop: () => Promise<void> }> {
  const tenants = new Map<string, TenantStateData>()
  const grants = new Set<string>()
  const tokens = new Set<string>()
  const clients = new Set<string>()
  const switches = new Map<string, { readonly tenant: string; readonly order: number }>()
  const untold = new Map<string, Revocation>()
  let tickedAt: number | undefined
  const ours = (read: (event: CloudEvent) => void) => (message: IncomingMessage) => {
    const event = message.headers[FEED_HEADER] === feed ? readEvent(message.data) : undefined
    if (event !== undefined) read(event)
  }
  const onGone = gone
  const state = await bus.follow(
    STREAMS.authState.name,
    { filter: 'auth.state.tenant.*', from: 'last-per-subject', onGone },
    ours((event) => {
      const tenant = dataOf(TenantState, event)
      if (tenant !== undefined) tenants.set(tenant.tenant, tenant)
    }),
  )
  const delta = await bus.follow(
    STREAMS.authDelta.name,
    { filter: 'auth.delta.>', from: 'first', onGone },
    ours((event) => {
      tickedAt = dataOf(FeedTick, event)?.at ?? tickedAt
      const revocation = dataOf(Revoked, event)
      if (revocation?.kind === 'person' || revocation?.kind === 'membership') {
        untold.set(DELTA_SUBJECTS.revoked(revocation), revocation)
      }
      if (revocation?.kind === 'grant') grants.add(revocation.grant)
      if (revocation?.kind === 'token') tokens.add(revocation.jti)
      if (revocation?.kind === 'client') clients.add(revocation.client)
      if (revocation?.kind === 'tenant-switch') {
        const { person, tenant, order = 0 } = revocation
        if ((switches.get(person)?.order ?? -1) < order) switches.set(person, { tenant, order })
      }
    }),
  )
  await Promise.all([state.caughtUp, delta.caughtUp])
  // From here on only their end is of interest.
  return {
    tenants,
    grants,
    tokens,
    clients,
    switches,
    untold,
    tickedAt: () => tickedAt,
    stop: async () => void (await Promise.all([state.stop(), delta.stop()])),
  }
}

/**
 * Makes the streams hold what this database knows: every tenant, and every grant that was taken back while its tokens could still be
 * alive. What is missing there, differs, or was told in another database's name is told again. Then waits until a stream vanishes,
 * and begins anew. Ends when it is aborted; never rejects.
 */
export async function keepReconciled(deps: ReconcileDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const again = new AbortController()
    const ended = AbortSignal.any([signal, again.signal])
    try {
      const feed = await deps.db.asPlatform('feed', feed_id)
      const reading = await unlessAborted(
        readStreams(deps.bus, feed, () => again.abort()),
        ended,
      )
      try {
        const missing = await tellMissing(reading, deps)
        if (missing > 0) deps.log.info({ feed, missing }, 'the feed was told what it did not hold')
        await aborted(ended)
      } finally {
        await reading.stop()
      }
    } catch (error) {
      if (!ended.aborted) deps.log.warn({ err: error }, 'the feed could not be checked')
    }
    if (!signal.aborted) await pause(RETRY_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** Resolves when it is aborted, which it may be already. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** A stream that does not answer must not keep the process from ending. What comes late is stopped when it comes. */
export async function unlessAborted<T extends { stop: () => Promise<void> }>(
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const stopped = aborted(signal).then(() => Promise.reject(new Error('stopped')))
  try {
    return await Promise.race([work, stopped])
  } catch (error) {
    void work.then(
      (late) => late.stop(),
      () => undefined,
    )
    throw error
  }
}

const tellMissing = (told: Told, deps: ReconcileDeps): Promise<number> =>
  deps.db.asPlatform('feed', async (tx) => {
    const { tenants, grants, tokens, clients, switched, count } = await missingIn(tx, told, deps)
    for (const tenant of tenants) await appendTenantState(tx, tenant)
    for (const { id, tenantId, reason } of grants)
      await appendRevoked(tx, tenantId, { kind: 'grant', grant: id, reason })
    for (const { jti, tenantId, reason } of tokens)
      await appendRevoked(tx, tenantId ?? PLATFORM, { kind: 'token', jti, reason })
    for (const { id, reason } of clients) await appendRevoked(tx, PLATFORM, { kind: 'client', client: id, reason })
    for (const one of switched) await appendSwitch(tx, one)
    return count
  })

/** What this database knows and the streams do not hold. */
export async function missingIn(tx: Tx, told: Told, { profile, clock }: Pick<ReconcileDeps, 'profile' | 'clock'>) {
  const since = new Date(clock.now() - DELTA_AGE_SECONDS * 1_000)
  const tenants = (await tenant_list(tx)).filter((tenant) => !isTold(tenant, told.tenants.get(tenant.id)))
  const grants = (await grant_list_ended_since(tx, since)).filter(({ id }) => !told.grants.has(id))
  const tokens = (await revoked_token_list(tx, new Date(clock.now()))).filter(({ jti }) => !told.tokens.has(jti))
  const clients = (await client_list_withdrawn(tx, since)).filter(({ id }) => !told.clients.has(id))
  const switched = (followsSelection(profile) ? await person_list_switched_since(tx, since) : []).filter(
    ({ personId, tenantId }) => told.switches.get(personId)?.tenant !== tenantId,
  )
  const count = tenants.length + grants.length + tokens.length + clients.length + switched.length
  return { tenants, grants, tokens, clients, switched, count }
}

const isTold = (tenant: Tenant, told: TenantStateData | undefined): boolean =>
  told !== undefined &&
  told.slug === tenant.slug &&
  told.name === tenant.name &&
  told.plan === tenant.plan &&
  told.status === tenant.status &&
  told.mcp === tenant.mcp
