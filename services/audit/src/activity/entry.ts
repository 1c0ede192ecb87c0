import type { ActivityEntry } from '@gatehouse/pages'
import { z } from 'zod'
import type { EventItem } from '../events/item.ts'

/** A row of the page. */
export const entryOf = (item: EventItem): ActivityEntry => ({
  id: item.id,
  time: item.time,
  who: item.actor?.erased === true ? 'erased person' : (item.actor?.id ?? ''),
  kind: item.actor?.kind ?? '',
  client: item.actor?.client ?? '',
  what: item.tool ?? item.action ?? item.event,
  about: [(item.tool ?? item.action) === undefined ? undefined : item.event, objectOf(item)]
    .filter((part) => part !== undefined)
    .join(' · '),
  outcome: item.outcome ?? '',
  reason: item.reason ?? '',
  durationMs: item.durationMs,
})

/** What it was done to, as events of ours name it. */
function objectOf({ rest }: EventItem): string | undefined {
  const found = object.safeParse(rest?.object)
  return found.success ? `${found.data.kind} ${found.data.id}` : undefined
}

const object = z.object({ kind: z.string(), id: z.string() })
