/** A set of scenarios that is counted by itself. */
export interface Lane {
  readonly name: string
  /** The revision whose wire its scenarios are run over. */
  readonly revision: Revision
  /** How many scenarios the suite has for it. */
  readonly total: number
  /** Which of the revision's scenarios; `scored`: those that no other lane names. */
  readonly scenarios: readonly string[] | 'scored'
}

/** How the suite is told to run each revision: by the set that it froze for it, where it has one. */
export const REVISIONS = {
  '2025-03-26': ['--suite', 'all', '--spec-version', '2025-03-26'],
  '2025-06-18': ['--suite', 'all', '--spec-version', '2025-06-18'],
  '2025-11-25': ['--requirements', '2025-11-25'],
  '2026-07-28': ['--requirements', '2026-07-28'],
} as const satisfies Readonly<Record<string, readonly string[]>>
export type Revision = keyof typeof REVISIONS

const TASKS = [
  'tasks-lifecycle',
  'tasks-capability-negotiation',
  'tasks-wire-fields',
  'tasks-request-state-removal',
  'tasks-mrtr-input',
  'tasks-request-headers',
  'tasks-dispatch-and-envelope',
  'tasks-status-notifications',
  'tasks-required-task-error',
  'tasks-mrtr-composition',
]

/** Everything that the suite has for each revision: what it scores, and what it only reports. */
export const LANES: readonly Lane[] = [
  { name: '2025-11-25', revision: '2025-11-25', total: 30, scenarios: 'scored' },
  { name: '2026-07-28', revision: '2026-07-28', total: 37, scenarios: 'scored' },
  { name: '2026-07-28 tasks', revision: '2026-07-28', total: 10, scenarios: TASKS },
  {
    name: '2026-07-28 header validation',
    revision: '2026-07-28',
    total: 2,
    scenarios: ['http-header-validation', 'http-custom-header-server-validation'],
  },
  {
    name: '2026-07-28 JSON Schema 2020-12',
    revision: '2026-07-28',
    total: 1,
    scenarios: ['json-schema-2020-12'],
  },
  {
    name: '2025-11-25 JSON Schema 2020-12',
    revision: '2025-11-25',
    total: 1,
    scenarios: ['json-schema-2020-12'],
  },
  {
    name: '2025-11-25 session lifecycle',
    revision: '2025-11-25',
    total: 1,
    scenarios: ['server-session-lifecycle'],
  },
  { name: '2025-11-25 SSE polling', revision: '2025-11-25', total: 1, scenarios: ['server-sse-polling'] },
  { name: '2025-06-18', revision: '2025-06-18', total: 27, scenarios: 'scored' },
  { name: '2025-03-26', revision: '2025-03-26', total: 1, scenarios: 'scored' },
]
