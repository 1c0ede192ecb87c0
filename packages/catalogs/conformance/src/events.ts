import { type Change, onEvent } from '@gatehouse/catalog'
import { defineEvent } from '@gatehouse/contracts'
import { z } from 'zod'

/** A list is said to have changed: the suite asks to hear of it, not to see another list. */
export const ListChanged = defineEvent('list.changed', 1, z.object({ list: z.enum(['tools', 'resources', 'prompts']) }))

export const ResourceTouched = defineEvent('resource.touched', 1, z.object({ path: z.string() }))

export const changes: readonly Change[] = [
  onEvent(
    ListChanged,
    () => [],
    ({ list }) => [list],
  ),
  onEvent(ResourceTouched, ({ path }) => [path]),
]
