import type { Row, Sql, Tx } from '../port.ts'

/** A transaction in which some things are done otherwise; the rest is asked of the one that it is over. */
export const overTx = (tx: Tx, otherwise: Partial<Tx>): Tx => ({
  rows: <R extends object = Row>(statement: Sql) => tx.rows<R>(statement),
  maybe: <R extends object = Row>(statement: Sql) => tx.maybe<R>(statement),
  one: <R extends object = Row>(statement: Sql) => tx.one<R>(statement),
  run: (statement) => tx.run(statement),
  afterCommit: (effect) => tx.afterCommit(effect),
  ...(tx.headers === undefined ? {} : { headers: tx.headers }),
  ...otherwise,
})
