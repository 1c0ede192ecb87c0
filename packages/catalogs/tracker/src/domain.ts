import type { Rows } from '@gatehouse/catalog'

/** What the tracker's tools and resources get beside the call. */
export type Tracker = Rows
