import { type OpenCatalog, openCatalog } from '@gatehouse/catalog/testing'
import type { DirectoryPort, MemberFacts } from '@gatehouse/contracts'
import type { DatabaseHost } from '@gatehouse/database'
import type { Principal } from '@gatehouse/policy'
import type { Scope } from '@gatehouse/testkit'
import { sustainability } from './catalog.ts'
import { type DemoRow, insertDemoRows, type Table } from './demo/demo.store.ts'
import type { Sustainability } from './domain.ts'

export const NOW = new Date('2026-03-02T09:30:00Z')

export function principalOf(tenant: string, subject = `person_${tenant}`): Principal {
  return {
    tenant,
    kind: 'person',
    subject,
    client: 'client_1',
    scopes: new Set(['azalt:read', 'azalt:admin']),
    roles: ['owner'],
    credential: 'oauth',
    credentialId: 'jti_1',
    issuedAt: NOW.getTime() / 1000,
    expiresAt: NOW.getTime() / 1000 + 600,
  }
}

export type Fixture = OpenCatalog<Sustainability>

export const openSustainability = (t: Scope, given?: DatabaseHost): Promise<Fixture> =>
  openCatalog(t, sustainability, { now: NOW, directory: smallDirectory(), ...(given === undefined ? {} : { given }) })

/** Two organisations in memory; whose rules are auth's own is proven there. */
export function smallDirectory(): DirectoryPort {
  const people = new Map<string, MemberFacts & { tenant: string }>(
    ['acme', 'globex'].flatMap((tenant) =>
      ['owner', 'member', 'viewer'].map((role): [string, MemberFacts & { tenant: string }] => {
        const id = role === 'owner' ? `person_${tenant}` : `person_${tenant}_${role}`
        const name = tenant === 'globex' ? `CANARY ${role}` : `${role} of acme`
        return [id, { tenant, id, name, email: `${role}@${tenant}.test`, role, permissions: ['data:read'] }]
      }),
    ),
  )
  const of = (tenant: string, id: string) => {
    const found = people.get(id)
    return found?.tenant === tenant ? found : undefined
  }
  return {
    async organisation({ tenant }) {
      const name = tenant === 'globex' ? 'CANARY Globex' : 'Acme Industries'
      return { organisation: tenant === 'nobody' ? null : { id: tenant, slug: tenant, name, plan: 'business' } }
    },
    async member({ tenant, person }) {
      return { member: of(tenant, person) ?? null }
    },
    async members({ tenant, after = '', role, like = '', limit }) {
      const members = [...people.values()]
        .filter((one) => one.tenant === tenant && one.email > after && (role === undefined || one.role === role))
        .filter((one) => `${one.name} ${one.email}`.includes(like))
        .sort((one, other) => (one.email < other.email ? -1 : 1))
      return { members: members.slice(0, limit) }
    },
    async changeRole({ tenant, person, role }) {
      const found = of(tenant, person)
      const roles = ['owner', 'member', 'viewer']
      if (found === undefined) return { change: { kind: 'refused', why: 'member.unknown', roles } }
      if (!roles.includes(role)) return { change: { kind: 'refused', why: 'role.unknown', roles } }
      if (found.role === role) return { change: { kind: 'unchanged', role } }
      people.set(person, { ...found, role })
      return { change: { kind: 'changed', from: found.role, to: role } }
    },
  }
}

/** One of everything, with the same ids in each tenant where `mark` is empty; texts of a tenant say `name`. */
export function sampleRows(name: string, mark = ''): Readonly<Record<Table, readonly DemoRow[]>> {
  const [created_at, updated_at] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z']
  const id = (kind: string) => `${kind}${mark}`
  const site = { name, kind: 'office', country: 'DE', city: name, floor_area_m2: 100, created_at, updated_at }
  const factor = { name, category: 'electricity', ghg_scope: 2, region: 'Europe', year: 2025, source: name, updated_at }
  return {
    sites: [
      { ...site, id: id('sit_hq'), code: 'hq', status: 'active' },
      { ...site, id: id('sit_old'), code: 'old', status: 'archived' },
    ],
    emission_factors: [
      { ...factor, id: id('fac_grid'), code: 'grid', unit: 'kWh', kg_co2e: 0.4 },
      { ...factor, id: id('fac_truck'), code: 'truck', unit: 'tkm', kg_co2e: 0.08 },
    ],
    forms: [{ id: id('frm_1'), name, description: name, status: 'published', created_by: 'p', created_at, updated_at }],
    form_elements: [
      {
        id: id('elm_1'),
        form_id: id('frm_1'),
        position: 0,
        label: name,
        kind: 'number',
        unit: 'kWh',
        required: true,
        options: [],
      },
      {
        id: id('elm_2'),
        form_id: id('frm_1'),
        position: 1,
        label: `${name}?`,
        kind: 'choice',
        unit: null,
        required: false,
        options: ['yes', 'no'],
      },
    ],
    form_deployments: [
      {
        id: id('dpl_1'),
        form_id: id('frm_1'),
        site_id: id('sit_hq'),
        period_start: '2026-01-01',
        period_end: '2026-01-31',
        due_on: '2026-02-10',
        status: 'open',
        submission_count: 1,
      },
    ],
    form_submissions: [
      {
        id: id('sub_1'),
        deployment_id: id('dpl_1'),
        form_id: id('frm_1'),
        site_id: id('sit_hq'),
        status: 'submitted',
        submitted_by: name,
        submitted_at: '2026-02-03T10:00:00Z',
      },
    ],
    submission_values: [
      { submission_id: id('sub_1'), element_id: id('elm_1'), value: 42 },
      { submission_id: id('sub_1'), element_id: id('elm_2'), value: 'yes' },
    ],
    kpi_indicators: [
      {
        id: id('kpi_1'),
        code: 'ghg',
        name,
        description: name,
        unit: 't',
        direction: 'lower_is_better',
        aggregation: 'sum',
        target: 5,
        target_year: 2030,
      },
    ],
    kpi_points: ['01', '02', '03', '04'].map((month) => ({
      indicator_id: id('kpi_1'),
      site_id: null,
      month: `2025-${month}-01`,
      value: Number(month),
    })),
    datasets: [
      {
        id: id('dst_1'),
        name,
        description: name,
        category: 'electricity',
        activity_count: 0,
        created_at,
        updated_at,
      },
    ],
    dashboards: [
      { id: id('dsh_1'), name, description: name, widget_count: 1, created_by: 'p', created_at, updated_at },
    ],
    dashboard_widgets: [
      {
        id: id('wdg_1'),
        dashboard_id: id('dsh_1'),
        position: 0,
        title: name,
        kind: 'line',
        indicator_id: id('kpi_1'),
        dataset_id: null,
      },
    ],
  }
}

/** Puts one of everything into a tenant. */
export async function fillSample(house: Fixture, tenant: string, name: string, mark = ''): Promise<void> {
  const rows = sampleRows(name, mark)
  const db = house.host.as(sustainability.schema.role)
  await db.asTenant(tenant, async (tx) => {
    for (const [table, some] of Object.entries(rows)) await insertDemoRows(tx, table as Table, some)
  })
}
