import { DeliverPolicy, type StreamInfo } from 'nats'
import { outageOf } from '../outage.ts'
import { pause, unlessAborted } from '../pause.ts'
import { afterGone, type Bus, type Follower, type From, type IncomingMessage } from '../port.ts'
import type { Parts } from './consumer.ts'
import { openOrdered, type Start } from './ordered.ts'
import { unlessMissing } from './streams.ts'

type Options = Parameters<Bus['follow']>[1]

const RETRY_AFTER = 500
/** Milliseconds. A new leader of a cluster has by then taken over what its followers had; a stream that is still too short has lost messages. */
const BEHIND_FOR = 10_000

/** What is known of the stream that is being followed. */
export interface Known {
  /** When the server created it: another time is another stream of the same name. */
  readonly created: string
  /** Sequence of its newest message when the follower came to it. */
  readonly target: number
}

/** The last message that was handled. */
export type Handled = Pick<IncomingMessage, 'sequence' | 'time'>

/**
 * Is this the stream that was followed up to `position`? A server that leads a cluster since a moment ago may not show all of it yet: such a
 * stream is `behind`, and `another` if it stays so. Pure.
 * @param info `undefined`: there is no such stream
 * @param behindMs for how long it has been behind
 */
export function judgeStream(
  known: Known,
  position: number,
  info: Pick<StreamInfo, 'created' | 'state'> | undefined,
  behindMs: number,
): 'same' | 'behind' | 'another' {
  if (info !== undefined && info.created !== known.created) return 'another'
  if (info !== undefined && info.state.last_seq >= Math.max(position, known.target)) return 'same'
  return behindMs < BEHIND_FOR ? 'behind' : 'another'
}

/**
 * Does the first message that is read again show that the stream holds what was handled? One that lost its newest messages gives their numbers to
 * others, and by its length alone nobody can tell. `undefined`: this message does not say. Pure.
 * @param doubted it was behind: then only the very message that was handled counts as proof
 */
export function goesOn(handled: Handled, doubted: boolean, first: Handled): boolean | undefined {
  if (first.sequence < handled.sequence) return undefined
  if (first.sequence === handled.sequence) return first.time.getTime() === handled.time.getTime()
  return !doubted
}

/** Where reading begins: at the last message that was handled, which is looked at and not handled again, else where `from` says. Pure. */
export function startAt(from: From, position: number, known: Known): Start {
  const sequence = (first: number): Start => ({
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, first),
  })
  if (position > 0) return sequence(position)
  if (from === 'first') return { deliver_policy: DeliverPolicy.All }
  if (from === 'last-per-subject') return { deliver_policy: DeliverPolicy.LastPerSubject }
  // A number instead of the server's "new", so that a reconnect before the first message loses nothing.
  if (from === 'new') return sequence(known.target + 1)
  if ('sequence' in from) return sequence(from.sequence)
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: from.time.toISOString() }
}

/**
 * Follows with ordered consumers, one after the other: whenever a message is missing, the server falls silent or the
 * connection changes, the next one goes on after the last message that was handled.
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
  let handled: Handled | undefined
  let behindSince: number | undefined
  let sayCaughtUp = (): void => undefined
  let sayTried = (): void => undefined
  const caughtUp = new Promise<void>((resolve) => {
    sayCaughtUp = resolve
  })
  const tried = new Promise<void>((resolve) => {
    sayTried = resolve
  })

  const position = (): number => handled?.sequence ?? 0
  const gone = (): void => {
    known = undefined
    handled = undefined
    behindSince = undefined
    from = afterGone(from)
    logger.warn({ stream }, 'the followed stream is gone')
    options.onGone?.()
  }
  const deliver = (message: IncomingMessage, pending: number): void => {
    try {
      handle({ ...message, delivery: 1 })
    } catch (error) {
      const facts = { err: error, stream, sequence: message.sequence }
      logger.error(facts, 'a follower threw; the message counts as handled')
    }
    handled = { sequence: message.sequence, time: message.time }
    if (pending === 0 || message.sequence >= (known?.target ?? 0)) sayCaughtUp()
  }
  /** @throws while the stream is behind, or missing */
  const recognize = (info: StreamInfo | undefined): Known => {
    const now = performance.now()
    const judged = known && judgeStream(known, position(), info, now - (behindSince ?? now))
    if (judged === 'behind' && behindSince === undefined) {
      behindSince = now
      logger.warn({ stream, position: position(), last: info?.state.last_seq }, 'the followed stream is not all there')
    }
    if (judged === 'another') gone()
    if (info === undefined) throw new Error('there is no such stream')
    if (judged === 'behind') throw new Error(`the stream ends at ${info.state.last_seq}, before what there was`)
    known ??= { created: info.created, target: info.state.last_seq }
    return known
  }
  const session = async (): Promise<void> => {
    const { nats, signal: over, release } = await connection.session(signal)
    try {
      const jsm = await nats.jetstreamManager({ checkAPI: false, timeout: 2_000 })
      const found = recognize(await unlessAborted(over, jsm.streams.info(stream).catch(unlessMissing)))
      let sure = false
      const hear = (message: IncomingMessage, pending: number): void => {
        if (signal.aborted) return
        const same = sure || handled === undefined || goesOn(handled, behindSince !== undefined, message)
        if (same === undefined) return
        if (!same) {
          gone()
          ordered.end()
          return
        }
        sure = true
        behindSince = undefined
        if (message.sequence > position()) deliver(message, pending)
      }
      const start = startAt(from, position(), found)
      const wanted = { filter: options.filter, start, inbox: connection.inbox() }
      const ordered = openOrdered(nats, wanted, { deliver: hear, idle: sayCaughtUp })
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
      return position()
    },
    async stop() {
      stopping.abort()
      await working
    },
  }
}
