import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { Logger } from '@gatehouse/telemetry'
import type { Wakeups } from './wakeups.ts'

/** What consumers and followers of the embedded driver work with. */
export interface Parts {
  readonly database: Database
  readonly logger: Logger
  readonly clock: Clock
  readonly wakeups: Wakeups
}

/** Readers look by themselves after this time even if nothing woke them. Milliseconds. */
export const LOOK_EVERY = 5_000
