import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { test } from 'tap'
import { z } from 'zod'
import { compliance } from './catalog.ts'
import { assessment, before, finding, keyOf, openCompliance, questions, report } from './compliance.fixture.ts'

interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly additionalProperties?: boolean
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

test('tools only, all of them read, each with its scope; no resource and no prompt [U1, U2]', async (t) => {
  t.same(
    compliance.tools.map(({ name, scopes, permissions = [], effect }) => [name, ...scopes, ...permissions, effect]),
    [
      ['get_overview', 'assessments:read', 'reads'],
      ['list_assessments', 'assessments:read', 'reads'],
      ['get_assessment', 'assessments:read', 'reads'],
      ['get_assessment_responses', 'assessments:read', 'reads'],
      ['list_findings', 'findings:read', 'reads'],
      ['get_score_trend', 'assessments:read', 'reads'],
      ['list_reports', 'assessments:read', 'reads'],
    ],
  )
  t.same(compliance.resources, [])
  t.same(compliance.prompts ?? [], [])
})

for (const tool of compliance.tools) {
  test(`${tool.name} is fit for a model`, async (t) => {
    t.match(tool.name, /^[a-z_]{1,64}$/)
    t.ok(tool.description.length <= 400, `${tool.description.length} characters are at most 400`)
    t.match(tool.description, /Returns? /, 'says what it returns')
    t.match(tool.description, /\bNot for\b/, 'says when not to use it')
    const input = jsonSchema(tool.input, 'input')
    const output = jsonSchema(tool.output, 'output')
    t.equal(input.additionalProperties, false, 'a slip in a name is an error, not a silence')
    t.same(undescribed(input), [], 'every argument is described')
    t.same(undescribed(output), [], 'every field of the result is described')
    for (const [, named = ''] of tool.description.matchAll(/\b((?:get|list)_[a-z_]+)/g))
      t.ok(
        compliance.tools.some(({ name }) => name === named),
        `${named} is a tool`,
      )
  })
}

/** Arguments that lead to the rows of a tenant, by tool. */
const ARGUMENTS: Readonly<Record<string, (tenant: string) => object>> = {
  get_overview: () => ({}),
  list_assessments: () => ({ limit: 100 }),
  get_assessment: (tenant) => ({ assessmentId: `asm_${tenant}` }),
  get_assessment_responses: (tenant) => ({ assessmentId: `asm_${tenant}` }),
  list_findings: () => ({ limit: 100 }),
  get_score_trend: () => ({ limit: 100 }),
  list_reports: () => ({ limit: 100 }),
}

test('no tool shows a row of another tenant, whatever it is asked; its own tenant has it [U8]', async (t) => {
  const house = await openCompliance(t)
  const canary = (tenant: string) => `CANARY-${tenant}`
  for (const tenant of ['acme', 'globex']) {
    const id = `asm_${tenant}`
    const asked = questions(id, { dom_1: ['fail'] })
    await house.put(tenant, {
      assessments: [
        // The same id in both: only the tenant tells them apart.
        ...['asm_same', id].map((one) =>
          assessment(one, { name: canary(tenant), status: 'finalized', finalized_at: before(0) }),
        ),
      ],
      ...asked,
      responses: asked.responses.map((row) => ({ ...row, note: canary(tenant) })),
      findings: [finding('fnd_same', id, { title: canary(tenant), question_id: 'q_1' })],
      reports: [report('rep_same', id, { title: canary(tenant) })],
    })
  }
  for (const tool of compliance.tools) {
    const input = ARGUMENTS[tool.name]
    if (input === undefined) throw new Error(`${tool.name} has no arguments here`)
    for (const [own, other] of [
      ['acme', 'globex'],
      ['globex', 'acme'],
    ] as const) {
      const seen = JSON.stringify(await house.call(tool, keyOf(own), input(own)))
      t.match(seen, canary(own), `${tool.name}: ${own} sees its own`)
      t.notMatch(seen, canary(other), `${tool.name}: ${own} sees nothing of ${other}`)
      const reached = await house.call(tool, keyOf(own), input(other)).catch((error: unknown) => error)
      t.notMatch(JSON.stringify(reached), canary(other), `${tool.name}: nor by the ids of ${other}`)
    }
    const nobody = await house.call(tool, keyOf('nobody'), input('acme')).catch((error: unknown) => error)
    t.notMatch(JSON.stringify(nobody), 'CANARY', `${tool.name}: a tenant without rows sees none`)
  }
})

test('every table of the migrations is guarded, and every column has its sentence', async (t) => {
  const folder = compliance.schema.migrations
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.sql'))) {
    const text = readFileSync(new URL(name, folder), 'utf8')
    for (const [, table, body = ''] of text.matchAll(/create table (\S+) \(\n(.*?)\n\);/gs)) {
      t.match(text, `alter table ${table} enable row level security`)
      t.match(text, `alter table ${table} force row level security`)
      t.match(text, `comment on table ${table} is`)
      for (const [, column] of body.matchAll(/^ {2}(?!primary|foreign|unique|check|\))([a-z_0-9]+) /gm)) {
        t.match(text, `comment on column ${table}.${column} is`)
      }
    }
  }
})
