import type { Offer } from '@gatehouse/catalog'
import { type Sql, sql, type Tx } from '@gatehouse/database'
import { requireAbility } from './access.ts'
import { unknownScenario } from './failures.ts'
import { type ScenarioRow, scenario_get } from './scenarios.store.ts'
import { isId } from './vocabulary.ts'

/** The baseline (null), or a scenario that is there and may be read. */
export type Plane = string | null

/** For `where`: the rows of one plane. Which tenant's follows from the transaction. */
export const inPlane = (plane: Plane, table: Sql = sql`r`): Sql => sql`${table}.plane = ${plane ?? ''}`

/**
 * Makes sure that a scenario that a caller names is one of its tenant's and may be read.
 * @throws ToolFailure for what is missing, or `unknown_scenario`
 */
export async function openPlane(tx: Tx, offer: Offer, scenarioId: Plane): Promise<Plane> {
  if (scenarioId === null) return null
  return (await openScenario(tx, offer, scenarioId)).id
}

/** The same, for what is about scenarios alone. @throws as `openPlane` */
export async function openScenario(tx: Tx, offer: Offer, scenarioId: string): Promise<ScenarioRow> {
  requireAbility(offer, 'scenarios.read')
  const found = isId(scenarioId) ? await scenario_get(tx, scenarioId) : undefined
  if (found === undefined) throw unknownScenario(scenarioId)
  return found
}
