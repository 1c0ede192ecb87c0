import { type Answers, type Call, type Claim, type InputRequest, LOG_LEVELS, type LogLevel } from '@gatehouse/catalog'
import { CapabilityMissing } from './asker.ts'
import type { Running } from './deadline.ts'
import { missingCapabilities, readAnswer, readAnswers, wireRequests } from './input-requests.ts'
import type { Caller } from './outcome.ts'

/** What a handler is given about its call. `signal` is made when it is asked for first. */
export function contextOf(caller: Caller, running: Running, now: () => number, claim?: Claim): Call {
  const call = new OwnCall(caller, running, now)
  if (caller.traceparent !== undefined) call.traceparent = caller.traceparent
  if (claim !== undefined) call.claim = claim
  return call
}

/**
 * One is made with every call, so all have the same shape: a getter in a literal would be another function, and another shape, each time.
 * Members are its own, since handlers take them out with a rest pattern. `signal` is not: a rest pattern would read it, and so have it made.
 */
class OwnCall implements Call {
  readonly #running: Running
  principal: Call['principal']
  now: Date
  client: Call['client']
  progress: Call['progress']
  log: Call['log']
  release: NonNullable<Call['release']>
  ask: Call['ask']
  declare traceparent?: string
  declare claim?: Claim

  constructor(caller: Caller, running: Running, now: () => number) {
    this.#running = running
    this.principal = caller.principal
    this.now = new Date(now())
    this.client = caller.client
    this.progress = caller.progressToken === undefined ? nothing : progressOf(caller, caller.progressToken, now)
    this.log = caller.logLevel === undefined ? nothing : logOf(caller, caller.logLevel, now)
    this.release = releaseOf(caller)
    this.ask = askOf(caller, running)
  }

  get signal(): AbortSignal {
    return this.#running.signal
  }
}

const releaseOf = ({ channel }: Caller): NonNullable<Call['release']> =>
  channel.release === undefined ? nothing : () => channel.release?.()

function askOf(caller: Caller, running: Running): Call['ask'] {
  return (requests) => ask(caller, running, requests)
}

const nothing = (): void => undefined

async function ask<const R extends Readonly<Record<string, InputRequest>>>(
  caller: Caller,
  running: Running,
  requests: R,
): Promise<Answers<R>> {
  const missing = missingCapabilities(requests, caller.client, caller.revision)
  if (missing !== undefined) throw new CapabilityMissing(missing)
  const resume = running.pause()
  try {
    const check = (key: string, answer: unknown): void => void readAnswer(key, requests[key], answer)
    const answers = await caller.asker.ask(wireRequests(requests, caller.revision), running.signal, check)
    return readAnswers(requests, answers)
  } finally {
    resume()
  }
}

/** What one call may send at once, and how often from then on. */
const BURST = 20
const EVERY_MS = 50

/** Lets `BURST` through, then one in `EVERY_MS`. */
function createThrottle(now: () => number): () => boolean {
  let tokens = BURST
  let at = now()
  return () => {
    const time = now()
    tokens = Math.min(BURST, tokens + (time - at) / EVERY_MS)
    at = time
    if (tokens < 1) return false
    tokens -= 1
    return true
  }
}

/** Progress that does not grow is left out, and so is what comes too fast; the last step of known work always goes. */
function progressOf({ channel }: Caller, progressToken: string | number, now: () => number): Call['progress'] {
  const free = createThrottle(now)
  let last = Number.NEGATIVE_INFINITY
  return (done, total, message) => {
    if (!Number.isFinite(done) || done <= last || !channel.open) return
    if (!free() && done !== total) return
    last = done
    channel.notify('notifications/progress', {
      progressToken,
      progress: done,
      ...(total === undefined || !Number.isFinite(total) ? {} : { total }),
      ...(message === undefined ? {} : { message }),
    })
  }
}

function logOf({ channel }: Caller, least: LogLevel, now: () => number): Call['log'] {
  const free = createThrottle(now)
  const from = LOG_LEVELS.indexOf(least)
  return (level, data, logger) => {
    if (LOG_LEVELS.indexOf(level) < from || !channel.open || !free()) return
    channel.notify('notifications/message', { level, ...(logger === undefined ? {} : { logger }), data: data ?? null })
  }
}
