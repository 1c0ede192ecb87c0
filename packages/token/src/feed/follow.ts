import { setTimeout as pause } from 'node:timers/promises'
import { createFreshnessGauge } from './freshness.ts'
import { openReading, type Reading, type ReadingEnd } from './reading.ts'
import { createFeedState } from './state.ts'
import type { FeedIdentity } from './ticks.ts'
import type { Feed, FeedOptions } from './view.ts'

const RETRY_MS = 1_000

/**
 * Follows what auth publishes of its state. Resolves after the first attempt to open the streams, whether it succeeded or not: a node
 * may start before the bus, and is ready later. When the streams vanish or belong to another database they are read anew.
 */
export async function followFeed(options: FeedOptions): Promise<Feed> {
  const { bus, clock, log, staleAfterSeconds = 5, graceSeconds = 60, monotonic = () => performance.now() } = options
  const identity: FeedIdentity = { id: options.feed, configured: options.feed !== undefined }
  const state = createFeedState({ clock, log })
  const gauge = createFreshnessGauge({
    monotonic,
    staleAfterMs: staleAfterSeconds * 1_000,
    graceMs: graceSeconds * 1_000,
  })
  const ready = deferred()
  const stopping = new AbortController()
  let reading: Reading | undefined

  const open = async (after?: ReadingEnd): Promise<void> => {
    state.beginReread(after === 'replaced')
    try {
      reading = await openReading({ bus, log, identity, state, gauge, ticked: ready.resolve })
      if (stopping.signal.aborted) reading.end('stopped')
    } catch (error) {
      log.warn({ err: error }, 'feed cannot be opened; trying again')
    }
  }
  const keepReading = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const end = await reading?.ended
      await reading?.close().catch((error: unknown) => log.warn({ err: error }, 'a feed reading did not close'))
      reading = undefined
      if (end !== 'replaced') await pause(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (!stopping.signal.aborted) await open(end)
    }
    await reading?.close()
  }

  await open()
  const done = keepReading()
  return {
    view: {
      revoked: state.revocations.revoked,
      current: state.revocations.current,
      tenant: state.tenant,
      tenantBySlug: state.tenantBySlug,
      freshness: gauge.read,
      onRevocation: state.revocationHeard.add,
      onTenant: state.tenantHeard.add,
    },
    ready: () => ready.promise,
    async stop() {
      stopping.abort()
      reading?.end('stopped')
      ready.reject(new Error('the feed was stopped before it was ready'))
      await done
    },
  }
}

function deferred(): {
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: Error) => void
} {
  let resolve: () => void = () => undefined
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  // Whoever asks for readiness sees the rejection; nobody has to ask.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}
