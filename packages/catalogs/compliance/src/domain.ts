import type { Rows } from '@gatehouse/catalog'

/** What the tools of this catalog get beside the call. */
export type Compliance = Rows
