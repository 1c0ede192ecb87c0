import type { Revision } from './lanes.ts'

/** A check that fails because the suite contradicts the specification. There is no other excuse. */
export interface Excuse {
  readonly revision: Revision
  readonly scenario: string
  readonly check: string
  /** Where the specification says otherwise, and what it says. */
  readonly specification: string
}

export const EXCUSES: readonly Excuse[] = []
