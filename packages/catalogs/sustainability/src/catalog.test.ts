import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { test } from 'tap'
import { z } from 'zod'
import { sustainability } from './catalog.ts'

interface JsonSchema {
  readonly type?: string
  readonly additionalProperties?: boolean
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly maxLength?: number
  readonly enum?: readonly unknown[]
  readonly pattern?: string
}

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output') => z.toJSONSchema(schema, { io }) as JsonSchema

const READ = { scopes: 'azalt:read', permissions: 'data:read', effect: 'reads' }
const FORMS = { scopes: 'azalt:write:forms', permissions: 'forms:write', effect: 'writes' }
const DASHBOARDS = { ...FORMS, permissions: 'dashboards:write' }
const IMPORTS = { scopes: 'azalt:write:imports', permissions: 'imports:write', effect: 'writes' }
const ACTIVITIES = { scopes: 'azalt:write:activities', permissions: 'activities:write', effect: 'writes' }
const SITES = { scopes: 'azalt:admin', permissions: 'sites:write', effect: 'writes' }

test('each tool has the scope and the permission of its row [Z3, Z4]', async (t) => {
  t.same(
    Object.fromEntries(
      sustainability.tools.map(({ name, scopes, permissions = [], effect }) => [
        name,
        { scopes: scopes.join(), permissions: permissions.join(), effect },
      ]),
    ),
    {
      get_my_profile: { ...READ, permissions: '' },
      get_current_organization: { ...READ, permissions: '' },
      list_users: { ...READ, permissions: 'users:read' },
      list_sites: READ,
      list_forms: READ,
      get_form_elements: READ,
      list_form_deployments: READ,
      list_form_submissions: READ,
      get_submission_values: READ,
      list_dashboards: READ,
      get_dashboard: READ,
      list_datasets: READ,
      list_kpi_indicators: READ,
      query_kpi_data: READ,
      list_emission_factors: READ,
      list_activities: READ,
      create_form: FORMS,
      update_form: FORMS,
      create_dashboard: DASHBOARDS,
      update_dashboard: DASHBOARDS,
      create_dashboard_widget: DASHBOARDS,
      update_dashboard_widget: DASHBOARDS,
      preview_import: IMPORTS,
      get_import: { ...IMPORTS, effect: 'reads' },
      apply_import: IMPORTS,
      create_activity: ACTIVITIES,
      update_activity: ACTIVITIES,
      recalculate_activities: ACTIVITIES,
      create_site: SITES,
      update_site: SITES,
      update_member_role: { ...SITES, permissions: 'members:manage' },
    },
  )
  t.same(
    sustainability.tools.filter(({ task }) => task !== undefined).map(({ name, task }) => [name, task]),
    [
      ['apply_import', 'optional'],
      ['recalculate_activities', 'optional'],
    ],
    'what can take long',
  )
  t.same(sustainability.resources, [], 'the system has tools alone')
})

/** Texts whose length no schema shows: ids, which are not found when they are too long, and cursors. */
const unbounded = (schema: JsonSchema, path = ''): string[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.type === 'string' &&
    field.maxLength === undefined &&
    field.enum === undefined &&
    field.pattern === undefined &&
    !/(^i|I)d$/.test(name)
      ? [`${path}.${name}`]
      : []),
    ...unbounded(field, `${path}.${name}`),
  ]),
  ...(schema.items === undefined ? [] : unbounded(schema.items, `${path}[]`)),
]

for (const tool of sustainability.tools) {
  test(`${tool.name} is fit for a model`, async (t) => {
    t.match(tool.name, /^[a-z_]{1,64}$/)
    t.ok(tool.title.length > 0)
    t.ok(tool.description.length <= 400, `${tool.description.length} characters are at most 400`)
    t.match(tool.description, /Returns? |^Who |^The organization /, 'says what it returns')
    t.match(tool.description, /\bNot for\b/, 'says when not to use it')
    const input = jsonSchema(tool.input, 'input')
    t.equal(input.type, 'object')
    t.equal(input.additionalProperties, false, 'a slip in a name is an error, not a silence')
    t.same(unbounded(input), [], 'every text has an end')
    t.equal(jsonSchema(tool.output, 'output').type, 'object')
    const mentioned =
      tool.description.match(/\b(?:list|get|query|create|update|preview|apply|recalculate)_[a-z_]+/g) ?? []
    const names = new Set(sustainability.tools.map(({ name }) => name))
    t.same(
      mentioned.filter((name: string) => !names.has(name)),
      [],
      'tools that it names are there',
    )
  })
}

test('events are those that other services may rely on', async (t) => {
  t.same(
    sustainability.changes.map(({ kind }) => kind.type),
    [
      'gatehouse.site.created.v1',
      'gatehouse.site.updated.v1',
      'gatehouse.form.created.v1',
      'gatehouse.form.updated.v1',
      'gatehouse.dashboard.created.v1',
      'gatehouse.dashboard.updated.v1',
      'gatehouse.activity.created.v1',
      'gatehouse.activity.updated.v1',
      'gatehouse.activity.recalculated.v1',
      'gatehouse.import.applied.v1',
    ],
  )
})

test('every table of the migrations is guarded, and every column has its sentence', async (t) => {
  const folder = sustainability.schema.migrations
  let tables = 0
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.sql'))) {
    const text = readFileSync(new URL(name, folder), 'utf8')
    for (const [, table, body = ''] of text.matchAll(/create table (\S+) \(\n(.*?)\n\);/gs)) {
      tables += 1
      t.match(text, `alter table ${table} enable row level security`)
      t.match(text, `alter table ${table} force row level security`)
      t.match(text, `comment on table ${table} is`)
      for (const [, column] of body.matchAll(/^ {2}(?!primary|foreign|unique|check|constraint|\))([a-z_0-9]+) /gm)) {
        t.match(text, `comment on column ${table}.${column} is`)
      }
    }
  }
  t.equal(tables, 17)
})
