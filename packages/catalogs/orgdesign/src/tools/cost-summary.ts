import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import { cost_sum_below } from '../costs.store.ts'
import type { OrgDesign } from '../domain.ts'
import { unknownUnit } from '../failures.ts'
import { openPlane } from '../plane.ts'
import { unit_get } from '../units.store.ts'
import { costCategory, isId, planeField, unitId } from '../vocabulary.ts'

export const costSummary = defineTool<OrgDesign>()({
  name: 'cost.summary',
  title: 'Sum up costs',
  description:
    'What a unit and all units below it cost in a year, by category and currency, in the baseline or in a scenario. Returns sums, not ' +
    'items. Call it for baseline and scenario to compare. Not for single items (cost.list).',
  ...needs('costs.read', 'org-units.read'),
  effect: 'reads',
  input: z.strictObject({ unit_id: unitId(), scenario_id: planeField }),
  output: z.object({
    unit_name: z.string().describe('Name of the unit.'),
    totals: z
      .array(
        z.object({
          currency: z.string().describe('ISO 4217.'),
          annual_amount: z.number().describe('A year, all categories.'),
        }),
      )
      .describe('One a currency.'),
    by_category: z
      .array(
        z.object({
          category: costCategory.describe('Category.'),
          currency: z.string().describe('ISO 4217.'),
          items: z.number().int().describe('Number of cost items.'),
          annual_amount: z.number().describe('A year.'),
        }),
      )
      .describe('The largest first.'),
  }),
  examples: [{ when: 'What does a division cost?', arguments: { unit_id: 'unt_…' } }],
  run: ({ unit_id, scenario_id }, { transact, offer }) =>
    transact(async (tx) => {
      const plane = await openPlane(tx, offer, scenario_id)
      const unit = isId(unit_id) ? await unit_get(tx, plane, unit_id) : undefined
      if (unit === undefined) throw unknownUnit(unit_id)
      const by_category = await cost_sum_below(tx, plane, unit.id)
      const currencies = [...new Set(by_category.map(({ currency }) => currency))]
      const totals = currencies.map((currency) => ({ currency, annual_amount: sumOf(by_category, currency) }))
      return { unit_name: unit.name, totals, by_category }
    }),
})

const sumOf = (
  rows: readonly { readonly currency: string; readonly annual_amount: number }[],
  currency: string,
): number => {
  const cents = rows.reduce(
    (sum, row) => (row.currency === currency ? sum + Math.round(row.annual_amount * 100) : sum),
    0,
  )
  return cents / 100
}
