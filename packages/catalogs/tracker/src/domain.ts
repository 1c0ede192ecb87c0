import type { Tx } from '@gatehouse/database'

/** What the tracker's tools and resources get beside the call. */
export interface Tracker {
  /** A transaction that sees the rows of the principal's tenant and no others. */
  readonly transact: <T>(body: (tx: Tx) => Promise<T>) => Promise<T>
}
