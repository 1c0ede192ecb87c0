export { tracker, tracker as catalog } from './catalog.ts'
export type { Tracker } from './domain.ts'
export { EntryCommented, EntryCreated, EntryUpdated } from './events.ts'
