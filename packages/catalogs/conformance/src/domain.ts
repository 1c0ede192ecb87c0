import type { Rows } from '@gatehouse/catalog'

/** What the fixtures get beside the call. */
export type Fixtures = Rows
