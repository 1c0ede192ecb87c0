import type { Logger } from '@gatehouse/telemetry'

/** Something that was opened and has to be closed. */
export interface Closeable {
  close(): Promise<unknown> | unknown
}

/** Remembers what was opened; everything is closed last in, first out. */
export type Closing = <C extends Closeable>(opened: C) => C

/**
 * Runs a service until SIGTERM or SIGINT. `start` opens, wires and listens, passing each opened thing through `closing`.
 * Exit codes: 0 clean end, 1 could not start or crashed, 2 could not close in time.
 */
export async function runService(
  log: Logger,
  start: (closing: Closing) => Promise<void>,
  options: { readonly closeWithinMs?: number | (() => number) } = {},
): Promise<void> {
  const opened: Closeable[] = []
  const closing: Closing = (thing) => {
    opened.push(thing)
    return thing
  }
  const end = once(async (code: number): Promise<void> => {
    const { closeWithinMs: within = 30_000 } = options
    const deadline = setTimeout(
      () => {
        log.fatal('could not close in time')
        process.exit(2)
      },
      typeof within === 'number' ? within : within(),
    )
    let result = code
    for (const thing of opened.reverse()) {
      try {
        await thing.close()
      } catch (error) {
        log.error({ err: error }, 'closing failed')
        result = 2
      }
    }
    clearTimeout(deadline)
    log.info({ code: result }, 'ended')
    log.flush()
    process.exit(result)
  })
  process.once('SIGTERM', () => void end(0))
  process.once('SIGINT', () => void end(0))
  // After these the state of the process is unknown: log, close what can be closed, and let the platform start a new one.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception')
    void end(1)
  })
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error }, 'unhandled rejection')
    void end(1)
  })
  try {
    await start(closing)
  } catch (error) {
    log.fatal({ err: error }, error instanceof Error ? error.message : 'could not start')
    await end(1)
  }
}

function once(body: (code: number) => Promise<void>): (code: number) => Promise<void> {
  let running: Promise<void> | undefined
  return (code) => {
    running ??= body(code)
    return running
  }
}
