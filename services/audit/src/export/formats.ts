import type { StoredEvent } from '../events/events.store.ts'
import { type EventItem, toItem } from '../events/item.ts'
import { toOcsf } from './ocsf.ts'

/** How rows leave: each a line. */
export interface Format {
  readonly type: string
  readonly extension: string
  readonly header?: string
  line(event: StoredEvent): string
}

const CSV_COLUMNS: readonly (readonly [string, (item: EventItem) => string | number | undefined])[] = [
  ['id', ({ id }) => id],
  ['time', ({ time }) => time],
  ['received', ({ received }) => received],
  ['type', ({ type }) => type],
  ['tenant', ({ tenant }) => tenant],
  ['actor_kind', ({ actor }) => actor?.kind],
  ['actor_id', ({ actor }) => actor?.id],
  ['client', ({ actor }) => actor?.client],
  ['grant', ({ actor }) => actor?.grant],
  ['node', ({ node }) => node],
  ['tool', ({ tool }) => tool],
  ['action', ({ action }) => action],
  ['outcome', ({ outcome }) => outcome],
  ['reason', ({ reason }) => reason],
  ['duration_ms', ({ durationMs }) => durationMs],
  ['arguments_sha256', ({ argumentsSha256 }) => argumentsSha256],
  ['request_id', ({ requestId }) => requestId],
  ['traceparent', ({ traceparent }) => traceparent],
  ['rest', ({ rest }) => (rest === undefined ? undefined : JSON.stringify(rest))],
  ['seq', ({ sealed }) => sealed?.seq],
]

export const FORMATS = {
  jsonl: { type: 'application/x-ndjson', extension: 'jsonl', line: (event) => JSON.stringify(toItem(event)) },
  csv: {
    type: 'text/csv; charset=utf-8; header=present',
    extension: 'csv',
    header: CSV_COLUMNS.map(([name]) => name).join(','),
    line: (event) => {
      const item = toItem(event)
      return CSV_COLUMNS.map(([, value]) => csvField(value(item))).join(',')
    },
  },
  ocsf: {
    type: 'application/x-ndjson',
    extension: 'ocsf.jsonl',
    line: (event) => JSON.stringify(toOcsf(toItem(event))),
  },
} as const satisfies Record<string, Format>

/** RFC 4180. A value that a spreadsheet would take for a formula gets an apostrophe: names of tools and clients come from strangers. */
export function csvField(value: string | number | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
