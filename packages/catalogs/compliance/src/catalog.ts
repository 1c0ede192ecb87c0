import { defineCatalog, openRows } from '@gatehouse/catalog'
import { demo } from './demo/demo.ts'
import type { Compliance } from './domain.ts'
import { getAssessment } from './tools/get-assessment.ts'
import { getAssessmentResponses } from './tools/get-assessment-responses.ts'
import { getOverview } from './tools/get-overview.ts'
import { getScoreTrend } from './tools/get-score-trend.ts'
import { listAssessments } from './tools/list-assessments.ts'
import { listFindings } from './tools/list-findings.ts'
import { listReports } from './tools/list-reports.ts'

/** Assessments of a company against frameworks, with what they found. Tools only, and all of them read. */
export const compliance = defineCatalog<Compliance>({
  name: 'compliance',
  schema: { name: 'compliance', role: 'gatehouse_mcp', migrations: new URL('../migrations/', import.meta.url) },
  tools: [
    getOverview,
    listAssessments,
    getAssessment,
    getAssessmentResponses,
    listFindings,
    getScoreTrend,
    listReports,
  ],
  resources: [],
  changes: [],
  open: openRows,
  demo,
})
