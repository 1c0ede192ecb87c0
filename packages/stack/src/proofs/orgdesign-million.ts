import { orgdesign } from '@gatehouse/catalog-orgdesign'
import { sql } from '@gatehouse/database'
import { type CatalogAtSize, catalogMillion } from './catalog-million.ts'

/** Each has twenty below it, so there are four layers and a bit. */
const UNITS = 20_000
/** Units and placements that a draft has: a part, since copies of all look the same. */
const DRAFTED = 400
/** Each title has one of so many words; one in 10,000 has the word `needle`. */
const WORDS = 2_000
const cursorOf = (key: readonly unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url')
const unit = (nth: number) => `unt_${((nth * 977) % UNITS) + 1}`
/** Of the third layer: some hundred units are below it. */
const department = (nth: number) => `unt_${(nth % 380) + 22}`
const page = ({ items }: { readonly items: readonly unknown[] }) => items.length === 50

const placements: CatalogAtSize = {
  catalog: orgdesign,
  rows: (count) => [
    // The run-time role cannot write a baseline: the product does, as the owner.
    sql`reset role`,
    sql`insert into orgdesign.scenarios (id, name, status, created_by, created_at, updated_at)
      select 'scn_' || n, 'Scenario ' || n, case when n = 1 then 'draft' else 'archived' end, 'p', now(), now() - n * interval '1 hour'
      from generate_series(1, 200) n`,
    // The checks of foreign keys are planned by what is known of the tables: of none that is empty.
    sql`insert into orgdesign.units (id, parent_id, name, kind, status, purpose)
      select 'unt_' || n, case when n > 1 then 'unt_' || (n + 18) / 20 end, 'Unit ' || n,
        case when n = 1 then 'company' when n < 22 then 'division' when n < 422 then 'department' else 'group' end, 'active',
        'word' || n % ${WORDS}::integer
      from generate_series(1, 421) n`,
    sql`analyze orgdesign.units`,
    sql`insert into orgdesign.units (id, parent_id, name, kind, status, purpose)
      select 'unt_' || n, case when n > 1 then 'unt_' || (n + 18) / 20 end, 'Unit ' || n,
        case when n = 1 then 'company' when n < 22 then 'division' when n < 422 then 'department' else 'group' end, 'active',
        'word' || n % ${WORDS}::integer
      from generate_series(422, ${UNITS}::integer) n`,
    sql`analyze orgdesign.units`,
    sql`insert into orgdesign.teams (id, unit_id, name, kind)
      select 'tem_' || n, 'unt_' || n, 'Team ' || n, 'delivery' from generate_series(1, ${UNITS}::integer) n`,
    sql`analyze orgdesign.teams`,
    sql`insert into orgdesign.placements (id, unit_id, team_id, title, person, employment, fte)
      select 'plc_' || n, 'unt_' || n % ${UNITS}::integer + 1, 'tem_' || n % ${UNITS}::integer + 1,
        'word' || abs(hashint8(n)) % ${WORDS}::integer || case when n % 10000 = 0 then ' needle ' else ' engineer ' end || n,
        case when n % 20 > 0 then 'Person ' || n end, 'employee', 1
      from generate_series(1::bigint, ${count}::bigint) n`,
    sql`insert into orgdesign.costs (id, unit_id, category, label, annual_amount, currency)
      select 'cst_' || n, 'unt_' || n % ${UNITS}::integer + 1, (array['salaries', 'software', 'travel', 'other'])[n % 4 + 1],
        'Cost ' || n, abs(hashint8(n)) % 1000000, 'EUR'
      from generate_series(1::bigint, ${count}::bigint / 5) n`,
    sql`insert into orgdesign.metrics (id, unit_id, name, period, value, measure)
      select 'met_' || n, 'unt_' || n % ${UNITS}::integer + 1, 'metric_' || n / ${UNITS}::integer % 10, date '2026-01-01' - 90 * (n / ${UNITS}::integer)::integer,
        n % 100, 'percent'
      from generate_series(1::bigint, ${count}::bigint / 5) n`,
    sql`insert into orgdesign.units (scenario_id, id, parent_id, name, kind, status)
      select 'scn_1', 'unt_' || n, case when n > 1 then 'unt_' || (n + 18) / 20 end, 'Unit ' || n, 'group', 'active'
      from generate_series(1, ${DRAFTED}::integer + 1) n`,
    sql`insert into orgdesign.placements (scenario_id, id, unit_id, title, employment, fte, drafted_at)
      select 'scn_1', 'plc_' || n, 'unt_' || n + 1, 'Engineer', 'employee', 0.5, now() - n * interval '1 minute'
      from generate_series(1, ${DRAFTED}::integer) n`,
  ],
  hot: [
    {
      name: 'search',
      tool: 'org.search',
      input: (nth) => ({ q: `word${nth % WORDS} engineer`, limit: 50 }),
      indexes: ['placements_search'],
      found: ({ results }) => results.length === 50,
    },
    {
      name: 'search_rare',
      tool: 'org.search',
      input: () => ({ q: 'needle', limit: 50 }),
      indexes: ['placements_search'],
      found: ({ results }) => results.length === 50,
    },
    { name: 'units', tool: 'org_unit.list', input: (nth) => ({ cursor: cursorOf([`Unit ${nth}`, '']) }), found: page },
    {
      name: 'units_below',
      tool: 'org_unit.list',
      input: (nth) => ({ parent_id: department(nth) }),
      found: ({ items }) => items.length === 20,
    },
    {
      name: 'unit',
      tool: 'org_unit.get',
      input: (nth) => ({ unit_id: unit(nth) }),
      found: ({ line }) => Array.isArray(line),
    },
    {
      name: 'tree',
      tool: 'org_unit.tree',
      input: (nth) => ({ unit_id: department(nth), layers: 2 }),
      found: ({ units }) => units.length >= 21,
    },
    {
      name: 'teams',
      tool: 'team.list',
      input: (nth) => ({ unit_id: unit(nth) }),
      found: ({ items }) => items.length === 1,
    },
    {
      name: 'placements',
      tool: 'placement.list',
      input: (nth) => ({ unit_id: unit(nth) }),
      found: ({ items }) => items.length === 50,
    },
    {
      name: 'placements_deep',
      tool: 'placement.list',
      input: (nth) => ({ cursor: cursorOf([`word${nth % WORDS} m`, '']) }),
      found: page,
    },
    { name: 'vacancies', tool: 'placement.list', input: () => ({ vacant: true }), found: page },
    {
      name: 'costs',
      tool: 'cost.list',
      input: (nth) => ({ cursor: cursorOf([String(900_000 - nth), '']) }),
      found: page,
    },
    {
      name: 'costs_of_unit',
      tool: 'cost.list',
      input: (nth) => ({ unit_id: unit(nth) }),
      found: ({ items }) => items.length === 10,
    },
    {
      name: 'cost_summary',
      tool: 'cost.summary',
      input: (nth) => ({ unit_id: department(nth) }),
      found: ({ totals }) => totals.length === 1,
    },
    {
      name: 'metrics_of_unit',
      tool: 'org_metric.list',
      input: (nth) => ({ unit_id: unit(nth) }),
      found: ({ items }) => items.length === 10,
    },
    { name: 'metrics', tool: 'org_metric.list', input: (nth) => ({ name: `metric_${nth % 10}` }), found: page },
    { name: 'scenarios', tool: 'scenario.list', input: () => ({}), found: page },
    {
      name: 'compare',
      tool: 'scenario.compare',
      input: () => ({ scenario_id: 'scn_1' }),
      found: ({ changes }) => changes.length === 50 && changes[0].before !== null,
    },
    {
      name: 'plan',
      tool: 'scenario.action.plan',
      input: (nth) => ({
        scenario_id: 'scn_1',
        action: 'change_placement',
        placement_id: `plc_${(nth % DRAFTED) + 1}`,
        fte: 0.4,
      }),
      found: ({ proposal_id }) => proposal_id.startsWith('prp_'),
    },
    { name: 'organisation', resource: 'organisation', found: ({ units }) => units.length === 300 },
  ],
}

export const orgdesignMillion = catalogMillion(placements)
