export { sustainability, sustainability as catalog } from './catalog.ts'
export type { Sustainability } from './domain.ts'
