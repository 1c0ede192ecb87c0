export { tracker, tracker as catalog } from './catalog.ts'
export type { Tracker } from './domain.ts'
export { changes, EntryCommented, EntryCreated, EntryUpdated } from './events.ts'
export { type NewRelease, openProduct, type Product, type ProjectChange, type ReleaseChange } from './product.ts'
