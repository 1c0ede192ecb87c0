import { sql, type Tx } from '@gatehouse/database'
import type { EntryType, Priority, Status } from './vocabulary.ts'

export interface FoundRow {
  readonly kind: 'project' | 'entry'
  readonly id: string
  readonly title: string
  readonly excerpt: string
  readonly project_id: string
  readonly project_name: string
  /** Null for a project, like the two below. */
  readonly entry_type: EntryType | null
  readonly status: Status | null
  readonly priority: Priority | null
  readonly updated_at: Date
}

/** Best first. The function filters by the transaction's tenant; see its migration. */
export function searchEverything(tx: Tx, words: string, atMost: number): Promise<FoundRow[]> {
  return tx.rows<FoundRow>(sql`
    select kind, id, title, excerpt, project_id, project_name, entry_type, status, priority, updated_at
    from tracker.search(${words}, ${atMost})`)
}
