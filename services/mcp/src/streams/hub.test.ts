import { mock } from 'node:test'
import type { Principal } from '@gatehouse/policy'
import { createMetrics } from '@gatehouse/telemetry'
import type { FeedView } from '@gatehouse/token'
import { type Test, test } from 'tap'
import { createHub } from './hub.ts'
import { createReplayWindow } from './replay-window.ts'
import type { HubStream } from './stream.ts'

const SLOW_MS = 3_000

const principal: Principal = {
  tenant: 'acme',
  kind: 'person',
  subject: 'p',
  scopes: new Set(),
  roles: [],
  credential: 'oauth',
  credentialId: 'j',
  issuedAt: 0,
  expiresAt: 1_000,
}

const feed: FeedView = {
  revoked: () => false,
  current: (principal) => principal,
  tenantBySlug: () => undefined,
  tenant: (tenant) => ({ tenant, slug: tenant, name: tenant, plan: 'free', status: 'active', mcp: true }),
  freshness: () => 'fresh',
  onRevocation: () => () => undefined,
  onTenant: () => () => undefined,
}

/** A hub whose second is `tick`. */
function openHub(t: Test) {
  mock.timers.enable({ apis: ['setInterval'] })
  const clock = { ms: 0, now: () => clock.ms }
  const hub = createHub({
    clock,
    feed,
    rules: { plansWithMcp: new Set(), implies: new Map(), permissions: new Map(), narrowing: new Set() },
    window: createReplayWindow({ clock, windowMs: 1_000, maxEntries: 10 }),
    metrics: createMetrics({ process: false }),
    capacity: { perNode: 10, perTenant: 10, perPrincipal: 10 },
    keepAliveMs: 60_000,
    slowReaderMs: SLOW_MS,
  })
  t.teardown(() => {
    hub.close()
    mock.timers.reset()
  })
  const tick = (): void => {
    clock.ms += 1_000
    mock.timers.tick(1_000)
  }
  return { hub, tick }
}

function attach(hub: ReturnType<typeof createHub>, behindSince: number | undefined): HubStream {
  let ended = false
  const stream: HubStream = {
    principal,
    uris: new Map(),
    lists: new Set(),
    markList: () => undefined,
    mark: () => undefined,
    flush: () => undefined,
    keepAlive: () => undefined,
    behindSince,
    end: () => {
      ended = true
    },
    get ended() {
      return ended
    },
  }
  hub.attach(stream)
  return stream
}

test('a reader that has taken nothing for too long is cut off, and one that keeps up is not', async (t) => {
  const { hub, tick } = openHub(t)
  const [slow, quick] = [attach(hub, 0), attach(hub, undefined)]
  for (let seconds = 0; seconds < SLOW_MS / 1_000; seconds += 1) tick()
  t.notOk(slow.ended, 'it has its whole time')
  tick()
  t.ok(slow.ended)
  t.notOk(quick.ended)
})
