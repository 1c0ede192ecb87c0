import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { type CloudEvent, sealEvent } from '@gatehouse/contracts'
import { test } from 'tap'
import { z } from 'zod'
import { tracker } from './catalog.ts'
import {
  EntryCommented,
  EntryCreated,
  EntryUpdated,
  ProjectCreated,
  ProjectUpdated,
  ReleaseCreated,
  ReleaseReleased,
  ReleaseUpdated,
  TaskLinked,
} from './events.ts'

interface JsonSchema {
  readonly type?: string
  readonly required?: readonly string[]
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

test('the names that clients rely on [L11, L16, L17, L18]', async (t) => {
  t.same(
    tracker.tools.map(({ name, scopes, permissions, effect }) => ({ name, scopes, permissions, effect })),
    [
      { name: 'entry.create', scopes: ['mcp:write'], permissions: ['entries:write'], effect: 'writes' },
      { name: 'entry.update_status', scopes: ['mcp:write'], permissions: ['entries:write'], effect: 'writes' },
      { name: 'entry.add_comment', scopes: ['mcp:write'], permissions: ['entries:write'], effect: 'writes' },
      { name: 'task.link', scopes: ['mcp:write'], permissions: ['entries:write'], effect: 'writes' },
      { name: 'task.sync_from_external', scopes: ['mcp:write'], permissions: ['entries:write'], effect: 'writes' },
      { name: 'search.global', scopes: ['mcp:read'], permissions: ['entries:read'], effect: 'reads' },
    ],
  )
  t.same(
    tracker.resources.map(({ path, scopes, permissions, subscribable }) => [path, scopes, permissions, subscribable]),
    [
      'projects',
      'projects/{projectId}',
      'projects/{projectId}/entries',
      'entries/{entryId}',
      'releases',
      'task-mappings',
    ].map((path) => [path, ['mcp:read'], ['entries:read'], path !== 'task-mappings']),
  )
  t.same(
    tracker.prompts?.map(({ name, scopes, arguments: named }) => [
      name,
      scopes,
      Object.keys(named.shape),
      jsonSchema(named, 'input').required,
    ]),
    [
      ['summarise_project_status', ['mcp:read'], ['projectId'], ['projectId']],
      ['create_issue_from_context', ['mcp:read'], ['context', 'projectId'], ['context']],
    ],
  )
})

test('the arguments of each tool are those of its table [L17]', async (t) => {
  const required = ['projectId', 'title', 'type']
  const entryTypes = [
    'feature_request',
    'bug_report',
    'feedback',
    'validation',
    'documentation',
    'platform_infrastructure',
    'ci_cd',
    'security',
  ]
  const priorities = ['low', 'medium', 'high', 'critical']
  const statuses = ['open', 'assigned', 'in_progress', 'deployed', 'solved']
  const schemas = Object.fromEntries(tracker.tools.map((tool) => [tool.name, jsonSchema(tool.input, 'input')]))
  t.match(schemas['entry.create'], {
    required,
    properties: {
      title: { type: 'string', maxLength: 500 },
      type: { enum: entryTypes },
      description: { type: 'string' },
      priority: { enum: priorities, default: 'medium' },
      status: { enum: statuses, default: 'open' },
      assignedToId: { type: 'string' },
    },
  })
  t.match(schemas['entry.update_status'], {
    required: ['entryId'],
    properties: { status: { enum: statuses }, priority: { enum: priorities } },
  })
  const nullable = schemas['entry.update_status']?.properties?.assignedToId?.anyOf
  t.same(
    nullable?.map(({ type }) => type),
    ['string', 'null'],
  )
  t.match(schemas['entry.add_comment'], { required: ['entryId', 'content'] })
  t.same(Object.keys(schemas['task.link']?.properties ?? {}), [
    'entryId',
    'system',
    'externalId',
    'externalRef',
    'externalUrl',
  ])
  t.same(schemas['task.link']?.required, ['entryId', 'system', 'externalId'])
  t.same(schemas['task.sync_from_external']?.required, ['system', 'externalId', 'projectId', 'title'])
  t.match(schemas['task.sync_from_external'], {
    properties: {
      description: { type: 'string' },
      type: { enum: entryTypes, default: 'feature_request' },
      status: { enum: statuses, default: 'open' },
      priority: { enum: priorities, default: 'medium' },
      externalRef: { type: 'string' },
      externalUrl: { type: 'string', format: 'uri' },
    },
  })
  t.match(schemas['search.global'], {
    required: ['q'],
    properties: { limit: { minimum: 1, maximum: 100, default: 50 } },
  })
})

for (const tool of tracker.tools) {
  test(`${tool.name} is fit for a model`, async (t) => {
    t.match(tool.name, /^[A-Za-z0-9_.-]{1,64}$/)
    t.ok(tool.title.length > 0)
    t.ok(tool.description.length <= 400, `${tool.description.length} characters are at most 400`)
    t.match(tool.description, /Returns? /, 'says what it returns')
    t.match(tool.description, /\bNot for\b/, 'says when not to use it')
    const input = jsonSchema(tool.input, 'input')
    const output = jsonSchema(tool.output, 'output')
    t.equal(input.type, 'object')
    t.equal(input.additionalProperties, false, 'a slip in a name is an error, not a silence')
    t.equal(output.type, 'object')
    t.same(undescribed(input), [], 'every argument is described')
    t.same(undescribed(output), [], 'every field of the result is described')
  })
}

for (const resource of tracker.resources) {
  test(`${resource.path} is fit for a model`, async (t) => {
    t.ok(resource.description.length > 0 && resource.description.length <= 400)
    t.equal(resource.mimeType, 'application/json')
  })
}

test('no two tools or resources share a name, a title or a path', async (t) => {
  for (const values of [
    tracker.tools.map(({ name }) => name),
    tracker.tools.map(({ title }) => title),
    tracker.resources.map(({ name }) => name),
    tracker.resources.map(({ path }) => path),
  ]) {
    t.equal(new Set(values).size, values.length)
  }
})

const about = { source: '/catalogs/tracker', tenant: 'acme', now: new Date(0) }
const ids = { entryId: 'ent_1', projectId: 'prj_1', by: 'person_1' }
const stale = (event: CloudEvent) =>
  tracker.changes.filter(({ kind }) => kind.type === event.type).flatMap(({ paths }) => paths(event))
const everywhere = ['projects', 'projects/prj_1', 'projects/prj_1/entries', 'entries/ent_1']

test('each event makes the resources stale that show it [L15]', async (t) => {
  const facts = { type: 'feedback', priority: 'low', status: 'open', assigneeId: null } as const
  t.same(stale(sealEvent(EntryCreated, about, { ...ids, ...facts })), everywhere)
  const status = { from: 'open', to: 'solved' } as const
  t.same(stale(sealEvent(EntryUpdated, about, { ...ids, status })), everywhere)
  const commented = sealEvent(EntryCommented, about, { ...ids, commentId: 'cmt_1' })
  t.same(stale(commented), ['projects/prj_1/entries', 'entries/ent_1'])
  const release = { releaseId: 'rel_1', projectId: 'prj_1', by: 'person_1' }
  const shown = ['projects', 'projects/prj_1', 'releases']
  t.same(stale(sealEvent(ReleaseCreated, about, { ...release, status: 'planned' })), shown)
  t.same(stale(sealEvent(ReleaseUpdated, about, { ...release, status: { from: 'planned', to: 'active' } })), shown)
  t.same(stale(sealEvent(ReleaseReleased, about, release)), shown)
  t.same(stale(sealEvent(TaskLinked, about, { ...ids, system: 'jira' })), ['task-mappings'])
  const project = { projectId: 'prj_1', by: 'person_1' }
  t.same(stale(sealEvent(ProjectCreated, about, project)), ['projects', 'projects/prj_1'])
  t.same(stale(sealEvent(ProjectUpdated, about, { ...project, edited: ['name'] })), everywhere.slice(0, 3))
  t.same(stale({ ...commented, data: { entryId: 7 } }), [], 'data that does not fit is no change')
})

test('every subscribable resource has an event that changes it', async (t) => {
  const paths = new Set([...everywhere, 'releases'])
  for (const { path, subscribable } of tracker.resources) {
    if (subscribable) t.ok(paths.has(path.replace('{projectId}', 'prj_1').replace('{entryId}', 'ent_1')), path)
  }
})

test('event types are pinned: what is on the bus outlives a release', async (t) => {
  t.same(
    tracker.changes.map(({ kind }) => kind.type),
    [
      'gatehouse.entry.created.v1',
      'gatehouse.entry.updated.v1',
      'gatehouse.entry.commented.v1',
      'gatehouse.task.linked.v1',
      'gatehouse.release.created.v1',
      'gatehouse.release.updated.v1',
      'gatehouse.release.released.v1',
      'gatehouse.project.created.v1',
      'gatehouse.project.updated.v1',
    ],
  )
})

test('every table of the migrations is guarded, and every column has its sentence', async (t) => {
  const folder = tracker.schema.migrations
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
