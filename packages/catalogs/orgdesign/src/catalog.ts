import { defineCatalog, openRows } from '@gatehouse/catalog'
import { demo } from './demo/demo.ts'
import type { OrgDesign } from './domain.ts'
import { changes } from './events.ts'
import { prompts } from './prompts/prompts.ts'
import { organisation } from './resources/organisation.ts'
import { scenario, scenarioChanges, scenarios } from './resources/scenarios.ts'
import { unit } from './resources/unit.ts'
import { capabilityExplain } from './tools/capability-explain.ts'
import { capabilityList } from './tools/capability-list.ts'
import { costList } from './tools/cost-list.ts'
import { costSummary } from './tools/cost-summary.ts'
import { orgMetricList } from './tools/org-metric-list.ts'
import { orgReviewGuide } from './tools/org-review-guide.ts'
import { orgSearch } from './tools/org-search.ts'
import { orgUnitGet } from './tools/org-unit-get.ts'
import { orgUnitList } from './tools/org-unit-list.ts'
import { orgUnitTree } from './tools/org-unit-tree.ts'
import { placementList } from './tools/placement-list.ts'
import { scenarioActionConfirm } from './tools/scenario-action-confirm.ts'
import { scenarioActionPlan } from './tools/scenario-action-plan.ts'
import { scenarioCompare } from './tools/scenario-compare.ts'
import { scenarioList } from './tools/scenario-list.ts'
import { scenarioReviewGuide } from './tools/scenario-review-guide.ts'
import { teamList } from './tools/team-list.ts'

/** An organisation as it is, and scenarios of what it might become. */
export const orgdesign = defineCatalog<OrgDesign>({
  name: 'orgdesign',
  schema: { name: 'orgdesign', role: 'gatehouse_mcp', migrations: new URL('../migrations/', import.meta.url) },
  tools: [
    capabilityList,
    capabilityExplain,
    orgReviewGuide,
    scenarioReviewGuide,
    orgSearch,
    orgUnitTree,
    orgUnitList,
    orgUnitGet,
    teamList,
    placementList,
    costSummary,
    costList,
    orgMetricList,
    scenarioList,
    scenarioCompare,
    scenarioActionPlan,
    scenarioActionConfirm,
  ],
  resources: [organisation, unit, scenarios, scenario, scenarioChanges],
  prompts,
  changes,
  open: (deps) => {
    const rowsOf = openRows(deps)
    return (principal, offer) => ({ ...rowsOf(principal), offer })
  },
  demo,
})
