export { type Decision, decide, decideHost, decideRights, decideTenant, type Refusal } from './decide.ts'
export { type Explanation, explain, GATES, type Gate } from './explain.ts'
export type { Principal, Requirement, Rules, TenantPolicy } from './principal.ts'
export { refusalText } from './refusal-text.ts'
