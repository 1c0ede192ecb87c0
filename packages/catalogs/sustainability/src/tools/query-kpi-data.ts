import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Sustainability } from '../domain.ts'
import { contradiction } from '../failures.ts'
import { granularities, listPoints } from '../kpis.store.ts'
import { needIndicator, needSite } from '../require.ts'
import { id, month } from '../vocabulary.ts'

const MONTHS_MAX = 120

export const queryKpiData = defineTool<Sustainability>()({
  name: 'query_kpi_data',
  title: 'Query KPI data',
  description:
    'The values of one KPI indicator over time, oldest first, of a site or of the whole organization. Returns points; ' +
    'periods without values are left out. Not for finding indicators (list_kpi_indicators).',
  scopes: ['azalt:read'],
  permissions: ['data:read'],
  effect: 'reads',
  input: z.strictObject({
    indicatorId: id.describe('From list_kpi_indicators.'),
    siteId: id.optional().describe('Default: the whole organization.'),
    from: month.describe('First month, YYYY-MM.'),
    to: month.describe('At most 120 months.'),
    granularity: z.enum(granularities).default('month'),
  }),
  output: z.object({
    indicatorId: z.string(),
    name: z.string(),
    unit: z.string(),
    siteId: z.string().nullable(),
    points: z.array(z.object({ period: z.string().describe('2026-03, 2026-Q1 or 2026.'), value: z.number() })),
  }),
  async run({ indicatorId, siteId, from, to, granularity }, { transact }) {
    const months = monthsBetween(from, to)
    if (months < 1) throw contradiction('The last month (to) lies before the first (from). Swap them.')
    if (months > MONTHS_MAX)
      throw contradiction(`That is ${months} months; at most ${MONTHS_MAX} at once. Ask for a part.`)
    return transact(async (tx) => {
      const indicator = await needIndicator(tx, indicatorId)
      if (siteId !== undefined) await needSite(tx, siteId)
      const range = { siteId: siteId ?? null, from: `${from}-01`, to: `${to}-01`, granularity }
      const points = await listPoints(tx, indicator, range)
      return { indicatorId, name: indicator.name, unit: indicator.unit, siteId: siteId ?? null, points }
    })
  },
})

/** How many months there are from one to another, both included. */
function monthsBetween(from: string, to: string): number {
  const count = (value: string) => Number(value.slice(0, 4)) * 12 + Number(value.slice(5))
  return count(to) - count(from) + 1
}
