import { ConfigError } from '@gatehouse/config'
import { DatabaseUnavailable, FolderHeld } from '@gatehouse/database'
import { CatalogError } from '@gatehouse/mcp'
import { ProfileError } from '@gatehouse/profiles'
import { runService } from '@gatehouse/service'
import type { Logger } from '@gatehouse/telemetry'

/** `runService` for what a person starts in a terminal: a fault that they can mend is told in words instead of a log line. */
export async function runInWords(log: Logger, what: string, start: Parameters<typeof runService>[1]): Promise<void> {
  await runService(log, async (closing) => {
    try {
      await start(closing)
    } catch (error) {
      const words = mendable(error)
      if (words === undefined) throw error
      process.stderr.write(`\n  ${what} cannot start: ${words}\n\n`)
      // Said once, in words: the log line would be the same with a stack.
      log.level = 'silent'
      throw error
    }
  })
}

const TOLD_AS_THEY_ARE = [ConfigError, ProfileError, CatalogError]

/** What to say of a fault that a person can mend; a stack would hide it. */
function mendable(error: unknown): string | undefined {
  if (error instanceof FolderHeld) return `${error.message}; end it, or set GATEHOUSE_FOLDER and PORT to others`
  if (TOLD_AS_THEY_ARE.some((kind) => error instanceof kind)) return error instanceof Error ? error.message : undefined
  if (error instanceof DatabaseUnavailable) {
    const reason = ofSystem(error.cause, ['connect', 'getaddrinfo'])
    return reason === undefined ? undefined : `${error.message}: ${reason}`
  }
  return ofSystem(error, ['listen', 'mkdir'])
}

/** What the operating system said to one of these calls. */
function ofSystem(error: unknown, calls: readonly string[]): string | undefined {
  // A host with several addresses fails with all of them at once.
  const [one] = error instanceof AggregateError ? error.errors : [error]
  if (!(one instanceof Error) || !('syscall' in one)) return undefined
  return calls.includes(String(one.syscall)) ? one.message : undefined
}
