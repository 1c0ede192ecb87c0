import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { lockActivity, updateActivity as update } from '../activities.store.ts'
import type { Sustainability } from '../domain.ts'
import { ActivityUpdated, announce } from '../events.ts'
import { nothingToUpdate, unknownActivity } from '../failures.ts'
import { need, needActiveSite, needFactorFor } from '../require.ts'
import { activityFacts, toActivity } from '../shapes.ts'
import { day, id, quantity, text, unit } from '../vocabulary.ts'
import { refuseFuture } from './create-activity.ts'

export const updateActivity = defineTool<Sustainability>()({
  name: 'update_activity',
  title: 'Update an activity',
  description:
    'Correct an activity; what is left out stays, emissions are calculated anew. Returns the activity. ' +
    'Not for many (recalculate_activities).',
  scopes: ['azalt:write:activities'],
  permissions: ['activities:write'],
  effect: 'writes',
  idempotent: true,
  input: z.strictObject({
    activityId: id.describe('From list_activities.'),
    siteId: id.optional().describe('From list_sites.'),
    date: day.optional(),
    quantity: quantity.optional(),
    unit: unit.optional(),
    factorId: id
      .nullable()
      .optional()
      .describe('From list_emission_factors; null takes it away, emissions are unknown then.'),
    description: text(500).optional(),
  }),
  output: activityFacts,
  async run({ activityId, ...wanted }, { transact, ...call }) {
    if (Object.values(wanted).every((value) => value === undefined)) {
      throw nothingToUpdate('siteId, date, quantity, unit, factorId, description')
    }
    if (wanted.date !== undefined) refuseFuture(wanted.date, call.now)
    return transact(async (tx) => {
      const before = await need(activityId, (id) => lockActivity(tx, id), unknownActivity)
      const to = {
        siteId: wanted.siteId ?? before.site_id,
        date: wanted.date ?? before.occurred_on,
        quantity: wanted.quantity ?? before.quantity,
        unit: wanted.unit ?? before.unit,
        factorId: wanted.factorId === undefined ? before.factor_id : wanted.factorId,
        description: wanted.description ?? before.description,
      }
      if (to.siteId !== before.site_id) await needActiveSite(tx, to.siteId)
      if (to.factorId !== null) await needFactorFor(tx, to.factorId, to.unit)
      const activity = await update(tx, activityId, to, call.now)
      const about = { activityId, datasetId: before.dataset_id, siteId: to.siteId }
      await announce(tx, call, ActivityUpdated, { ...about, by: call.principal.subject })
      return toActivity(activity)
    })
  },
})
