import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { category, code, elementKind, formStatus, siteKind, unit, widgetKind } from '../vocabulary.ts'

/** Lines of a story are commas between words; the last part may hold commas itself. */
function line<S extends z.ZodType>(
  pattern: RegExp,
  read: (groups: Readonly<Record<string, string>>) => unknown,
  shape: S,
) {
  return z
    .string()
    .regex(pattern)
    .transform((text) => read({ ...pattern.exec(text)?.groups }))
    .pipe(shape)
}

const number = (text: string | undefined) => (text === undefined || text === '' ? null : Number(text))

/** `hamburg-hq, office, DE, Hamburg, 5200, Headquarters Hamburg (archived)` */
const site = line(
  /^(?<code>\S+), (?<kind>\S+), (?<country>"?[A-Z]{2}"?), (?<city>[^,]+), (?<area>[\d."]*), (?<name>.+?)(?<archived> \(archived\))?$/,
  ({ code, kind, country = '', city, area = '', name, archived }) => ({
    code,
    kind,
    country: country.replaceAll('"', ''),
    city,
    area: number(area.replaceAll('"', '')),
    name,
    archived: archived !== undefined,
  }),
  z.strictObject({
    code,
    kind: siteKind,
    country: z.string(),
    city: z.string(),
    area: z.number().nullable(),
    name: z.string(),
    archived: z.boolean(),
  }),
)

/** `number kWh required: Electricity = 41200`, `choice: How? = one, [none, one]` */
const element = line(
  /^(?<kind>[a-z]+)(?: (?!required)(?<unit>\S+?))?(?<required> required)?: (?<label>.+?) = (?<typical>[^[]*?)(?:, \[(?<options>.+)\])?$/,
  ({ kind, unit = null, required, label, typical, options }) => ({
    kind,
    unit,
    required: required !== undefined,
    label,
    typical,
    options: options?.split(', ') ?? [],
  }),
  z.strictObject({
    kind: elementKind,
    unit: z.string().nullable(),
    required: z.boolean(),
    label: z.string(),
    typical: z.string(),
    options: z.array(z.string()),
  }),
)

/** `hamburg-hq, grid-de-2025, 41200 kWh, Grid electricity, main meter`: so much each month. */
const dataLine = line(
  /^(?<site>\S+), (?<factor>\S+), (?<quantity>[\d.]+) (?<unit>\S+), (?<what>.+)$/,
  ({ quantity, ...rest }) => ({ ...rest, quantity: Number(quantity) }),
  z.strictObject({ site: z.string(), factor: z.string(), quantity: z.number(), unit, what: z.string() }),
)

/** `ghg-total, t CO2e, lower, sum, 96 -6%, target 720 in 2030, Emissions`: per month at first, and by how much a year it changes. */
const indicator = line(
  /^(?<code>\S+), (?<unit>[^,]+), (?<direction>lower|higher), (?<aggregation>sum|average), (?<start>[\d.]+) (?<change>[+-]\d+)%, (?:none|target (?<target>[\d.]+) in (?<year>\d{4})), (?<name>.+)$/,
  ({ unit = '', direction, start, change, target, year, ...rest }) => ({
    ...rest,
    unit: unit.replaceAll('"', ''),
    direction: `${direction}_is_better`,
    start: Number(start),
    change: Number(change) / 100,
    target: number(target),
    year: number(year),
  }),
  z.strictObject({
    code,
    unit: z.string(),
    direction: z.enum(['lower_is_better', 'higher_is_better']),
    aggregation: z.enum(['sum', 'average']),
    start: z.number(),
    change: z.number(),
    target: z.number().nullable(),
    year: z.number().nullable(),
    name: z.string(),
  }),
)

/** `line, kpi ghg-total, Emissions by month`; `bar, data Electricity, Electricity by site` */
const widget = line(
  /^(?<kind>\S+), (?<of>kpi|data) (?<subject>[^,]+), (?<title>.+)$/,
  (groups) => groups,
  z.strictObject({ kind: widgetKind, of: z.enum(['kpi', 'data']), subject: z.string(), title: z.string() }),
)

const about = z.string()
const story = z.strictObject({
  sites: z.array(site),
  forms: z.array(
    z.strictObject({
      name: z.string(),
      about,
      status: formStatus,
      sent: z.array(z.string()),
      elements: z.array(element),
    }),
  ),
  datasets: z.array(z.strictObject({ name: z.string(), about, category, lines: z.array(dataLine) })),
  indicators: z.array(indicator),
  dashboards: z.array(z.strictObject({ name: z.string(), about, widgets: z.array(widget) })),
})
export type Story = z.infer<typeof story>

/** `kWh, 0.363, 2, Germany, 2025, Grid electricity` */
const factor = line(
  /^(?<unit>\S+), (?<kg>[\d.]+), (?<scope>[123]), (?<region>[^,]+), (?<year>\d{4}), (?<name>.+)$/,
  ({ kg, scope, year, ...rest }) => ({ ...rest, kg: Number(kg), scope: Number(scope), year: Number(year) }),
  z.strictObject({
    unit,
    kg: z.number(),
    scope: z.number(),
    region: z.string(),
    year: z.number(),
    name: z.string(),
  }),
)

const library = z.partialRecord(category, z.record(code, factor))
export type Library = z.infer<typeof library>

const TOLD = new Set(['acme', 'globex', 'initech'])

const read = (name: string): unknown => parse(readFileSync(new URL(`../../demo/${name}.yaml`, import.meta.url), 'utf8'))

/** What a demo tenant has, from `demo/<slug>.yaml`; any other tenant gets `demo/other.yaml`. */
export const storyOf = (slug: string): Story => story.parse(read(TOLD.has(slug) ? slug : 'other'))

/** The emission factors that every demo tenant has. */
export const factorLibrary = (): Library => library.parse(read('factors'))
