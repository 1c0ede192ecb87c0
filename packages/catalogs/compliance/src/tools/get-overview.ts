import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { countAssessments, listScores } from '../assessments.store.ts'
import type { Compliance } from '../domain.ts'
import { countUnsettled } from '../findings.store.ts'
import { countsOf, score, severityCounts, statusCounts } from '../shapes.ts'
import { assessmentStatus, severity } from '../vocabulary.ts'

const LAST_SCORES = 10

export const getOverview = defineTool<Compliance>()({
  name: 'get_overview',
  title: 'Compliance overview',
  description:
    'Where the company stands. Returns the number of assessments by status, of open findings by severity, and the last ' +
    '10 scores of finalized assessments. Start here. Not for single assessments (list_assessments) or findings (list_findings).',
  scopes: ['assessments:read'],
  effect: 'reads',
  input: z.strictObject({}),
  output: z.object({
    assessments: statusCounts.describe('Assessments by status.'),
    openFindings: severityCounts.describe('Findings that are open or in remediation.'),
    lastScores: z
      .array(
        z.object({
          assessmentId: z.string().describe('Assessment ID.'),
          name: z.string().describe('Its name.'),
          framework: z.string().describe('Its framework.'),
          score: score().describe('Percent.'),
          finalizedAt: z.string().describe('ISO 8601.'),
        }),
      )
      .describe('Latest first.'),
  }),
  async run(_input, { transact }) {
    return transact(async (tx) => {
      const assessments = await countAssessments(tx)
      const findings = await countUnsettled(tx)
      const scores = await listScores(tx, { atMost: LAST_SCORES })
      return {
        assessments: countsOf(assessmentStatus.options, assessments),
        openFindings: countsOf(severity.options, findings),
        lastScores: scores.map(({ id, finalized_at, ...row }) => ({
          assessmentId: id,
          ...row,
          finalizedAt: finalized_at.toISOString(),
        })),
      }
    })
  },
})
