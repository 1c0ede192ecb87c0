import { day, QUANTITY_MAX, text, type Unit, unit } from '../vocabulary.ts'
import type { Column, ParsedRow } from './parse-csv.ts'

/** What is wrong with a row, for a person who corrects the file. The field itself is not repeated. */
export interface RowFault {
  readonly line: number
  readonly column: Column | null
  readonly problem: string
}

/** A row that can be applied, as its table has it; `quantity` in decimal digits. */
export interface JudgedRow {
  readonly line: number
  readonly site_id: string
  readonly occurred_on: string
  readonly quantity: string
  readonly unit: Unit
  readonly factor_id: string
  readonly description: string
}

/** What the organisation has, by the codes that the file names. */
export interface Known {
  readonly sites: ReadonlyMap<string, { readonly id: string; readonly active: boolean }>
  /** `units`: those that convert into the unit of the factor. */
  readonly factors: ReadonlyMap<
    string,
    { readonly id: string; readonly unit: string; readonly units: ReadonlySet<string> }
  >
}

const DECIMAL = /^\d{1,14}(?:\.\d{1,6})?$/
const DESCRIPTION_MAX = 500
const description = text(DESCRIPTION_MAX)

/** The row, or all that is wrong with it. Pure. */
export function judgeRow({ line, fields, tooLong }: ParsedRow, known: Known, today: string): JudgedRow | RowFault[] {
  const faults: RowFault[] = []
  const wrong = (column: Column | null, problem: string): void => void faults.push({ line, column, problem })
  if (tooLong) wrong(null, 'has more fields than the header; is a delimiter not quoted?')

  const date = fields.date ?? ''
  if (!day.safeParse(date).success) wrong('date', 'must be a day, YYYY-MM-DD')
  else if (date > today) wrong('date', 'lies in the future')

  const site = known.sites.get(fields.site ?? '')
  if (site === undefined) wrong('site', 'is the code of no site; list_sites gives the codes')
  else if (!site.active) wrong('site', 'is archived')

  const quantity = fields.quantity ?? ''
  if (!DECIMAL.test(quantity))
    wrong('quantity', 'must be a number such as 1234.5: no sign, at most 6 digits after the point')
  else if (Number(quantity) > QUANTITY_MAX) wrong('quantity', `must be at most ${QUANTITY_MAX}`)

  const asUnit = unit.safeParse(fields.unit)
  if (!asUnit.success) wrong('unit', `must be one of ${unit.options.join(', ')}`)

  const factor = known.factors.get(fields.factor ?? '')
  if (factor === undefined) wrong('factor', 'is the code of no emission factor; list_emission_factors gives the codes')
  else if (asUnit.success && !factor.units.has(asUnit.data)) {
    wrong('unit', `does not convert into ${factor.unit}, the unit of the factor`)
  }

  const about = description.safeParse(fields.description ?? '')
  if (!about.success) wrong('description', `must be text of at most ${DESCRIPTION_MAX} characters`)

  if (faults.length > 0 || !asUnit.success || site === undefined || factor === undefined) return faults
  return {
    line,
    site_id: site.id,
    occurred_on: date,
    quantity,
    unit: asUnit.data,
    factor_id: factor.id,
    description: about.data ?? '',
  }
}
