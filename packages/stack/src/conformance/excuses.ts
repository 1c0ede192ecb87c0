import type { Revision } from './lanes.ts'

/** A check that fails because the suite contradicts the specification. There is no other excuse. */
export interface Excuse {
  readonly revision: Revision
  readonly scenario: string
  readonly check: string
  /** Where the specification says otherwise, and what it says. */
  readonly specification: string
}

export const EXCUSES: readonly Excuse[] = [
  {
    revision: '2026-07-28',
    scenario: 'tasks-status-notifications',
    check: 'tasks-status-notifications',
    specification:
      'Tasks extension, "Task Status Notifications": "To begin listening for task status notifications, clients send a ' +
      'subscriptions/listen request". The scenario looks for them on the answer of tools/call, and skips itself for every server.',
  },
]
