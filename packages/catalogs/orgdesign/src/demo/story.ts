import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { costCategory, scenarioStatus, teamKind, unitKind } from '../vocabulary.ts'

/** `department Customer Care` */
const heading = <T extends string>(kind: z.ZodType<T>) =>
  z
    .string()
    .regex(/^\S+ ./)
    .transform((line) => ({
      kind: kind.parse(line.slice(0, line.indexOf(' '))),
      name: line.slice(line.indexOf(' ') + 1),
    }))

/** `Data engineer, Ana Petrović, contractor 0.8, in Pipelines`; `vacant` in the place of a name, what is usual left out. */
const STAFF = /^([^,]+), ([^,]+?)(?:, (contractor))?(?:,? (0\.\d+))?(?:, in (.+))?$/
const staff = z
  .string()
  .regex(STAFF)
  .transform((line) => {
    const [, title = '', person = '', contractor, fte = '1', team] = STAFF.exec(line) ?? []
    const employment = contractor === undefined ? ('employee' as const) : ('contractor' as const)
    return { title, person: person === 'vacant' ? null : person, employment, fte: Number(fte), team }
  })

/** `software 120000 Cloud hosting` */
const COST = /^(\S+) (\d+) (.+)$/
const cost = z
  .string()
  .regex(COST)
  .transform((line) => {
    const [, category, amount, label] = COST.exec(line) ?? []
    return { category, amount: Number(amount), label }
  })
  .pipe(z.strictObject({ category: costCategory, amount: z.number(), label: z.string() }))

/** `percent, target 8: 9.1 8.4 7.9 8.2`, the last four quarters. */
const METRIC = /^(\w+), target (\S+): ([\d. ]+)$/
const metric = z
  .string()
  .regex(METRIC)
  .transform((line) => {
    const [, measure = '', target, values = ''] = METRIC.exec(line) ?? []
    return { measure, target: Number(target), values: values.split(' ').map(Number) }
  })

const unit = z.strictObject({
  unit: heading(unitKind),
  lead: z.string().optional(),
  purpose: z.string(),
  teams: z.array(z.strictObject({ team: heading(teamKind), purpose: z.string() })).default([]),
  staff: z.array(staff).default([]),
  costs: z.array(cost).default([]),
  metrics: z.record(z.string(), metric).default({}),
  get below() {
    return z.array(unit).default([])
  },
})
export type StoryUnit = z.output<typeof unit>

/** By names, since ids are made from them. */
const change = z.union([
  z.strictObject({ move: z.string(), to: z.string() }),
  z.strictObject({ add: z.string(), below: z.string(), purpose: z.string() }),
  z.strictObject({ close: z.string() }),
  z.strictObject({ place: z.string(), in: z.string() }),
  z.strictObject({ cost: z.string(), amount: z.number() }),
])
export type StoryChange = z.output<typeof change>

const story = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/),
  organisation: unit,
  scenarios: z.array(
    z.strictObject({ name: z.string(), status: scenarioStatus, about: z.string(), changes: z.array(change) }),
  ),
})
export type Story = z.output<typeof story>

const TOLD = new Set(['acme', 'globex', 'initech'])

/** The organisation of a demo tenant, from `demo/<slug>.yaml`; any other tenant gets `demo/other.yaml`. */
export function storyOf(slug: string): Story {
  const file = new URL(`../../demo/${TOLD.has(slug) ? slug : 'other'}.yaml`, import.meta.url)
  return story.parse(parse(readFileSync(file, 'utf8')))
}
