import { z } from 'zod'
import { type CostRow, cost_get, cost_update } from '../costs.store.ts'
import { refusedChange, unknownCost } from '../failures.ts'
import { isId } from '../vocabulary.ts'
import { defineAction } from './action.ts'

export const changeCost = defineAction({
  ability: 'costs.write',
  needed: ['cost_id', 'annual_amount'],
  schema: z.strictObject({ action: z.literal('change_cost'), cost_id: z.string(), annual_amount: z.number() }),
  read: ({ cost_id, annual_amount }) => ({ action: 'change_cost', cost_id, annual_amount }),
  load: async (tx, scenarioId, { cost_id }): Promise<CostRow | undefined> =>
    isId(cost_id) ? cost_get(tx, scenarioId, cost_id) : undefined,
  judge({ cost_id, annual_amount }, cost) {
    if (cost === undefined) throw unknownCost(cost_id)
    if (cost.annual_amount === annual_amount) {
      throw refusedChange('nothing_to_change', `“${cost.label}” is ${annual_amount} ${cost.currency} a year already.`)
    }
    const amounts = `from ${cost.annual_amount} to ${annual_amount} ${cost.currency} a year`
    return {
      summary: `Change “${cost.label}” (${cost.category}) of “${cost.unit_name}” ${amounts}.`,
      before: { cost_id: cost.id, annual_amount: cost.annual_amount, currency: cost.currency },
      after: { cost_id: cost.id, annual_amount, currency: cost.currency },
      remarks: [],
    }
  },
  apply: (tx, scenarioId, { cost_id, annual_amount }, _facts, now) =>
    cost_update(tx, scenarioId, cost_id, annual_amount, now),
})
