import { z } from 'zod'
import { actionName } from './actions/names.ts'
import type { CostRow } from './costs.store.ts'
import type { MetricRow } from './metrics.store.ts'
import type { PlacementRow } from './placements.store.ts'
import type { ScenarioRow } from './scenarios.store.ts'
import type { TeamRow } from './teams.store.ts'
import type { UnitRow } from './units.store.ts'
import { costCategory, employment, scenarioStatus, teamKind, unitKind, unitStatus } from './vocabulary.ts'

/** The facts that every answer gives about a thing, and how a row becomes them. */

export const unitFacts = z.object({
  id: z.string().describe('Unit ID.'),
  parent_id: z.string().nullable().describe('Unit above it; null = the top.'),
  name: z.string().describe('Its name.'),
  kind: unitKind.describe('Its kind.'),
  status: unitStatus.describe('active or closed.'),
  lead: z.string().nullable().describe('Who leads it, or null.'),
})

export const toUnit = ({ id, parent_id, name, kind, status, lead }: UnitRow): z.input<typeof unitFacts> => ({
  id,
  parent_id,
  name,
  kind,
  status,
  lead,
})

export const teamFacts = z.object({
  id: z.string().describe('Team ID.'),
  name: z.string().describe('Its name.'),
  kind: teamKind.describe('Its kind.'),
  purpose: z.string().describe('What it works on.'),
  unit_id: z.string().describe('Its unit.'),
  unit_name: z.string().describe('Name of that unit.'),
})

export const toTeam = ({ id, name, kind, purpose, unit_id, unit_name }: TeamRow): z.input<typeof teamFacts> => ({
  id,
  name,
  kind: teamKind.parse(kind),
  purpose,
  unit_id,
  unit_name,
})

export const placementFacts = z.object({
  id: z.string().describe('Placement ID.'),
  title: z.string().describe('The position.'),
  person: z.string().nullable().describe('Who holds it; null = vacant.'),
  employment: employment.describe('How they are employed.'),
  fte: z.number().describe('Part of full time.'),
  unit_id: z.string().describe('Its unit.'),
  unit_name: z.string().describe('Name of that unit.'),
  team_id: z.string().nullable().describe('Its team, or null.'),
  team_name: z.string().nullable().describe('Name of that team, or null.'),
})

export const toPlacement = (row: PlacementRow): z.input<typeof placementFacts> => ({
  id: row.id,
  title: row.title,
  person: row.person,
  employment: row.employment,
  fte: row.fte,
  unit_id: row.unit_id,
  unit_name: row.unit_name,
  team_id: row.team_id,
  team_name: row.team_name,
})

export const costFacts = z.object({
  id: z.string().describe('Cost ID.'),
  label: z.string().describe('What it is spent on.'),
  category: costCategory.describe('Its category.'),
  annual_amount: z.number().describe('A year, in the currency.'),
  currency: z.string().describe('ISO 4217.'),
  unit_id: z.string().describe('Unit that bears it.'),
  unit_name: z.string().describe('Name of that unit.'),
})

export const toCost = (row: CostRow): z.input<typeof costFacts> => ({
  id: row.id,
  label: row.label,
  category: row.category,
  annual_amount: row.annual_amount,
  currency: row.currency,
  unit_id: row.unit_id,
  unit_name: row.unit_name,
})

export const metricFacts = z.object({
  name: z.string().describe('What was measured.'),
  quarter: z.string().describe('As 2026-Q1.'),
  value: z.number().describe('What it came to.'),
  target: z.number().nullable().describe('What was aimed at, or null.'),
  measure: z.string().describe('Of value and target.'),
  unit_id: z.string().describe('Unit it was measured of.'),
  unit_name: z.string().describe('Name of that unit.'),
})

export const toMetric = (row: MetricRow): z.input<typeof metricFacts> => ({
  name: row.name,
  quarter: `${row.period.slice(0, 4)}-Q${Math.ceil(Number(row.period.slice(5, 7)) / 3)}`,
  value: row.value,
  target: row.target,
  measure: row.measure,
  unit_id: row.unit_id,
  unit_name: row.unit_name,
})

export const scenarioFacts = z.object({
  id: z.string().describe('Scenario ID.'),
  name: z.string().describe('Its name.'),
  description: z.string().describe('What it is for.'),
  status: scenarioStatus.describe('Only a draft can be changed.'),
  revision: z.number().int().describe('Grows with every change.'),
  updated_at: z.string().describe('Last change, ISO 8601.'),
})

export const toScenario = (row: ScenarioRow): z.input<typeof scenarioFacts> => ({
  id: row.id,
  name: row.name,
  description: row.description,
  status: row.status,
  revision: Number(row.revision),
  updated_at: row.updated_at.toISOString(),
})

const state = z.record(z.string(), z.unknown())

/** What a change comes to, planned or done. */
export const judgedFields = {
  scenario_id: z.string().describe('The scenario.'),
  scenario_revision: z.number().int().describe('Its revision, now.'),
  action: actionName.describe('What is done.'),
  summary: z.string().describe('The same in a sentence, for the person.'),
  before: state.nullable().describe('What is changed, as it was; null = added.'),
  after: state.describe('What becomes of it.'),
}

/** Of a list. */
export const pageOf = <F extends z.ZodObject>(facts: F, what: string) => ({
  items: z.array(facts).describe(what),
  next_cursor: z.string().optional().describe('For the next page; absent on the last.'),
})
