export { compliance, compliance as catalog } from './catalog.ts'
export type { Compliance } from './domain.ts'
