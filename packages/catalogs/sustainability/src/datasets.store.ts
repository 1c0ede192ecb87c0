import { sql, type Tx } from '@gatehouse/database'
import type { Category } from './vocabulary.ts'
import { every, when } from './where.ts'

export interface DatasetRow {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly category: Category
  readonly activity_count: bigint
  readonly updated_at: Date
}

const columns = sql`id, name, description, category, activity_count, updated_at`

/** By name. */
export function listDatasets(
  tx: Tx,
  of: {
    readonly category?: Category | undefined
    readonly after?: readonly [string, string] | undefined
    readonly atMost: number
  },
): Promise<DatasetRow[]> {
  return tx.rows<DatasetRow>(sql`
    select ${columns} from sustainability.datasets
    where ${every(
      when(of.category, (category) => sql`category = ${category}`),
      when(of.after, ([name, id]) => sql`(name, id) > (${name}, ${id})`),
    )}
    order by name, id limit ${of.atMost}`)
}

export async function hasDataset(tx: Tx, id: string): Promise<boolean> {
  return (await tx.maybe(sql`select id from sustainability.datasets where id = ${id}`)) !== undefined
}

/** Counts so many more activities. @returns whether there is such a dataset */
export async function countActivities(tx: Tx, id: string, more: number, now: Date): Promise<boolean> {
  const touched = await tx.run(sql`
    update sustainability.datasets
    set activity_count = activity_count + ${more}::bigint, updated_at = greatest(updated_at, ${now})
    where id = ${id}`)
  return touched > 0
}
