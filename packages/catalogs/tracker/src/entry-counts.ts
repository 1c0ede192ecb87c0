import type { ProjectCountRow } from './projects.store.ts'
import { type Status, status } from './vocabulary.ts'

/** Number of a project's entries, in all and by each status (0 where there is none). */
export function entryCounts(rows: readonly ProjectCountRow[]) {
  const by = new Map(rows.map((row) => [row.status, row.count]))
  const byStatus = Object.fromEntries(status.options.map((name) => [name, by.get(name) ?? 0])) as Record<Status, number>
  return { total: rows.reduce((sum, row) => sum + row.count, 0), ...byStatus }
}
