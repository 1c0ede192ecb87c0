import type { ToolFailure } from '@gatehouse/catalog'
import type { Tx } from '@gatehouse/database'
import { converts } from './activities.store.ts'
import { hasDataset } from './datasets.store.ts'
import { type FactorRow, findFactor } from './factors.store.ts'
import {
  siteArchived,
  unitMismatch,
  unknownDataset,
  unknownFactor,
  unknownForm,
  unknownIndicator,
  unknownSite,
} from './failures.ts'
import { type FormRow, findForm } from './forms.store.ts'
import { findIndicator, type IndicatorRow } from './kpis.store.ts'
import { findSite, holdSite } from './sites.store.ts'
import { isId } from './vocabulary.ts'

/** What an id names, or the failure that tells which tool gives ids. Nothing that cannot be an id reaches the database. */
export async function need<T>(
  id: string,
  find: (id: string) => Promise<T | undefined>,
  unknown: (id: string) => ToolFailure,
): Promise<T> {
  const found = isId(id) ? await find(id) : undefined
  if (found === undefined) throw unknown(id)
  return found
}

export const needForm = (tx: Tx, id: string): Promise<FormRow> => need(id, (id) => findForm(tx, id), unknownForm)

export const needIndicator = (tx: Tx, id: string): Promise<IndicatorRow> =>
  need(id, (id) => findIndicator(tx, id), unknownIndicator)

export async function needDataset(tx: Tx, id: string): Promise<void> {
  await need(id, async (id) => ((await hasDataset(tx, id)) ? id : undefined), unknownDataset)
}

export async function needSite(tx: Tx, id: string): Promise<void> {
  await need(id, (id) => findSite(tx, id), unknownSite)
}

/** Held until the transaction ends, so that nobody archives it meanwhile. */
export async function needActiveSite(tx: Tx, id: string): Promise<void> {
  const site = await need(id, (id) => holdSite(tx, id), unknownSite)
  if (site.status !== 'active') throw siteArchived(id)
}

/** A factor that a quantity in this unit converts into. */
export async function needFactorFor(tx: Tx, id: string, unit: string): Promise<FactorRow> {
  const factor = await need(id, (id) => findFactor(tx, id), unknownFactor)
  if (!(await converts(tx, unit, factor.unit))) throw unitMismatch(unit, factor.unit)
  return factor
}
