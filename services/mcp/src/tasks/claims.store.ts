import { ident, sql, type Tx } from '@gatehouse/database'

/** Deletes claims whose confirmations have expired, where a schema has such a table; how many those were. */
export async function claims_sweep(tx: Tx, schema: string, most: number): Promise<number> {
  const table = `${schema}.claims`
  const { there } = await tx.one<{ there: boolean }>(sql`select to_regclass(${table}) is not null as there`)
  if (!there) return 0
  return tx.run(sql`
    delete from ${ident(table)} where ctid in (
      select ctid from ${ident(table)} where expires_at < now() limit ${most} for update skip locked)`)
}
