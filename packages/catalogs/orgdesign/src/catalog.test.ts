import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { type CloudEvent, sealEvent } from '@gatehouse/contracts'
import { test } from 'tap'
import { z } from 'zod'
import { orgdesign } from './catalog.ts'
import { ScenarioChanged } from './events.ts'

interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly additionalProperties?: unknown
}

/** Paths of the fields, at any depth, that no sentence describes. */
function undescribed(schema: JsonSchema, path = ''): string[] {
  const fields = Object.entries(schema.properties ?? {})
  return [
    ...fields.filter(([, field]) => !field.description).map(([name]) => `${path}.${name}`),
    ...fields.flatMap(([name, field]) => undescribed(field, `${path}.${name}`)),
    ...(schema.items ? undescribed(schema.items, `${path}[]`) : []),
    ...(schema.anyOf ?? []).flatMap((branch) => undescribed(branch, path)),
  ]
}

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output') => z.toJSONSchema(schema, { io }) as JsonSchema

test('the names that clients rely on, and what each asks for beside the scope that lets in', async (t) => {
  t.same(
    orgdesign.tools.map(({ name, permissions = [], effect }) => `${name} ${effect}: ${permissions.join(' ')}`),
    [
      'capability.list reads: ',
      'capability.explain reads: ',
      'org.review.guide reads: org-units.read',
      'scenario.review.guide reads: scenarios.read org-units.read',
      'org.search reads: org-units.read',
      'org_unit.tree reads: org-units.read',
      'org_unit.list reads: org-units.read',
      'org_unit.get reads: org-units.read',
      'team.list reads: teams.read',
      'placement.list reads: placements.read',
      'cost.summary reads: costs.read org-units.read',
      'cost.list reads: costs.read',
      'org_metric.list reads: org-metrics.read',
      'scenario.list reads: scenarios.read',
      'scenario.compare reads: scenarios.read org-units.read placements.read',
      'scenario.action.plan writes: scenarios.read ai.scenarios.draft',
      'scenario.action.confirm writes: scenarios.read ai.scenarios.draft',
    ],
  )
  for (const { name, scopes, permissions = [] } of [...orgdesign.tools, ...orgdesign.resources]) {
    t.same(scopes, ['mcp:use', ...permissions], `${name}: each permission is a scope that narrows as well`)
  }
  t.same(
    orgdesign.resources.map(({ path, subscribable }) => [path, subscribable]),
    [
      ['organisation', false],
      ['org-units/{unitId}', false],
      ['scenarios', true],
      ['scenarios/{scenarioId}', true],
      ['scenarios/{scenarioId}/changes', true],
    ],
  )
  t.same(
    orgdesign.prompts?.map(({ name }) => name),
    ['review_organisation', 'review_scenario', 'draft_scenario_change'],
  )
})

for (const tool of orgdesign.tools) {
  test(`${tool.name} is fit for a model`, async (t) => {
    t.match(tool.name, /^[A-Za-z0-9_.-]{1,64}$/)
    t.ok(tool.description.length <= 400, `${tool.description.length} characters are at most 400`)
    t.match(tool.description, /[Rr]eturns? /, 'says what it returns')
    t.match(tool.description, /\bNot (?:for|without)\b/, 'says when not to use it')
    const input = jsonSchema(tool.input, 'input')
    const output = jsonSchema(tool.output as z.ZodType, 'output')
    t.equal(input.type, 'object')
    t.equal(input.additionalProperties, false, 'a slip in a name is an error, not a silence')
    t.equal(output.type, 'object')
    t.same(undescribed(input), [], 'every argument is described')
    t.same(undescribed(output), [], 'every field of the result is described')
    t.ok((tool.examples ?? []).length > 0, 'there is a first call to learn it by')
    for (const { when, arguments: given } of tool.examples ?? []) {
      t.ok(tool.input.safeParse(given).success, when)
    }
  })
}

test('no two tools, resources or prompts share a name, a title or a path', async (t) => {
  const { tools, resources, prompts = [] } = orgdesign
  for (const values of [
    [...tools, ...prompts].map(({ name }) => name),
    [...tools, ...resources, ...prompts].map(({ title }) => title),
    resources.map(({ path }) => path),
  ]) {
    t.equal(new Set(values).size, values.length)
  }
})

const about = { source: '/catalogs/orgdesign', tenant: 'acme', now: new Date(0) }
const stale = (event: CloudEvent) =>
  orgdesign.changes.filter(({ kind }) => kind.type === event.type).flatMap(({ paths }) => paths(event))

test('a change of a scenario makes all stale that shows it, and every subscribable resource has such an event', async (t) => {
  const data = { scenarioId: 'scn_1', revision: 2, action: 'move_unit', proposalId: 'prp_1', by: 'p' } as const
  const event = sealEvent(ScenarioChanged, about, data)
  t.equal(event.type, 'gatehouse.scenario.changed.v1')
  const paths = stale(event)
  t.same(paths, ['scenarios', 'scenarios/scn_1', 'scenarios/scn_1/changes'])
  t.same(stale({ ...event, data: { scenarioId: 7 } }), [], 'data that does not fit is no change')
  for (const { path, subscribable } of orgdesign.resources) {
    if (subscribable) t.ok(paths.includes(path.replace('{scenarioId}', 'scn_1')), path)
  }
})

test('every table of the migrations is guarded, and every column has its sentence', async (t) => {
  const folder = orgdesign.schema.migrations
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.sql'))) {
    const text = readFileSync(new URL(name, folder), 'utf8')
    for (const [, table, body = ''] of text.matchAll(/create table (\S+) \(\n(.*?)\n\);/gs)) {
      t.match(text, `alter table ${table} enable row level security`)
      t.match(text, `alter table ${table} force row level security`)
      t.match(text, `comment on table ${table} is`)
      for (const [, column] of body.matchAll(/^ {2}(?!primary|foreign|unique|check|\))([a-z_]+) /gm)) {
        t.match(text, `comment on column ${table}.${column} is`)
      }
    }
  }
})

test('no tool, resource or prompt writes the baseline, promotes, restores, imports, or administers [O12]', async (t) => {
  const writing = orgdesign.tools.filter(({ effect }) => effect !== 'reads').map(({ name }) => name)
  t.same(writing, ['scenario.action.plan', 'scenario.action.confirm'], 'the only two that write')
  const offered = [...orgdesign.tools, ...(orgdesign.prompts ?? [])].map(({ name }) => name).join(' ')
  t.notMatch(offered, /promote|restore|snapshot|import|integration|delete|admin|tenant|member|baseline/)
})
