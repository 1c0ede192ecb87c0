import { sql, type Tx } from '@gatehouse/database'
import type { Category } from './vocabulary.ts'
import { every, when } from './where.ts'

export interface FactorRow {
  readonly id: string
  readonly code: string
  readonly name: string
  readonly category: Category
  readonly ghg_scope: number
  readonly region: string
  readonly year: number
  readonly source: string
  readonly unit: string
  readonly kg_co2e: number
}

const columns = sql`f.id, f.code, f.name, f.category, f.ghg_scope::int as ghg_scope, f.region, f.year, f.source, f.unit,
  f.kg_co2e::float8 as kg_co2e`

/** By category and code. */
export function listFactors(
  tx: Tx,
  of: {
    readonly category?: Category | undefined
    readonly after?: readonly [string, string] | undefined
    readonly atMost: number
  },
): Promise<FactorRow[]> {
  return tx.rows<FactorRow>(sql`
    select ${columns} from sustainability.emission_factors f
    where ${every(
      when(of.category, (category) => sql`f.category = ${category}`),
      when(of.after, ([category, code]) => sql`(f.category, f.code) > (${category}, ${code})`),
    )}
    order by f.category, f.code limit ${of.atMost}`)
}

/** Best first. The function filters by the transaction's tenant; see its migration. */
export function searchFactors(
  tx: Tx,
  words: string,
  category: Category | undefined,
  atMost: number,
): Promise<FactorRow[]> {
  return tx.rows<FactorRow>(sql`
    select ${columns}
    from sustainability.search_factors(${words}, ${category ?? null}, ${atMost}) with ordinality as found (id, place)
    join sustainability.emission_factors f on f.id = found.id
    order by found.place`)
}

export function findFactor(tx: Tx, id: string): Promise<FactorRow | undefined> {
  return tx.maybe<FactorRow>(sql`select ${columns} from sustainability.emission_factors f where f.id = ${id}`)
}

/** Factors by the codes that files name, and which of the units convert into theirs. */
export function factorsByCode(
  tx: Tx,
  codes: readonly string[],
  units: readonly string[],
): Promise<{ readonly id: string; readonly code: string; readonly unit: string; readonly units: readonly string[] }[]> {
  return tx.rows(sql`
    select f.id, f.code, f.unit, array(
      select u from unnest(${units}::text[]) u where sustainability.unit_dimension(u) = sustainability.unit_dimension(f.unit)
    ) as units
    from sustainability.emission_factors f where f.code = any(${codes}::text[])`)
}
