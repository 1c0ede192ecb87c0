import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { submissionsCursor } from '../cursors.ts'
import type { Sustainability } from '../domain.ts'
import { unknownDeployment } from '../failures.ts'
import { need, needForm, needSite } from '../require.ts'
import { nextCursor } from '../shapes.ts'
import { hasDeployment, listSubmissions } from '../submissions.store.ts'
import { id, limit, submissionStatus } from '../vocabulary.ts'

export const listFormSubmissions = defineTool<Sustainability>()({
  name: 'list_form_submissions',
  title: 'List form submissions',
  description:
    'Who answered which form, latest first. Returns submissions without their values. Not for the values (get_submission_values).',
  scopes: ['azalt:read'],
  permissions: ['data:read'],
  effect: 'reads',
  input: z.strictObject({
    formId: id.optional().describe('From list_forms.'),
    deploymentId: id.optional().describe('From list_form_deployments.'),
    siteId: id.optional().describe('From list_sites.'),
    status: submissionStatus.optional(),
    limit,
    cursor: cursorField,
  }),
  output: z.object({
    submissions: z.array(
      z.object({
        id: z.string(),
        deploymentId: z.string(),
        formId: z.string(),
        siteId: z.string(),
        status: submissionStatus,
        submittedBy: z.string().describe('User ID.'),
        submittedAt: z.string(),
      }),
    ),
    nextCursor,
  }),
  async run({ formId, deploymentId, siteId, status, limit, cursor }, { transact }) {
    const after = submissionsCursor.read(cursor)
    const rows = await transact(async (tx) => {
      if (formId !== undefined) await needForm(tx, formId)
      if (siteId !== undefined) await needSite(tx, siteId)
      if (deploymentId !== undefined) {
        await need(deploymentId, async (id) => ((await hasDeployment(tx, id)) ? id : undefined), unknownDeployment)
      }
      return listSubmissions(tx, { formId, deploymentId, siteId, status, after, atMost: limit + 1 })
    })
    const { items, ...more } = submissionsCursor.page(rows, limit, (row) => [row.submitted_at.toISOString(), row.id])
    const submissions = items.map((row) => ({
      id: row.id,
      deploymentId: row.deployment_id,
      formId: row.form_id,
      siteId: row.site_id,
      status: row.status,
      submittedBy: row.submitted_by,
      submittedAt: row.submitted_at.toISOString(),
    }))
    return { submissions, ...more }
  },
})
