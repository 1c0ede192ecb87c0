import { sustainability } from '@gatehouse/catalog-sustainability'
import { sql } from '@gatehouse/database'
import { type CatalogAtSize, catalogMillion } from './catalog-million.ts'

const SITES = 200
const DATASETS = 20
const FACTORS = 20_000
const FORMS = 200
/** Days over which activities lie. */
const DAYS = 1_500

const activities: CatalogAtSize = {
  catalog: sustainability,
  rows: (count) => [
    sql`insert into sustainability.sites (id, code, name, kind, country, created_at, updated_at)
      select 'sit_' || n, 'site-' || n, 'Site ' || n, 'plant', 'DE', now(), now() from generate_series(1, ${SITES}::integer) n`,
    sql`insert into sustainability.datasets (id, name, category, activity_count, created_at, updated_at)
      select 'dst_' || n, 'Dataset ' || n, 'electricity', ${count}::bigint / ${DATASETS}::integer, now(), now()
      from generate_series(1, ${DATASETS}::integer) n`,
    sql`insert into sustainability.emission_factors
        (id, code, name, category, ghg_scope, region, year, source, unit, kg_co2e, updated_at)
      select 'fac_' || n, 'factor-' || n, 'word' || n % 500 || ' word' || n % 77 || case when n % 1000 = 0 then ' needle' else '' end,
        'electricity', 2, 'Region ' || n % 30, 2000 + n % 27, 'Source', 'kWh', (n % 1000) / 1000.0, now()
      from generate_series(1, ${FACTORS}::integer) n`,
    sql`insert into sustainability.activities (id, dataset_id, site_id, occurred_on, description, quantity, unit, factor_id,
        factor_kg_co2e, co2e_kg, calculated_at, created_by, created_at, updated_at)
      select 'act_' || n, 'dst_' || (n % ${DATASETS}::integer + 1), 'sit_' || (n / 7 % ${SITES}::integer + 1),
        current_date - (n % ${DAYS}::integer)::integer, 'Bill ' || n, n % 5000, 'kWh', 'fac_' || (n % ${FACTORS}::integer + 1),
        0.5, n % 5000 * 0.5, now(), 'person_' || n % 50, now(), now()
      from generate_series(1::bigint, ${count}::bigint) n`,
    sql`insert into sustainability.forms (id, name, status, created_by, created_at, updated_at)
      select 'frm_' || n, 'Form ' || n, 'published', 'p', now(), now() - n * interval '1 hour'
      from generate_series(1, ${FORMS}::integer) n`,
    sql`insert into sustainability.form_deployments (id, form_id, site_id, period_start, period_end, due_on, status)
      select 'dpl_' || n, 'frm_' || (n % ${FORMS}::integer + 1), 'sit_' || (n % ${SITES}::integer + 1), current_date - 60,
        current_date - 30, current_date - (n % 365)::integer, 'open' from generate_series(1, 20000) n`,
    sql`insert into sustainability.form_submissions (id, deployment_id, form_id, site_id, status, submitted_by, submitted_at)
      select 'sub_' || n, 'dpl_' || (n % 20000 + 1), 'frm_' || ((n % 20000 + 1) % ${FORMS}::integer + 1),
        'sit_' || ((n % 20000 + 1) % ${SITES}::integer + 1), 'submitted', 'p', now() - n * interval '1 minute'
      from generate_series(1::bigint, ${count}::bigint / 10) n`,
    sql`insert into sustainability.kpi_indicators (id, code, name, unit, direction, aggregation)
      select 'kpi_' || n, 'kpi-' || n, 'Indicator ' || n, 't', 'lower_is_better', 'sum' from generate_series(1, 50) n`,
    sql`insert into sustainability.kpi_points (indicator_id, site_id, month, value)
      select 'kpi_' || k, 'sit_' || s, (date '2020-01-01' + m * interval '1 month')::date, k + s + m
      from generate_series(1, 20) k, generate_series(1, 100) s, generate_series(0, 59) m`,
  ],
  hot: [
    {
      name: 'list',
      tool: 'list_activities',
      input: () => ({}),
      found: ({ activities }) => activities.length === 50,
    },
    {
      name: 'list_dataset',
      tool: 'list_activities',
      input: (nth) => ({ datasetId: `dst_${(nth % DATASETS) + 1}` }),
      found: ({ activities }) => activities.length === 50,
    },
    {
      name: 'list_site_and_days',
      tool: 'list_activities',
      input: (nth) => ({ siteId: `sit_${(nth % SITES) + 1}`, from: '2020-01-01', limit: 100 }),
      found: ({ activities }) => activities.length === 100,
    },
    {
      name: 'search',
      tool: 'list_emission_factors',
      input: (nth) => ({ query: `word${nth % 77} word` }),
      indexes: ['emission_factors_search'],
      found: ({ factors }) => factors.length === 50,
    },
    {
      name: 'search_rare',
      tool: 'list_emission_factors',
      input: () => ({ query: 'needle' }),
      indexes: ['emission_factors_search'],
      found: ({ factors }) => factors.length === 20,
    },
    {
      name: 'factors',
      tool: 'list_emission_factors',
      input: () => ({ category: 'electricity' }),
      found: ({ factors }) => factors.length === 50,
    },
    {
      name: 'submissions',
      tool: 'list_form_submissions',
      input: (nth) => ({ formId: `frm_${(nth % FORMS) + 1}` }),
      found: ({ submissions }) => submissions.length === 50,
    },
    {
      name: 'deployments',
      tool: 'list_form_deployments',
      input: (nth) => ({ siteId: `sit_${(nth % SITES) + 1}` }),
      found: ({ deployments }) => deployments.length === 50,
    },
    {
      name: 'kpi',
      tool: 'query_kpi_data',
      input: (nth) => ({
        indicatorId: `kpi_${(nth % 20) + 1}`,
        siteId: `sit_${(nth % 100) + 1}`,
        from: '2020-01',
        to: '2024-12',
      }),
      found: ({ points }) => points.length === 60,
    },
    {
      name: 'read_update',
      tool: 'update_activity',
      input: (nth) => ({ activityId: `act_${nth * 977 + 1}`, quantity: nth }),
      found: ({ id }) => id === 'act_1',
    },
    {
      name: 'recalculate',
      tool: 'recalculate_activities',
      input: (nth) => ({ activityIds: [`act_${nth * 977 + 1}`, `act_${nth * 977 + 2}`] }),
      found: ({ looked }) => looked === 2,
    },
  ],
}

export const sustainabilityMillion = catalogMillion(activities)
