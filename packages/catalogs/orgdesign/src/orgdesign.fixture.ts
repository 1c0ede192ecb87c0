import { type OpenCatalog, openCatalog } from '@gatehouse/catalog/testing'
import { type DatabaseHost, json, sql } from '@gatehouse/database'
import type { Principal, Rules } from '@gatehouse/policy'
import type { Scope } from '@gatehouse/testkit'
import { orgdesign } from './catalog.ts'
import type { OrgDesign } from './domain.ts'

export const NOW = new Date('2026-03-02T09:30:00Z')

const READS = ['scenarios.read', 'org-units.read', 'teams.read', 'placements.read', 'org-metrics.read']
const DRAFTS = ['ai.scenarios.draft', 'org-units.write', 'placements.write']
const ALL = [...READS, 'costs.read', ...DRAFTS, 'costs.write']

/** As a profile may have it: a planner may do everything, a member no costs, a viewer reads, a clerk drafts without any domain. */
export const RULES: Rules = {
  plansWithMcp: new Set(),
  implies: new Map(),
  permissions: new Map([
    ['planner', new Set(ALL)],
    ['member', new Set([...READS, 'costs.read', ...DRAFTS])],
    ['viewer', new Set(READS)],
    ['clerk', new Set([...READS, 'ai.scenarios.draft'])],
  ]),
  narrowing: new Set(ALL),
}

export function principalOf(tenant: string, over: Partial<Principal> = {}): Principal {
  return {
    tenant,
    kind: 'person',
    subject: 'person_ada',
    client: 'client_1',
    scopes: new Set(['mcp:use']),
    roles: ['planner'],
    credential: 'oauth',
    credentialId: 'jti_1',
    issuedAt: NOW.getTime() / 1000,
    expiresAt: NOW.getTime() / 1000 + 600,
    ...over,
  }
}

/** The catalog over a database of its own, and organisations that no tool makes. */
export interface Fixture extends OpenCatalog<OrgDesign> {
  /** A small organisation with a draft `scn_draft` and a scenario `scn_review` that is no draft; names begin with `mark`. */
  found(tenant: string, mark?: string): Promise<void>
  /** As the owner of the tables: the product, which writes baselines. */
  asOwner(tenant: string, statement: ReturnType<typeof sql>): Promise<number>
}

export async function openOrgDesign(t: Scope, given?: DatabaseHost): Promise<Fixture> {
  const open = await openCatalog(t, orgdesign, { now: NOW, rules: RULES, ...(given === undefined ? {} : { given }) })
  const db = open.host.as(orgdesign.schema.role)
  return {
    ...open,
    async found(tenant, mark = '') {
      await db.asTenant(tenant, (tx) => tx.one(sql`select orgdesign.found(${json(smallOrganisation(mark))}::jsonb)`))
    },
    async asOwner(tenant, statement) {
      const { owner } = await db.asTenant(tenant, (tx) =>
        tx.one<{ owner: string }>(
          sql`select tableowner::text as owner from pg_tables where schemaname = 'orgdesign' limit 1`,
        ),
      )
      return open.host.as(owner).asTenant(tenant, (tx) => tx.run(statement))
    },
  }
}

/**
 * top (company) ─ ops (division) ─ plant (department) ─ line (group)
 *               └ labs (division, empty)
 * Two teams and three placements in plant and line; two costs; one metric.
 */
export function smallOrganisation(mark: string) {
  const at = NOW.toISOString()
  const scenario = (id: string, status: string) => ({
    id,
    name: `${mark}Scenario ${id}`,
    description: `${mark}What if`,
    status,
    created_by: 'person_ada',
    created_at: at,
    updated_at: at,
  })
  const planes = [null, 'scn_draft', 'scn_review']
  const everywhere = (rows: readonly object[]) =>
    planes.flatMap((scenario_id) => rows.map((row) => ({ ...row, scenario_id })))
  const unit = (id: string, parent_id: string | null, kind: string) => ({
    id,
    parent_id,
    name: `${mark}${id.slice(4)}`,
    kind,
    status: 'active',
    purpose: `${mark}purpose of ${id}`,
    lead: null,
  })
  const placement = (id: string, unit_id: string, team_id: string | null, title: string, person: string | null) => ({
    id,
    unit_id,
    team_id,
    title: `${mark}${title}`,
    person,
    employment: 'employee',
    fte: 1,
  })
  const cost = (id: string, unit_id: string, category: string, annual_amount: number) => ({
    id,
    unit_id,
    category,
    label: `${mark}label of ${id}`,
    annual_amount,
    currency: 'EUR',
  })
  return {
    scenarios: [scenario('scn_draft', 'draft'), scenario('scn_review', 'in_review')],
    units: everywhere([
      unit('unt_top', null, 'company'),
      unit('unt_ops', 'unt_top', 'division'),
      unit('unt_labs', 'unt_top', 'division'),
      unit('unt_plant', 'unt_ops', 'department'),
      unit('unt_line', 'unt_plant', 'group'),
    ]),
    teams: everywhere([
      { id: 'tem_day', unit_id: 'unt_plant', name: `${mark}Day shift`, kind: 'operations', purpose: '' },
      { id: 'tem_night', unit_id: 'unt_line', name: `${mark}Night shift`, kind: 'operations', purpose: '' },
    ]),
    placements: everywhere([
      placement('plc_lead', 'unt_plant', null, 'Plant lead', `${mark}Ida Holm`),
      placement('plc_fitter', 'unt_plant', 'tem_day', 'Fitter', `${mark}Jon Abel`),
      placement('plc_open', 'unt_line', 'tem_night', 'Fitter', null),
    ]),
    costs: everywhere([
      cost('cst_wages', 'unt_plant', 'salaries', 120_000.5),
      cost('cst_tools', 'unt_line', 'other', 9_000),
    ]),
    metrics: everywhere([
      {
        id: 'met_1',
        unit_id: 'unt_plant',
        name: 'scrap_rate',
        period: '2025-10-01',
        value: 3.5,
        target: 2,
        measure: 'percent',
      },
      {
        id: 'met_2',
        unit_id: 'unt_plant',
        name: 'scrap_rate',
        period: '2025-07-01',
        value: 3,
        target: null,
        measure: 'percent',
      },
    ]),
  }
}
