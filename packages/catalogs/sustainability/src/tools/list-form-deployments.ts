import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { deploymentsCursor } from '../cursors.ts'
import type { Sustainability } from '../domain.ts'
import { needForm, needSite } from '../require.ts'
import { nextCursor } from '../shapes.ts'
import { listDeployments } from '../submissions.store.ts'
import { deploymentStatus, id, limit } from '../vocabulary.ts'

export const listFormDeployments = defineTool<Sustainability>()({
  name: 'list_form_deployments',
  title: 'List form deployments',
  description:
    'Which form was sent to which site for which period, latest due first. Returns deployments. ' +
    'Not for answers (list_form_submissions).',
  scopes: ['azalt:read'],
  permissions: ['data:read'],
  effect: 'reads',
  input: z.strictObject({
    formId: id.optional().describe('From list_forms.'),
    siteId: id.optional().describe('From list_sites.'),
    status: deploymentStatus.optional(),
    limit,
    cursor: cursorField,
  }),
  output: z.object({
    deployments: z.array(
      z.object({
        id: z.string(),
        formId: z.string(),
        formName: z.string(),
        siteId: z.string(),
        siteName: z.string(),
        periodStart: z.string(),
        periodEnd: z.string(),
        dueOn: z.string(),
        status: deploymentStatus,
        submissionCount: z.number(),
      }),
    ),
    nextCursor,
  }),
  async run({ formId, siteId, status, limit, cursor }, { transact }) {
    const after = deploymentsCursor.read(cursor)
    const rows = await transact(async (tx) => {
      if (formId !== undefined) await needForm(tx, formId)
      if (siteId !== undefined) await needSite(tx, siteId)
      return listDeployments(tx, { formId, siteId, status, after, atMost: limit + 1 })
    })
    const { items, ...more } = deploymentsCursor.page(rows, limit, (row) => [row.due_on, row.id])
    const deployments = items.map((row) => ({
      id: row.id,
      formId: row.form_id,
      formName: row.form_name,
      siteId: row.site_id,
      siteName: row.site_name,
      periodStart: row.period_start,
      periodEnd: row.period_end,
      dueOn: row.due_on,
      status: row.status,
      submissionCount: row.submission_count,
    }))
    return { deployments, ...more }
  },
})
