import type { Tx } from '@gatehouse/database'

/** What the fixtures get beside the call. */
export interface Fixtures {
  readonly transact: <T>(body: (tx: Tx) => Promise<T>) => Promise<T>
}
