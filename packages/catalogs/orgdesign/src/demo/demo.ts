import { createHash } from 'node:crypto'
import type { DemoTenant } from '@gatehouse/catalog'
import { type Database, json, sql } from '@gatehouse/database'
import { type Story, type StoryChange, type StoryUnit, storyOf } from './story.ts'

const DAY = 86_400_000

/** Fills a tenant that has no unit yet, without events: it is the state that a story starts from. The database does it once. */
export async function demo(deps: { readonly db: Database; readonly now: Date }, tenant: DemoTenant): Promise<void> {
  const rows = demoRows(storyOf(tenant.slug), tenant, deps.now)
  await deps.db.asTenant(tenant.id, (tx) => tx.one(sql`select orgdesign.found(${json(rows)}::jsonb) as found`))
}

interface Row {
  readonly id: string
  readonly scenario_id: string | null
  readonly [column: string]: unknown
}

/** Rows as the tables have them. */
export interface DemoRows {
  readonly scenarios: readonly Readonly<Record<string, unknown>>[]
  readonly units: readonly Row[]
  readonly teams: readonly Row[]
  readonly placements: readonly Row[]
  readonly costs: readonly Row[]
  readonly metrics: readonly Row[]
}

type Plane = Omit<DemoRows, 'scenarios'>

/** The rows of a story: the baseline, and a copy of it for each scenario with what that changes. Ids are made from the names. Pure. */
export function demoRows(story: Story, tenant: DemoTenant, now: Date): DemoRows {
  const baseline = planeOf(story, now)
  const planner = tenant.people.find(({ role }) => role === 'admin')?.id ?? tenant.people[0]?.id ?? 'demo'
  const scenarios = story.scenarios.map(({ name, status, about }, nth) => ({
    id: idOf('scn', name),
    name,
    description: about,
    status,
    created_by: planner,
    created_at: new Date(now.getTime() - (40 + nth * 25) * DAY),
    updated_at: new Date(now.getTime() - (3 + nth * 11) * DAY),
  }))
  const planes = [
    baseline,
    ...story.scenarios.map((told, nth) => drafted(baseline, told, scenarios[nth]?.updated_at ?? now)),
  ]
  const all = (table: keyof Plane) => planes.flatMap((plane) => plane[table])
  return {
    scenarios,
    units: all('units'),
    teams: all('teams'),
    placements: all('placements'),
    costs: all('costs'),
    metrics: all('metrics'),
  }
}

function planeOf({ organisation, currency }: Story, now: Date): Plane {
  const told = flat(organisation, null)
  const of = <T>(make: (unit: StoryUnit, id: string) => readonly T[]): T[] =>
    told.flatMap(({ unit }) => make(unit, idOf('unt', unit.unit.name)))
  const nowhere = { scenario_id: null }
  return {
    units: told.map(({ unit: { unit, lead, purpose }, parent }) => ({
      ...nowhere,
      id: idOf('unt', unit.name),
      parent_id: parent,
      ...unit,
      status: 'active',
      purpose,
      lead: lead ?? null,
    })),
    teams: of(({ teams }, unit_id) =>
      teams.map(({ team, purpose }) => ({ ...nowhere, id: idOf('tem', team.name), unit_id, ...team, purpose })),
    ),
    placements: of(({ staff }, unit_id) =>
      staff.map(({ team, ...held }, nth) => ({
        ...nowhere,
        id: idOf('plc', unit_id, held.title, String(nth)),
        unit_id,
        team_id: team === undefined ? null : idOf('tem', team),
        ...held,
      })),
    ),
    costs: of(({ costs }, unit_id) =>
      costs.map(({ category, amount, label }) => ({
        ...nowhere,
        id: idOf('cst', label),
        unit_id,
        category,
        label,
        annual_amount: amount,
        currency,
      })),
    ),
    metrics: of(({ metrics }, unit_id) =>
      Object.entries(metrics).flatMap(([name, { measure, target, values }]) =>
        values.map((value, nth) => {
          const period = quarterBefore(now, values.length - nth)
          return { ...nowhere, id: idOf('met', unit_id, name, period), unit_id, name, period, value, target, measure }
        }),
      ),
    ),
  }
}

const flat = (unit: StoryUnit, parent: string | null): { unit: StoryUnit; parent: string | null }[] => [
  { unit, parent },
  ...unit.below.flatMap((one) => flat(one, idOf('unt', unit.unit.name))),
]

/** A copy of the baseline with the changes of a scenario, an hour between them. */
function drafted(baseline: Plane, told: Story['scenarios'][number], until: Date): Plane {
  const scenario_id = idOf('scn', told.name)
  const copy = (rows: readonly Row[]): Row[] => rows.map((row) => ({ ...row, scenario_id }))
  const plane = {
    units: copy(baseline.units),
    teams: copy(baseline.teams),
    placements: copy(baseline.placements),
    costs: copy(baseline.costs),
    metrics: copy(baseline.metrics),
  }
  told.changes.forEach((change, nth) => {
    const drafted_at = new Date(until.getTime() - (told.changes.length - nth) * 3_600_000)
    make(plane, change, { scenario_id, drafted_at })
  })
  return plane
}

type Mark = { readonly scenario_id: string; readonly drafted_at: Date }

function make(plane: Record<keyof Plane, Row[]>, change: StoryChange, mark: Mark): void {
  const set = (table: keyof Plane, id: string, to: object) => {
    if (!plane[table].some((row) => row.id === id))
      throw new TypeError(`the story has no ${id}: ${JSON.stringify(change)}`)
    plane[table] = plane[table].map((row) => (row.id === id ? { ...row, ...to, ...mark } : row))
  }
  if ('move' in change) set('units', idOf('unt', change.move), { parent_id: idOf('unt', change.to) })
  else if ('close' in change) set('units', idOf('unt', change.close), { status: 'closed' })
  else if ('cost' in change) set('costs', idOf('cst', change.cost), { annual_amount: change.amount })
  else if ('place' in change) {
    const held = plane.placements.find(({ person }) => person === change.place)
    set('placements', held?.id ?? change.place, { unit_id: idOf('unt', change.in), team_id: null })
  } else {
    const made = { parent_id: idOf('unt', change.below), name: change.add, kind: 'department', status: 'active' }
    plane.units.push({ id: idOf('unt', change.add), ...made, purpose: change.purpose, lead: null, ...mark })
  }
}

const idOf = (kind: string, ...parts: readonly string[]): string =>
  `${kind}_${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)}`

/** First day of the quarter that lies so many before the one of a day. */
function quarterBefore(day: Date, count: number): string {
  const quarter = day.getUTCFullYear() * 4 + Math.floor(day.getUTCMonth() / 3) - count
  return `${Math.floor(quarter / 4)}-${String((quarter % 4) * 3 + 1).padStart(2, '0')}-01`
}
