import { DeliverPolicy, type StreamInfo } from 'nats'
import { outageOf } from '../outage.ts'
import { pause, unlessAborted } from '../pause.ts'
import { afterGone, type Bus, type Follower, type From, type IncomingMessage } from '../port.ts'
import type { Parts } from './consumer.ts'
import { openOrdered, type Start } from './ordered.ts'
import { isStreamMissing } from './streams.ts'

type Options = Parameters<Bus['follow']>[1]

const RETRY_AFTER = 500

/** What is known of the stream that is being followed. */
export interface Known {
  /** When the server created it: another time is another stream of the same name. */
  readonly created: string
  /** Sequence of its newest message when the follower came to it. */
  readonly target: number
}

/** Is this another stream than the one that was followed up to `position`? Pure. */
export function isAnother(known: Known, position: number, info: Pick<StreamInfo, 'created' | 'state'>): boolean {
  return info.created !== known.created || info.state.last_seq < position
}

/** Where reading begins: after the last message that was handled, else where `from` says. Pure. */
export function startAt(from: From, position: number, known: Known): Start {
  const sequence = (first: number): Start => ({
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, first),
  })
  if (position > 0) return sequence(position + 1)
  if (from === 'first') return { deliver_policy: DeliverPolicy.All }
  if (from === 'last-per-subject') return { deliver_policy: DeliverPolicy.LastPerSubject }
  // A number instead of the server's "new", so that a reconnect before the first message loses nothing.
  if (from === 'new') return sequence(known.target + 1)
  if ('sequence' in from) return sequence(from.sequence)
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: from.time.toISOString() }
}

/**
 * Follows with ordered consumers, one after the other: whenever a message is missing, the server falls silent or the
 * connection changes, the next one begins after the last message that was handled.
 */
export async function startFollower(
  parts: Parts,
  stream: string,
  options: Options,
  handle: (message: IncomingMessage) => void,
): Promise<Follower> {
  const stopping = new AbortController()
  const { signal } = stopping
  const { connection, logger } = parts
  const outage = outageOf(logger, 'following a stream', { stream })
  let from = options.from
  let known: Known | undefined
  let position = 0
  let sayCaughtUp = (): void => undefined
  let sayTried = (): void => undefined
  const caughtUp = new Promise<void>((resolve) => {
    sayCaughtUp = resolve
  })
  const tried = new Promise<void>((resolve) => {
    sayTried = resolve
  })

  const gone = (): void => {
    known = undefined
    position = 0
    from = afterGone(from)
    logger.warn({ stream }, 'the followed stream is gone')
    options.onGone?.()
  }
  const deliver = (message: IncomingMessage, pending: number): void => {
    if (message.sequence <= position || signal.aborted) return
    try {
      handle({ ...message, delivery: 1 })
    } catch (error) {
      const facts = { err: error, stream, sequence: message.sequence }
      logger.error(facts, 'a follower threw; the message counts as handled')
    }
    position = message.sequence
    if (pending === 0 || position >= (known?.target ?? 0)) sayCaughtUp()
  }
  const session = async (): Promise<void> => {
    const { nats, signal: over, release } = await connection.session(signal)
    try {
      const jsm = await nats.jetstreamManager({ checkAPI: false, timeout: 2_000 })
      const info = await unlessAborted(over, jsm.streams.info(stream))
      if (known && isAnother(known, position, info)) gone()
      known ??= { created: info.created, target: info.state.last_seq }
      const wanted = { filter: options.filter, start: startAt(from, position, known), inbox: connection.inbox() }
      const ordered = openOrdered(nats, wanted, { deliver, idle: sayCaughtUp })
      over.addEventListener('abort', ordered.end)
      if (over.aborted) ordered.end()
      await ordered.begin((config) => unlessAborted(over, jsm.consumers.add(stream, config)))
      outage.ends()
      sayTried()
      await ordered.ended
    } finally {
      release()
    }
  }
  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await session()
      } catch (error) {
        if (signal.aborted) return
        if (known && isStreamMissing(error)) gone()
        outage.begins(error)
        sayTried()
        await pause(RETRY_AFTER, signal)
      }
    }
  }

  const working = work()
  // So that `new` means after this call. A server that is away does not hold the caller up.
  if (connection.isUp) await Promise.race([tried, pause(2_500, signal)])
  return {
    caughtUp,
    get position() {
      return position
    },
    async stop() {
      stopping.abort()
      await working
    },
  }
}
