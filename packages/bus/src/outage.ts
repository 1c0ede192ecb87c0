import type { Logger } from '@gatehouse/telemetry'

/** One line when something stops working and one when it works again, however many tries lie between. */
export interface Outage {
  begins(error: unknown): void
  ends(): void
}

export function outageOf(logger: Logger, what: string, facts: object = {}): Outage {
  let broken = false
  return {
    begins(error) {
      if (!broken) logger.warn({ ...facts, err: error }, `${what} is interrupted`)
      broken = true
    },
    ends() {
      if (broken) logger.info(facts, `${what} goes on`)
      broken = false
    },
  }
}
