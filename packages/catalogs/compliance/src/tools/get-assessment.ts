import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { findAssessment, listDomains } from '../assessments.store.ts'
import type { Compliance } from '../domain.ts'
import { unknownAssessment } from '../failures.ts'
import { countFindingsOf, type FindingCountRow } from '../findings.store.ts'
import { assessmentFacts, countsOf, score, severityCounts, toAssessment } from '../shapes.ts'
import { idField, isId, severity } from '../vocabulary.ts'

export const getAssessment = defineTool<Compliance>()({
  name: 'get_assessment',
  title: 'Read an assessment',
  description:
    'One assessment in full. Returns its facts, its domains with score and number of answers, and how many findings it ' +
    'has. Not for the answers (get_assessment_responses) or the findings themselves (list_findings).',
  scopes: ['assessments:read'],
  effect: 'reads',
  input: z.strictObject({ assessmentId: idField().describe('Assessment ID.') }),
  output: z.object({
    ...assessmentFacts,
    scope: z.string().describe('Which part of the company it is about.'),
    createdAt: z.string().describe('ISO 8601.'),
    domains: z
      .array(
        z.object({
          id: z.string().describe('Domain ID.'),
          name: z.string().describe('Name.'),
          weight: z.number().int().describe('What it counts in the whole.'),
          score: score().nullable().describe('Percent; null: nothing answered.'),
          questions: z.number().int().describe('All questions.'),
          passed: z.number().int().describe('Passed.'),
          failed: z.number().int().describe('Failed.'),
          notApplicable: z.number().int().describe('Not applicable.'),
        }),
      )
      .describe('In their order.'),
    findings: z
      .object({
        open: severityCounts.describe('Open or in remediation.'),
        resolved: z.number().int().describe('Resolved.'),
        riskAccepted: z.number().int().describe('Accepted as a risk.'),
      })
      .describe('Number of findings.'),
  }),
  async run({ assessmentId }, { transact }) {
    return transact(async (tx) => {
      const row = isId(assessmentId) ? await findAssessment(tx, assessmentId) : undefined
      if (row === undefined) throw unknownAssessment(assessmentId)
      const domains = await listDomains(tx, assessmentId)
      const findings = await countFindingsOf(tx, assessmentId)
      return {
        ...toAssessment(row),
        scope: row.scope,
        createdAt: row.created_at.toISOString(),
        domains: domains.map(({ not_applicable, ...domain }) => ({ ...domain, notApplicable: not_applicable })),
        findings: summary(findings),
      }
    })
  },
})

function summary(rows: readonly FindingCountRow[]) {
  const sum = (some: readonly FindingCountRow[]) => some.reduce((total, { n }) => total + n, 0)
  const unsettled = rows.filter(({ status }) => status === 'open' || status === 'in_remediation')
  const open = severity.options.map((key) => ({ key, n: sum(unsettled.filter((row) => row.severity === key)) }))
  return {
    open: countsOf(severity.options, open),
    resolved: sum(rows.filter(({ status }) => status === 'resolved')),
    riskAccepted: sum(rows.filter(({ status }) => status === 'risk_accepted')),
  }
}
