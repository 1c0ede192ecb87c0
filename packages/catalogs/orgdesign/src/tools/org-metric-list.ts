import { cursorField, defineTool, keyset } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { unknownUnit } from '../failures.ts'
import { metric_list } from '../metrics.store.ts'
import { openPlane } from '../plane.ts'
import { metricFacts, pageOf, toMetric } from '../shapes.ts'
import { unit_get } from '../units.store.ts'
import { isId, limitField, planeField, text, unitId } from '../vocabulary.ts'

const byPeriod = keyset(z.tuple([z.iso.date(), text()]))

export const orgMetricList = defineTool<OrgDesign>()({
  name: 'org_metric.list',
  title: 'List organisation metrics',
  description:
    'Quarterly figures of units (attrition, engagement, time to hire …) with their targets, the newest first, of the baseline or of a ' +
    'scenario. Returns a page of figures. Not for headcount (org_unit.get) or money (cost.summary).',
  ...needs('org-metrics.read'),
  effect: 'reads',
  input: z.strictObject({
    scenario_id: planeField,
    unit_id: unitId().optional().describe('Only of this unit.'),
    name: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,63}$/)
      .optional()
      .describe('Only this metric, e.g. attrition_rate.'),
    limit: limitField,
    cursor: cursorField,
  }),
  output: z.object(pageOf(metricFacts, 'Figures, the newest first.')),
  examples: [{ when: 'How did attrition develop?', arguments: { name: 'attrition_rate' } }],
  async run({ scenario_id, unit_id, name, limit, cursor }, { transact, offer }) {
    const after = byPeriod.read(cursor)
    return transact(async (tx) => {
      const plane = await openPlane(tx, offer, scenario_id)
      if (unit_id !== undefined && !(isId(unit_id) && (await unit_get(tx, plane, unit_id)))) throw unknownUnit(unit_id)
      const rows = await metric_list(tx, plane, { unitId: unit_id, name, after, atMost: limit + 1 })
      const { items, nextCursor } = byPeriod.page(rows, limit, ({ period, id }) => [period, id])
      return { items: items.map(toMetric), next_cursor: nextCursor }
    })
  },
})
