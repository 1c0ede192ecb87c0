export { conformance as catalog } from './catalog.ts'
export { ListChanged, ResourceTouched } from './events.ts'

/** Its tools ask and tell whatever a suite wants: nothing for people's data. */
export const refusedInProduction = true
