import { sql, type Tx } from '@gatehouse/database'
import type { Plane } from './plane.ts'

export type FoundKind = 'unit' | 'team' | 'placement'

export interface FoundRow {
  readonly kind: FoundKind
  readonly id: string
  readonly title: string
  readonly detail: string
  readonly unit_id: string
  readonly unit_name: string
}

/** Best first. The function filters by the transaction's tenant; see its migration. */
export function org_search(
  tx: Tx,
  plane: Plane,
  asked: { readonly words: string; readonly kinds: readonly FoundKind[]; readonly atMost: number },
): Promise<FoundRow[]> {
  return tx.rows<FoundRow>(sql`
    select kind, id, title, detail, unit_id, unit_name
    from orgdesign.search(${asked.words}, ${plane}, ${[...asked.kinds]}::text[], ${asked.atMost})`)
}
