export { tracker } from './catalog.ts'
export type { Tracker } from './domain.ts'
export { EntryCommented, EntryCreated, EntryUpdated } from './events.ts'
