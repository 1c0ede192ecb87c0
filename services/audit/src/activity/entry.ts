import type { ActivityEntry } from '@gatehouse/pages'
import type { EventItem } from '../events/item.ts'

/** A row of the page. */
export const entryOf = (item: EventItem): ActivityEntry => ({
  id: item.id,
  time: item.time,
  who: item.actor?.erased === true ? 'erased person' : (item.actor?.id ?? ''),
  kind: item.actor?.kind ?? '',
  client: item.actor?.client ?? '',
  what: [item.event, item.tool ?? item.action].filter(Boolean).join(' '),
  outcome: item.outcome ?? '',
  reason: item.reason ?? '',
  durationMs: item.durationMs,
})
