import type { Offer, Rows } from '@gatehouse/catalog'

/** What tools, resources and prompts get beside the call. */
export interface OrgDesign extends Rows {
  /** What this deployment offers the principal. */
  readonly offer: Offer
}
