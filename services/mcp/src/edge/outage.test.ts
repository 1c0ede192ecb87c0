import type { Bus, IncomingMessage } from '@gatehouse/bus'
import { systemClock } from '@gatehouse/contracts'
import { silentLogger } from '@gatehouse/telemetry'
import { eventually } from '@gatehouse/testkit'
import { createTokenVerifier, followFeed, localJwks } from '@gatehouse/token'
import { t as file, type Test, test } from 'tap'
import type { Introspect } from '../deps.ts'
import { listenOn, openListen } from '../testing/listening.ts'
import { ISSUER, jwks, KEYS, openParts, openRig, RESOURCE, TENANTS } from '../testing/rig.ts'
import { modern } from '../testing/wire.ts'

/** What a credential is worth while the message bus, auth, both or none are away; by how long no tick has come. */

const GRACE_SECONDS = 60
/** Milliseconds to what the feed calls stale, and to what it calls expired. */
const AGES = { 'at once': 0, stale: 5_001, expired: (5 + GRACE_SECONDS) * 1_000 + 1 }
type Age = keyof typeof AGES
type State = 'up' | 'away'

/** Statuses of tools/list: of credentials that are good, and of those that were taken back when this age was reached. */
interface Answers {
  readonly token: number
  /** A key that this node knows from before. */
  readonly knownKey: number
  readonly newKey: number
  /** Its grant has ended; where auth is away nobody can end one. */
  readonly revoked?: number
  /** Its workspace was suspended. */
  readonly suspended?: number
  /** A stream that was open before. */
  readonly stream: 'open' | 'ended'
}

const LOCAL = { token: 200, knownKey: 200, newKey: 503, stream: 'open' } as const
const CLOSED = { token: 503, knownKey: 503, newKey: 503, stream: 'ended' } as const
const ASKED = { token: 200, knownKey: 200, newKey: 200, revoked: 401, suspended: 423 } as const

const CELLS: readonly (readonly [bus: State, auth: State, age: Age, answers: Answers])[] = [
  // Ticks flow: all is known here within a second, and nobody is asked.
  ['up', 'up', 'at once', { ...ASKED, stream: 'open' }],
  // Ticks come from auth, so without it they end: what is known is believed, for the grace alone.
  ['up', 'away', 'at once', LOCAL],
  ['up', 'away', 'stale', LOCAL],
  ['up', 'away', 'expired', CLOSED],
  // Before five seconds are over nobody can know; then auth is asked of each credential, and its word is as good as the feed.
  ['away', 'up', 'at once', { ...ASKED, revoked: 200, suspended: 200, stream: 'open' }],
  ['away', 'up', 'stale', { ...ASKED, stream: 'open' }],
  ['away', 'up', 'expired', { ...ASKED, stream: 'ended' }],
  ['away', 'away', 'at once', LOCAL],
  ['away', 'away', 'stale', LOCAL],
  ['away', 'away', 'expired', CLOSED],
]

const parts = await openParts()
file.teardown(() => parts.close())

/** A bus that holds back what it has for a reader while it is away, and tells it afterwards. */
function interrupted(bus: Bus, away: () => boolean): { readonly bus: Bus; readonly deliver: () => void } {
  const held: (() => void)[] = []
  const follow: Bus['follow'] = (stream, options, handle) =>
    bus.follow(stream, options, (message: IncomingMessage) => {
      if (away()) held.push(() => handle(message))
      else handle(message)
    })
  return {
    bus: { ...bus, driver: bus.driver, follow },
    deliver: () => {
      for (const one of held.splice(0)) one()
    },
  }
}

/** A node with a feed of its own, whose time the test moves on. */
async function openNode(t: Test, graceSeconds: number) {
  const state: Record<'bus' | 'auth', State> = { bus: 'up', auth: 'up' }
  /** Ahead of the real time; while something is away no time goes by but what the test skips, however slow the machine is. */
  let ahead = 0
  let stopped: number | undefined
  const monotonic = (): number => stopped ?? performance.now() + ahead
  const way = interrupted(parts.bus, () => state.bus === 'away' || state.auth === 'away')
  const feed = await followFeed({
    ...{ bus: way.bus, clock: systemClock, log: silentLogger, graceSeconds },
    monotonic,
  })
  t.teardown(() => feed.stop())
  await feed.ready()
  const ended = new Set<string>()
  const suspended = new Set<string>()
  const ask = async <T>(answer: () => T): Promise<T> => {
    if (state.auth === 'away') throw new Error('auth is away')
    return answer()
  }
  const introspect: Introspect = (credential) =>
    ask(() => ({
      active: !ended.has(credential),
      tenant_status: suspended.has(credential) ? ('suspended' as const) : ('active' as const),
    }))
  const verifier = createTokenVerifier({
    ...{ jwks: localJwks(() => jwks), issuers: [ISSUER], audiences: [RESOURCE], clock: systemClock, feed: feed.view },
  })
  const exchangeKey = (key: string) => ask(() => KEYS[key])
  const rig = await openRig(parts, { feed: feed.view, verifier, introspect, exchangeKey })
  t.teardown(() => rig.close())
  return {
    rig,
    feed: feed.view,
    ended,
    suspended,
    turn(bus: State, auth: State) {
      Object.assign(state, { bus, auth })
      const whole = bus === 'up' && auth === 'up'
      const now = monotonic()
      stopped = whole ? undefined : now
      if (!whole) return
      ahead = now - performance.now()
      way.deliver()
    },
    /** No tick comes meanwhile. */
    skip(ms: number) {
      if (stopped !== undefined) stopped += ms
    },
  }
}

for (const [bus, auth, age, wanted] of CELLS) {
  test(`the bus is ${bus}, auth is ${auth}, ${age}: tokens, keys and streams are worth what is known of them [S-AU-16]`, async (t) => {
    const { rig, feed, ended, suspended, turn, skip } = await openNode(t, GRACE_SECONDS)
    const port = await listenOn(rig)
    const good = await rig.token()
    const gone = await rig.token({ grant_id: `gone ${bus} ${auth} ${age}` })
    const halted = await rig.token({ tenant_id: 'globex' })
    const status = async (credential: string): Promise<number> => {
      const answer = await modern(rig, credential, 'tools/list')
      if (answer.status === 503) t.match(answer.headers['retry-after'], /^[1-9]\d*$/)
      return answer.status
    }
    for (const credential of [good, gone, halted, 'notes_good']) t.equal(await status(credential), 200)
    const stream = await openListen(port, good, { resourceSubscriptions: ['notes://notes'] })
    let open = true
    void stream.closed.then(() => {
      open = false
    })
    t.teardown(() => stream.leave())

    turn(bus, auth)
    if (auth === 'up') {
      ended.add(gone)
      suspended.add(halted)
      const heard = new Promise((resolve) => feed.onRevocation(resolve))
      await rig.revoke({ kind: 'grant', grant: `gone ${bus} ${auth} ${age}`, at: 1, reason: 'test' })
      await setStatus('suspended')
      if (bus === 'up') {
        await heard
        await eventually(5_000, 'what was taken back', () => feed.tenant('globex')?.status === 'suspended')
      }
    }
    skip(AGES[age])
    const found: Record<string, unknown> = {
      ...{ token: await status(good), knownKey: await status('notes_good'), newKey: await status('notes_revocable') },
      ...(auth === 'up' ? { revoked: await status(gone), suspended: await status(halted) } : {}),
    }
    // A beat of the hub, which looks after its streams once a second.
    if (wanted.stream === 'ended') await stream.closed
    t.strictSame({ ...found, stream: open ? 'open' : 'ended' }, { ...wanted })

    turn('up', 'up')
    if (age !== 'at once') await eventually(5_000, 'ticks that flow', () => feed.freshness() === 'fresh')
    t.equal(await status(good), 200, 'when both are back all is as before')
    if (auth === 'up') {
      await eventually(5_000, '401', async () => (await status(gone)) === 401)
      t.equal(await status(halted), 423)
      await setStatus('active')
    }
  })
}

const setStatus = async (status: 'active' | 'suspended'): Promise<void> => {
  const globex = TENANTS.find(({ tenant }) => tenant === 'globex')
  if (globex === undefined) throw new Error('globex is not there')
  await parts.auth.setTenant({ ...globex, status })
  // The feed of the parts has heard it: so has each that is not held back.
  await eventually(5_000, status, () => parts.feed.view.tenant('globex')?.status === status)
}

test('a profile without a grace believes nothing that auth does not say, from the first moment without ticks', async (t) => {
  const { rig, turn, skip } = await openNode(t, 0)
  const token = await rig.token()
  turn('away', 'away')
  t.equal((await modern(rig, token, 'tools/list')).status, 200)
  skip(AGES.stale)
  t.match(await modern(rig, token, 'tools/list'), { status: 503, headers: { 'retry-after': '5' } })
  turn('away', 'up')
  await eventually(5_000, 'the word of auth', async () => (await modern(rig, token, 'tools/list')).status === 200)
})
