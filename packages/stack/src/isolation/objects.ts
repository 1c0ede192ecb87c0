import type { Credential } from './holder.ts'
import type { World } from './world.ts'

export const VERSION = '2025-06-18'
const MODERN = '2026-07-28'
/** For clients that take a task where a tool may run as one. */
const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } }
const META = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientInfo': { name: 'probe', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

export interface Reply {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, unknown>>
  /** A result that is no tool error: something was done or shown. */
  readonly done: boolean
}

/** One request of the stateless revision. */
export async function call(world: World, credential: Credential, method: string, params: object = {}): Promise<Reply> {
  const { name, uri, taskId } = params as { name?: string; uri?: string; taskId?: string }
  return request(world, credential, method, params, name ?? uri ?? taskId, META)
}

/** The same of a client that takes tasks. */
export const callTaking = (world: World, credential: Credential, method: string, params: object, name: string) =>
  request(world, credential, method, params, name, { ...META, 'io.modelcontextprotocol/clientCapabilities': TASKS })

function request(
  world: World,
  credential: Credential,
  method: string,
  params: object,
  name: string | undefined,
  meta: object,
): Promise<Reply> {
  return send(
    world,
    credential,
    { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } },
    {
      'mcp-protocol-version': MODERN,
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': encodeName(name) }),
    },
  )
}

// Header values are ASCII; what is not comes encoded, as the transport says.
const encodeName = (name: string): string =>
  /^[\x21-\x7e]+$/.test(name) ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`

/** One request of a session. */
export const inSession = (world: World, credential: Credential, session: string, method: string, params: object = {}) =>
  send(
    world,
    credential,
    { jsonrpc: '2.0', id: 1, method, params },
    {
      'mcp-protocol-version': VERSION,
      'mcp-session-id': session,
    },
  )

async function send(world: World, credential: Credential, payload: object, headers: Record<string, string>) {
  const answer = await world.server.inject({
    method: 'POST',
    url: world.profile.paths.mcp,
    headers: {
      ...credential,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    payload,
  })
  const text = answer.body
  const done = answer.statusCode === 200 && text.includes('"result":') && !text.includes('"isError":true')
  return { status: answer.statusCode, text, headers: answer.headers, done }
}

export async function openSession(world: World, credential: Credential): Promise<string> {
  const params = { protocolVersion: VERSION, capabilities: {}, clientInfo: { name: 'probe', version: '1' } }
  const begun = await send(world, credential, { jsonrpc: '2.0', id: 1, method: 'initialize', params }, {})
  const id = String(begun.headers['mcp-session-id'] ?? '')
  if (id === '') throw new Error(begun.text)
  await send(
    world,
    credential,
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    {
      'mcp-protocol-version': VERSION,
      'mcp-session-id': id,
    },
  )
  return id
}

interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly minItems?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

export interface Tool {
  readonly name: string
  readonly inputSchema: JsonSchema
  readonly annotations?: { readonly readOnlyHint?: boolean }
}

export interface Prompt {
  readonly name: string
  readonly arguments?: readonly { readonly name: string }[]
}

/** What there is at the other tenant, as its owner sees it. */
export interface Objects {
  readonly tools: readonly Tool[]
  readonly prompts: readonly Prompt[]
  readonly ids: readonly string[]
  /** Those of them that lie in tables, by the table's name. */
  readonly idsByTable: ReadonlyMap<string, readonly string[]>
  /** Of resources that the owner can read. */
  readonly uris: readonly string[]
  readonly session: string
  /** Calls of tools that go on after a page of the owner's. */
  readonly pages: readonly Page[]
  /** Of what runs, or ran, for the owner. */
  readonly tasks: readonly string[]
  /** Of rows of auth: people, keys, consents, sessions, clients. */
  readonly rows: Readonly<Record<'people' | 'keys' | 'consents' | 'sessions' | 'grants', readonly string[]>>
}

export interface Page {
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>> & { readonly cursor: string }
}

const ID = /"((?:[a-z]{2,6}_[A-Za-z0-9_-]{6,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}))\\?"/g
const MAX_URIS = 400

/** Found by reading as the owner does, so that it holds for any catalog. */
export async function findObjects(world: World): Promise<Objects> {
  const { owner } = world
  const listOf = async (method: string, name: string): Promise<Record<string, unknown>[]> => {
    const { text } = await call(world, owner.token, method)
    return (JSON.parse(text).result?.[name] ?? []) as Record<string, unknown>[]
  }
  const tools = (await listOf('tools/list', 'tools')) as unknown as Tool[]
  const prompts = (await listOf('prompts/list', 'prompts')) as unknown as Prompt[]
  const fixed = (await listOf('resources/list', 'resources')).map(({ uri }) => String(uri))
  const templates = (await listOf('resources/templates/list', 'resourceTemplates')).map((one) =>
    String(one.uriTemplate),
  )

  const idsByTable = await idsInDatabase(world)
  const ids = new Set([...idsByTable.values()].flat())
  const uris: string[] = []
  for (const uri of fixed) {
    const { text, done } = await call(world, owner.token, 'resources/read', { uri })
    if (done) uris.push(uri)
    for (const [, id] of text.replaceAll('\\"', '"').matchAll(ID)) if (id !== undefined) ids.add(id)
  }
  for (const template of templates) {
    for (const id of ids) {
      if (uris.length >= MAX_URIS) break
      const uri = template.replaceAll(/\{[^}]+\}/g, encodeURIComponent(id))
      if ((await call(world, owner.token, 'resources/read', { uri })).done) uris.push(uri)
    }
  }
  return {
    tools,
    prompts,
    ids: [...ids],
    idsByTable,
    uris,
    session: await openSession(world, owner.token),
    pages: await pagesOf(world, tools, [...ids]),
    tasks: await tasksOf(world, tools, [...ids]),
    rows: await rowsOf(world),
  }
}

const PAGES_OF_A_TOOL = 3
const TRIED_IDS = 60

/** Second pages of every tool that has them, found by asking for pages of one. */
async function pagesOf(world: World, tools: readonly Tool[], ids: readonly string[]): Promise<Page[]> {
  const pages: Page[] = []
  for (const { name, inputSchema } of tools.filter((tool) => tool.inputSchema.properties?.cursor !== undefined)) {
    const needs = (inputSchema.required ?? []).length > 0
    let found = 0
    for (const id of needs ? ids.slice(0, TRIED_IDS) : ['']) {
      const wanted = Object.keys(inputSchema.properties ?? {}).filter((key) => inputSchema.required?.includes(key))
      const given = Object.fromEntries(
        wanted.map((key) => [key, argumentsFor(inputSchema.properties?.[key] ?? {}, () => id, key)]),
      )
      const { text } = await call(world, world.owner.token, 'tools/call', { name, arguments: { ...given, limit: 1 } })
      const cursor = /"next_?[cC]ursor":"([^"]+)"/.exec(text)?.[1]
      if (cursor === undefined) continue
      pages.push({ name, arguments: { ...given, limit: 1, cursor } })
      found += 1
      if (found === PAGES_OF_A_TOOL) break
    }
  }
  return pages
}

const SOME_TASKS = 3

/** Tasks that the owner has begun: a tool that may run as one runs, whatever comes of it. */
async function tasksOf(world: World, tools: readonly Tool[], ids: readonly string[]): Promise<string[]> {
  const tasks: string[] = []
  for (const { name, inputSchema } of tools.filter(({ name }) => world.taskTools.has(name))) {
    for (const id of ids.slice(0, SOME_TASKS)) {
      const params = { name, arguments: argumentsFor(inputSchema, () => id) }
      const { text } = await callTaking(world, world.owner.token, 'tools/call', params, name)
      const taskId = /"taskId":"([^"]+)"/.exec(text)?.[1]
      if (taskId !== undefined) tasks.push(taskId)
    }
  }
  return tasks
}

/** Ids of every table of the catalogs. */
async function idsInDatabase({ sql, schemas, owner }: World): Promise<Map<string, string[]>> {
  const { rows } = await sql.query<{ schema: string; table: string }>(
    `select c.table_schema as schema, c.table_name as table from information_schema.columns c
     where c.table_schema = any($1) and c.column_name = 'id' and exists (select from information_schema.columns o
       where o.table_schema = c.table_schema and o.table_name = c.table_name and o.column_name = 'tenant_id')`,
    [schemas],
  )
  const found = new Map<string, string[]>()
  for (const { schema, table } of rows) {
    const text = `select id::text from "${schema}"."${table}" where tenant_id = $1 order by id limit 60`
    const ids = (await sql.query<{ id: string }>(text, [owner.tenant])).rows.map(({ id }) => id)
    if (ids.length > 0) found.set(table, ids)
  }
  return found
}

async function rowsOf({ sql, owner }: World): Promise<Objects['rows']> {
  const of = async (text: string): Promise<string[]> =>
    (await sql.query<{ id: string }>(text, [owner.tenant])).rows.map(({ id }) => id)
  return {
    people: await of('select person_id as id from auth.memberships where tenant_id = $1'),
    keys: await of('select id from auth.api_keys where tenant_id = $1'),
    consents: await of('select id from auth.consents where tenant_id = $1 and ended_at is null'),
    grants: await of('select id from auth.grants where tenant_id = $1 and ended_at is null'),
    sessions: await of(
      `select s.id from auth.sessions s join auth.memberships m on m.person_id = s.person_id where m.tenant_id = $1
         and not exists (select from auth.memberships o where o.person_id = m.person_id and o.tenant_id <> $1)`,
    ),
  }
}

/** Arguments that a tool takes, with the given texts where it wants any. */
export function argumentsFor(schema: JsonSchema, text: (name: string) => string, name = ''): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  if (schema.anyOf !== undefined) return argumentsFor(schema.anyOf[0] ?? {}, text, name)
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'object' || schema.properties !== undefined) {
    const wanted = Object.entries(schema.properties ?? {}).filter(
      ([key]) => schema.required?.includes(key) === true || /id$/i.test(key),
    )
    return Object.fromEntries(wanted.map(([key, of]) => [key, argumentsFor(of, text, key)]))
  }
  if (type === 'array') return [argumentsFor(schema.items ?? {}, text, name)]
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1
  if (type === 'boolean') return false
  if (schema.format === 'date-time') return '2026-01-01T00:00:00Z'
  if (schema.format === 'date') return '2026-01-01'
  if (schema.format === 'uri') return 'https://example.com/x'
  return text(name)
}
