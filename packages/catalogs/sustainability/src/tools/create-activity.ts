import { defineTool, newId } from '@gatehouse/catalog'
import { z } from 'zod'
import { insertActivity } from '../activities.store.ts'
import { countActivities } from '../datasets.store.ts'
import { latestDay } from '../days.ts'
import type { Sustainability } from '../domain.ts'
import { ActivityCreated, announce } from '../events.ts'
import { contradiction, unknownDataset } from '../failures.ts'
import { need, needActiveSite, needFactorFor } from '../require.ts'
import { activityFacts, toActivity } from '../shapes.ts'
import { day, id, quantity, text, unit } from '../vocabulary.ts'

export const createActivity = defineTool<Sustainability>()({
  name: 'create_activity',
  title: 'Create an activity',
  description:
    'Record what was used or done at a site; a factor of a fitting unit gives the emissions. Returns it. ' +
    'Not for many (preview_import).',
  scopes: ['azalt:write:activities'],
  permissions: ['activities:write'],
  effect: 'writes',
  input: z.strictObject({
    datasetId: id.describe('From list_datasets.'),
    siteId: id.describe('From list_sites.'),
    date: day.describe('When it happened; of a bill, the last day of its period.'),
    quantity,
    unit,
    factorId: id
      .optional()
      .describe(
        'From list_emission_factors; the quantity has to convert into its unit. Without one the emissions stay unknown.',
      ),
    description: text(500).default(''),
  }),
  output: activityFacts,
  async run({ datasetId, factorId, ...given }, { transact, ...call }) {
    refuseFuture(given.date, call.now)
    const id = newId('act')
    const by = call.principal.subject
    return transact(async (tx) => {
      await needActiveSite(tx, given.siteId)
      if (factorId !== undefined) await needFactorFor(tx, factorId, given.unit)
      // Last, since it holds the dataset's row.
      await need(
        datasetId,
        async (id) => ((await countActivities(tx, id, 1, call.now)) ? id : undefined),
        unknownDataset,
      )
      const activity = await insertActivity(tx, id, { ...given, datasetId, factorId: factorId ?? null, by }, call.now)
      await announce(tx, call, ActivityCreated, {
        activityId: id,
        datasetId,
        siteId: given.siteId,
        by,
      })
      return toActivity(activity)
    })
  },
})

/** @throws ToolFailure */
export function refuseFuture(date: string, now: Date): void {
  if (date > latestDay(now))
    throw contradiction('The date lies in the future; activities are recorded once they happened.')
}
