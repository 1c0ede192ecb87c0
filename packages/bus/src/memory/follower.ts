import { outageOf } from '../outage.ts'
import { pause } from '../pause.ts'
import { afterGone, type Bus, type Follower, type From, type IncomingMessage } from '../port.ts'
import { subjectPattern } from '../subjects.ts'
import { type Range, readLastPerSubject, readMessages, type StoredMessage } from './messages.store.ts'
import { LOOK_EVERY, type Parts } from './parts.ts'
import { headOf, type StreamHead } from './streams.store.ts'

type Options = Parameters<Bus['follow']>[1]

const READ_AT_ONCE = 500

/** Where a follower stands in the one incarnation of a stream that it reads. */
interface Place {
  readonly incarnation: string
  /** Everything up to here has been read. */
  cursor: number
  /** Up to here only the newest message of each subject counts. */
  readonly lastPerSubjectUntil: number
  /** Everything up to here was stored before the follower came. */
  readonly target: number
  readonly since: number
}

/** A place at the start of reading; pure. */
export function placeAt(from: From, head: StreamHead): Place {
  const { incarnation, lastSequence } = head
  const place = { incarnation, cursor: 0, lastPerSubjectUntil: 0, target: lastSequence, since: 0 }
  if (from === 'new') return { ...place, cursor: lastSequence }
  if (from === 'last-per-subject') return { ...place, lastPerSubjectUntil: lastSequence }
  if (from === 'first') return place
  return 'sequence' in from ? { ...place, cursor: from.sequence - 1 } : { ...place, since: from.time.getTime() }
}

/** Returns when the place has been fixed, so that `new` means after this call; a stream that is away is tried again. */
export async function startFollower(
  parts: Parts,
  stream: string,
  options: Options,
  handle: (message: IncomingMessage) => void,
): Promise<Follower> {
  const stopping = new AbortController()
  const { signal } = stopping
  const { logger } = parts
  const outage = outageOf(logger, 'following a stream', { stream })
  const pattern = subjectPattern(options.filter ?? '>')
  let from = options.from
  let place: Place | undefined
  let position = 0
  let sayCaughtUp = (): void => undefined
  const caughtUp = new Promise<void>((resolve) => {
    sayCaughtUp = resolve
  })

  const gone = (): void => {
    place = undefined
    position = 0
    from = afterGone(from)
    logger.warn({ stream }, 'the followed stream is gone')
    options.onGone?.()
  }
  const read = async (): Promise<readonly StoredMessage[]> => {
    const found = await readOnce()
    if (found !== 'gone') return found
    gone()
    return read()
  }
  const readOnce = (): Promise<readonly StoredMessage[] | 'gone'> =>
    parts.database.asPlatform('bus: follow', async (tx) => {
      const head = await headOf(tx, stream)
      if (place && head?.incarnation !== place.incarnation) return 'gone'
      if (!head) throw new Error(`there is no stream ${stream}: run the migration step`)
      place ??= placeAt(from, head)
      const age = head.maxAgeSeconds
      const notBefore = new Date(Math.max(place.since, age === undefined ? 0 : parts.clock.now() - age * 1_000))
      const range: Range = { stream, after: place.cursor, pattern, notBefore, limit: READ_AT_ONCE }
      if (place.cursor >= place.lastPerSubjectUntil) return readMessages(tx, range)
      const newest = await readLastPerSubject(tx, range, place.lastPerSubjectUntil)
      if (newest.length > 0) return newest
      place.cursor = place.lastPerSubjectUntil
      return readMessages(tx, { ...range, after: place.cursor })
    })
  const look = async (): Promise<readonly StoredMessage[] | undefined> => {
    try {
      const messages = await read()
      outage.ends()
      return messages
    } catch (error) {
      outage.begins(error)
      return undefined
    }
  }
  const deliver = (message: StoredMessage): void => {
    try {
      handle({ ...message, delivery: 1 })
    } catch (error) {
      logger.error(
        { err: error, stream, sequence: message.sequence },
        'a follower threw; the message counts as handled',
      )
    }
    position = message.sequence
    if (place) place.cursor = message.sequence
  }
  const run = async (firstRound: number, first: readonly StoredMessage[] | undefined): Promise<void> => {
    let round = firstRound
    let messages = first
    while (!signal.aborted) {
      for (const message of messages ?? []) if (!signal.aborted) deliver(message)
      if (place && (messages?.length === 0 || place.cursor >= place.target)) sayCaughtUp()
      if (!messages) await pause(1_000, signal)
      else if (messages.length === 0) await parts.wakeups.after(stream, round, LOOK_EVERY, signal)
      if (signal.aborted) return
      round = parts.wakeups.round(stream)
      messages = await look()
    }
  }

  const round = parts.wakeups.round(stream)
  const running = run(round, await look())
  return {
    caughtUp,
    get position() {
      return position
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
