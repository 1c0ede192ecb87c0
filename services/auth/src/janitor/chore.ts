import { ident, join, type Sql, sql, type Tx } from '@gatehouse/database'

/** What a chore judges by. */
export interface At {
  readonly now: Date
  /** A moment so long before now. */
  ago(ms: number): Date
  /** How long a refresh token lives from its last use, in milliseconds. */
  readonly refreshMs: number
}

/** One kind of row that nobody needs any more. */
export interface Chore {
  /** Names it in metrics and logs: the table, and what of it where there are several. */
  readonly name: string
  /** Fewer rows a batch than usual, for chores that do more than delete. */
  readonly batch?: number
  /** One batch: at most `limit` rows, none that somebody else holds. @returns how many left */
  run(tx: Tx, at: At, limit: number): Promise<number>
}

/**
 * A chore that deletes rows. Rows are held before they are judged, and what others hold is left for the next round: no request waits
 * for the janitor, two janitors share the work, and a row that changed meanwhile is judged as it is.
 * @param key columns of the primary key @param where on the table under its own name
 */
export const deletes = (
  name: string,
  { table, key, where }: { readonly table: string; readonly key: readonly string[]; readonly where: (at: At) => Sql },
): Chore => {
  const columns = join(key.map(ident), ', ')
  const from = ident(`auth.${table}`)
  return {
    name,
    run: (tx, at, limit) =>
      tx.run(sql`
        with leaving as materialized (
          select ${columns} from ${from} where ${where(at)} limit ${limit} for update of ${ident(table)} skip locked
        )
        delete from ${from} where (${columns}) in (select ${columns} from leaving)`),
  }
}
