export { orgdesign, orgdesign as catalog } from './catalog.ts'
export type { OrgDesign } from './domain.ts'
export { ScenarioChanged } from './events.ts'
