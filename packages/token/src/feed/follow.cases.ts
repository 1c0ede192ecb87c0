import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Bus } from '@gatehouse/bus'
import {
  DELTA_SUBJECTS,
  FEED_HEADER,
  FeedTick,
  type Revocation,
  Revoked,
  STREAMS,
  sealEvent,
  stateSubject,
  systemClock,
  TenantState,
} from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'
import { silentLogger } from '@gatehouse/telemetry'
import { eventually } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { followFeed } from './follow.ts'
import type { Feed, FeedOptions } from './view.ts'

/** A bus whose streams the cases may delete. */
export interface FeedBus {
  readonly bus: Bus
  deleteStreams(): Promise<void>
  /** Takes the bus away while `during` runs, where that can be done. */
  readonly outage?: (during: () => Promise<void>) => Promise<void>
  close(): Promise<void>
}

const ACME = { tenant: 't1', slug: 'acme', name: 'Acme', plan: 'business', status: 'active', mcp: true } as const
const reason = 'test'
const nowSeconds = (): number => Math.floor(Date.now() / 1_000)

const principal = (over: Partial<Principal> = {}): Principal => ({
  tenant: 't1',
  kind: 'person',
  subject: 'p1',
  client: 'c1',
  scopes: new Set(),
  roles: [],
  grant: 'g1',
  credential: 'oauth',
  credentialId: randomUUID(),
  issuedAt: nowSeconds(),
  expiresAt: nowSeconds() + 600,
  ...over,
})

/** What auth publishes, under one feed id. */
function authOf(bus: Bus, feed: string) {
  const about = () => ({ source: '/services/auth', tenant: '*', now: new Date() })
  let position = 0
  const send = (subject: string, event: unknown) =>
    bus.publish({ subject, id: randomUUID(), data: JSON.stringify(event), headers: { [FEED_HEADER]: feed } })
  return {
    tick() {
      position += 1
      return send(
        DELTA_SUBJECTS.tick,
        sealEvent(FeedTick, about(), { feed, position: String(position), at: Date.now() }),
      )
    },
    revoke: (what: Revocation) => send(DELTA_SUBJECTS.revoked(what), sealEvent(Revoked, about(), what)),
    tenant: (tenant: Parameters<typeof sealEvent<typeof TenantState.schema>>[2]) =>
      send(stateSubject('tenant', tenant.tenant), sealEvent(TenantState, about(), tenant)),
  }
}

/** Ticks ten times a second until the freshness is what is awaited. Fails the test after the deadline. */
async function tickUntil(
  feed: Feed,
  auth: ReturnType<typeof authOf>,
  wanted: string,
  deadlineMs = 8_000,
): Promise<void> {
  const ends = Date.now() + deadlineMs
  while (feed.view.freshness() !== wanted) {
    if (Date.now() > ends) throw new Error(`still ${feed.view.freshness()}, not ${wanted}`)
    await auth.tick()
    await once(AbortSignal.timeout(100), 'abort')
  }
}

const within = async <T>(ms: number, what: string, promise: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** The promises of the feed, over whichever bus. */
export function feedCases(name: string, open: (t: Test) => Promise<FeedBus>): void {
  test(`feed over ${name}`, async (suite) => {
    const { bus, deleteStreams, outage, close } = await open(suite)
    suite.teardown(close)
    const createStreams = () => bus.ensureStreams([STREAMS.authState, STREAMS.authDelta])

    const begin = async (t: Test, options: Partial<FeedOptions> = {}): Promise<Feed> => {
      const feed = await followFeed({ bus, clock: systemClock, log: silentLogger, ...options })
      t.teardown(() => feed.stop())
      return feed
    }
    suite.beforeEach(async () => {
      await deleteStreams()
      await createStreams()
    })

    await suite.test('a fresh node knows old revocations and tenants before it is ready', async (t) => {
      const auth = authOf(bus, 'A')
      await auth.tenant(ACME)
      await auth.tick()
      await auth.revoke({ kind: 'grant', grant: 'g1', at: nowSeconds(), reason })
      const feed = await begin(t)
      t.equal(feed.view.freshness(), 'expired', 'a tick from before it came does not count')
      await tickUntil(feed, auth, 'fresh')
      await feed.ready()
      t.ok(feed.view.revoked(principal()))
      t.notOk(feed.view.revoked(principal({ grant: 'g2' })))
      t.same(feed.view.tenant('t1'), ACME)
      t.equal(feed.view.tenant('t2'), undefined)
    })

    await suite.test('a revocation is effective within one second', async (t) => {
      const auth = authOf(bus, 'A')
      const feed = await begin(t)
      await tickUntil(feed, auth, 'fresh')
      const victim = principal()
      const heard = new Promise<Revocation>((resolve) => feed.view.onRevocation(resolve))
      feed.view.onRevocation(() => {
        throw new Error('a listener that fails')
      })
      t.notOk(feed.view.revoked(victim))
      const what: Revocation = { kind: 'token', jti: victim.credentialId, at: nowSeconds(), reason }
      await auth.revoke(what)
      t.same(await within(1_000, 'revocation', heard), what)
      t.ok(feed.view.revoked(victim))
    })

    await suite.test('a changed tenant is heard, an unchanged one is not', async (t) => {
      const auth = authOf(bus, 'A')
      await auth.tenant(ACME)
      const feed = await begin(t)
      await tickUntil(feed, auth, 'fresh')
      const heard: unknown[] = []
      const changed = new Promise<void>((resolve) => {
        feed.view.onTenant((tenant) => {
          heard.push(tenant)
          resolve()
        })
      })
      await auth.tenant(ACME)
      await auth.tenant({ ...ACME, status: 'suspended' })
      await within(1_000, 'tenant', changed)
      t.same(heard, [{ ...ACME, status: 'suspended' }])
      t.equal(feed.view.tenant('t1')?.status, 'suspended')
    })

    await suite.test('without ticks it is stale after five seconds and expired after the grace', async (t) => {
      const auth = authOf(bus, 'A')
      let now = 0
      const feed = await begin(t, { monotonic: () => now })
      await tickUntil(feed, auth, 'fresh')
      now += 5_001
      t.equal(feed.view.freshness(), 'stale')
      now += 60_000
      t.equal(feed.view.freshness(), 'expired')
    })

    await suite.test("a configured feed believes no other database's messages", async (t) => {
      const ours = authOf(bus, 'A')
      const other = authOf(bus, 'B')
      await other.tick()
      const feed = await begin(t, { feed: 'A' })
      await tickUntil(feed, ours, 'fresh')
      await other.revoke({ kind: 'grant', grant: 'g1', at: nowSeconds(), reason })
      await other.tenant({ ...ACME, tenant: 't9' })
      await eventually(1_000, 'staleness', () => feed.view.freshness() === 'stale')
      t.notOk(feed.view.revoked(principal()))
      t.equal(feed.view.tenant('t9'), undefined)
      await t.rejects(tickUntil(feed, other, 'fresh', 1_500), /still stale/, "another database's ticks never help")
      await tickUntil(feed, ours, 'fresh')
    })

    await suite.test(
      "when auth's database was replaced the feed is read again, stale until that is done",
      async (t) => {
        const before = authOf(bus, 'A')
        await before.tenant(ACME)
        const feed = await begin(t)
        await tickUntil(feed, before, 'fresh')
        const after = authOf(bus, 'B')
        await after.tenant({ ...ACME, tenant: 't2', slug: 'globex' })
        await after.revoke({ kind: 'grant', grant: 'g1', at: nowSeconds(), reason })
        await after.tick()
        await tickUntil(feed, after, 'stale')
        t.ok(feed.view.tenant('t1'), 'still known')
        await tickUntil(feed, after, 'fresh')
        t.equal(feed.view.tenant('t1'), undefined)
        t.equal(feed.view.tenant('t2')?.slug, 'globex')
        t.ok(feed.view.revoked(principal()), 'what was said before the switch is known')
      },
    )

    await suite.test('a node that comes after the replacement follows the new database', async (t) => {
      const before = authOf(bus, 'A')
      await before.tick()
      const after = authOf(bus, 'B')
      await after.tenant(ACME)
      await after.tick()
      const feed = await begin(t)
      await tickUntil(feed, after, 'fresh')
      t.same(feed.view.tenant('t1'), ACME)
    })

    await suite.test(
      'streams that vanish make it stale; rebuilt ones are read, and nothing revoked is forgotten',
      async (t) => {
        const auth = authOf(bus, 'A')
        await auth.tenant(ACME)
        await auth.revoke({ kind: 'grant', grant: 'g1', at: nowSeconds(), reason })
        const feed = await begin(t)
        await tickUntil(feed, auth, 'fresh')
        await deleteStreams()
        await createStreams()
        await tickUntil(feed, auth, 'stale')
        await tickUntil(feed, auth, 'fresh')
        t.same(feed.view.tenant('t1'), ACME, 'known before auth has told it again')
        await auth.tenant({ ...ACME, plan: 'free' })
        await eventually(1_000, 'the tenant of the rebuilt stream', () => feed.view.tenant('t1')?.plan === 'free')
        t.ok(feed.view.revoked(principal()))
      },
    )

    await suite.test(
      'a bus that goes away makes it stale, and it is fresh again by itself when the bus is back',
      { skip: outage === undefined && 'the embedded bus lives in this process and cannot be away' },
      async (t) => {
        const auth = authOf(bus, 'A')
        const feed = await begin(t, { staleAfterSeconds: 1 })
        await tickUntil(feed, auth, 'fresh')
        await auth.revoke({ kind: 'grant', grant: 'g1', at: nowSeconds(), reason })
        await outage?.(() =>
          eventually(5_000, 'staleness', () => feed.view.freshness() === 'stale').then(() => undefined),
        )
        const revoke = () => auth.revoke({ kind: 'grant', grant: 'g2', at: nowSeconds(), reason })
        await eventually(20_000, 'a bus that takes messages', revoke)
        await tickUntil(feed, auth, 'fresh', 20_000)
        t.ok(feed.view.revoked(principal()))
        t.ok(feed.view.revoked(principal({ grant: 'g2' })))
      },
    )

    await suite.test('a feed that is stopped is never ready', async (t) => {
      const feed = await begin(t)
      const ready = feed.ready()
      await feed.stop()
      await t.rejects(ready, /stopped/)
    })
  })
}
