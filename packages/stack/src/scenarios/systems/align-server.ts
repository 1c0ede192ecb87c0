import { createHash } from 'node:crypto'
import { ident, sql } from '@gatehouse/database'
import { eventually } from '@gatehouse/testkit'
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import type { Test } from 'tap'
import { legacyClient, modernClient } from '../clients.ts'
import { authorizeInPages } from '../person.ts'
import { CALLBACK } from '../running.ts'
import { ask, rpc } from '../wire.ts'
import { administer, keyOf, tenantOf } from './admin.ts'
import { type HouseWithParts, runningProduct } from './product.ts'
import { registerProgram } from './program.ts'

/** What is promised on a quiet machine is a second; the rest is for one that is not. */
const SOON_MS = 10_000
const ENTRY_TYPES =
  'feature_request bug_report feedback validation documentation platform_infrastructure ci_cd security'.split(' ')

interface Configuration {
  readonly mcpServers: {
    readonly align: { readonly type?: string; readonly url: string; readonly headers?: Record<string, string> }
  }
}

/** What clients do once they are in: rows L12 to L20, the same on embedded and on real parts. */
export async function alignServer(t: Test, house: HouseWithParts): Promise<void> {
  const { publicUrl, profile, secrets } = house
  const [mcp, sse] = [`${publicUrl}${profile.paths.mcp}`, `${publicUrl}${profile.paths.sse}`]
  const acme = await tenantOf(house, 'acme')
  const { key } = await keyOf(house, acme)
  const product = await runningProduct(t, house)
  const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` })

  const connect = async (t: Test, transport: Transport) => {
    const client = new Client({ name: 'align-scenario', version: '1' })
    const heard: string[] = []
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void heard.push(params.uri))
    await client.connect(transport)
    t.teardown(() => client.close())
    return { client, heard }
  }
  const overHttp = () => new StreamableHTTPClientTransport(new URL(mcp), { requestInit: { headers: bearer(key) } })
  const overSse = () => {
    const withKey = (url: string | URL, init: RequestInit = {}) =>
      fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), ...bearer(key) } })
    return new SSEClientTransport(new URL(sse), { eventSourceInit: { fetch: withKey as never }, fetch: withKey })
  }
  const writer = (await connect(t, overHttp())).client
  const call = async (name: string, args: Record<string, unknown>) => {
    const result = await writer.callTool({ name, arguments: args })
    const [first] = result.content as { text: string }[]
    return {
      isError: result.isError === true,
      text: first?.text ?? '',
      structured: (result.structuredContent ?? {}) as Record<string, unknown>,
    }
  }
  const idOf = async (name: string, args: Record<string, unknown>) => String((await call(name, args)).structured.id)
  const read = async (uri: string) => {
    const [first] = (await writer.readResource({ uri })).contents as { text: string }[]
    return JSON.parse(first?.text ?? 'null')
  }
  const rest = (method: string, path: string, body: object, credential = key) =>
    ask(`${product}${path}`, {
      method,
      headers: { ...bearer(credential), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const made = async (path: string, body: object) => {
    const answer = await rest('POST', path, body)
    if (answer.status !== 201) throw new Error(`${path} answered ${answer.status}: ${answer.text}`)
    return String(answer.json().id)
  }
  const projectId = await made('/v1/projects', { name: 'Warehouse', description: 'Gates, scales and docks' })

  await t.test('one and the same over Streamable HTTP and over HTTP+SSE [L12]', async (t) => {
    const seen = []
    for (const transport of [overHttp(), overSse()]) {
      const { client } = await connect(t, transport as Transport)
      const { tools } = await client.listTools()
      const { contents } = await client.readResource({ uri: `align://projects/${projectId}` })
      seen.push({ tools, contents })
      await client.close()
    }
    t.equal(seen[0]?.tools.length, 6)
    t.same(seen[1], seen[0])
  })

  const headers = { Authorization: `Bearer ${key}` }
  for (const [program, text] of [
    ['Replit Agent', JSON.stringify({ mcpServers: { align: { type: 'http', url: mcp, headers } } })],
    ['Cursor with a key', JSON.stringify({ mcpServers: { align: { url: mcp, headers } } })],
    ['Claude Desktop', JSON.stringify({ mcpServers: { align: { type: 'http', url: mcp } } })],
    ['Cursor', JSON.stringify({ mcpServers: { align: { url: mcp } } })],
    ['an older client', JSON.stringify({ mcpServers: { align: { type: 'sse', url: sse } } })],
  ] as const) {
    await t.test(`the form of configuration of ${program} is all that a client needs [L13]`, async (t) => {
      const { align } = (JSON.parse(text) as Configuration).mcpServers
      if (align.headers !== undefined) {
        const client = new ModernClient({ name: program, version: '1' })
        await client.connect(new ModernTransport(new URL(align.url), { requestInit: { headers: align.headers } }))
        t.equal((await client.listTools()).tools.length, 6)
        return client.close()
      }
      // It finds the authorization server by itself, registers, and sends its person to sign in.
      const older = () => legacyClient(align.url, CALLBACK, align.type === 'sse' ? 'sse' : 'http')
      const client = align.type === 'http' ? modernClient(align.url, CALLBACK) : older()
      const person = { email: 'member@acme.test', password: secrets.demoPassword }
      await client.connect(await authorizeInPages(await client.connectAsStranger(), CALLBACK, person))
      t.equal((await client.tools()).length, 6, client.label)
      return client.close()
    })
  }

  await t.test(
    'subscriptions live with their stream: unsubscribed is silent, and a stream that has closed is gone [L14, L21]',
    async (t) => {
      const { client, heard } = await connect(t, overSse() as Transport)
      const entryId = await idOf('entry.create', { projectId, title: 'Watched', type: 'feedback' })
      const [uri, marker] = [`align://entries/${entryId}`, `align://projects/${projectId}/entries`]
      const comment = () => call('entry.add_comment', { entryId, content: 'Seen' })
      await client.subscribeResource({ uri })
      await comment()
      await eventually(SOON_MS, 'the update', () => heard.includes(uri))
      await client.unsubscribeResource({ uri })
      await client.subscribeResource({ uri: marker })
      heard.length = 0
      await comment()
      await eventually(SOON_MS, 'the other update', () => heard.includes(marker))
      t.notOk(heard.includes(uri))
      await t.rejects(client.subscribeResource({ uri: 'align://task-mappings' }), 'not every resource tells of changes')

      const stream = await fetch(sse, { headers: { ...bearer(key), accept: 'text/event-stream' } })
      const reader = stream.body?.getReader()
      const opened = new TextDecoder().decode((await reader?.read())?.value)
      const endpoint = /data: (\S+)/.exec(opened)?.[1] ?? ''
      t.match(endpoint, '/mcp/messages')
      await reader?.cancel()
      const post = () =>
        ask(new URL(endpoint, publicUrl).href, {
          method: 'POST',
          headers: { ...bearer(key), 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
        })
      await eventually(SOON_MS, '404', async () => (await post()).status === 404)
      t.match((await post()).json(), { error: { message: /Reconnect at GET \/mcp\/sse/ } })
    },
  )

  await t.test('each change is told to those whom the document names, and to no others [L15]', async (t) => {
    const { client, heard } = await connect(t, overSse() as Transport)
    const otherProject = await made('/v1/projects', { name: 'Elsewhere' })
    const entryId = await idOf('entry.create', { projectId, title: 'Told of', type: 'bug_report' })
    const otherEntry = await idOf('entry.create', { projectId: otherProject, title: 'Marker', type: 'feedback' })
    const releaseId = await made(`/v1/projects/${projectId}/releases`, { name: '1.0' })
    const [all, one, entries, entry, releases] = [
      'align://projects',
      `align://projects/${projectId}`,
      `align://projects/${projectId}/entries`,
      `align://entries/${entryId}`,
      'align://releases',
    ]
    const marker = `align://entries/${otherEntry}`
    for (const uri of [all, one, entries, entry, releases, marker]) await client.subscribeResource({ uri })
    /** What is heard of a change; a comment in another project comes after it and tells that there is no more. */
    const after = async (change: () => Promise<unknown>) => {
      heard.length = 0
      await change()
      await call('entry.add_comment', { entryId: otherEntry, content: 'Marker' })
      await eventually(SOON_MS, 'the marker', () => heard.includes(marker))
      return [...new Set(heard)].filter((uri) => uri !== marker).sort()
    }
    await after(async () => 'what was made above')
    const update = (change: object) => () => call('entry.update_status', { entryId, ...change })
    const release = (change: object) => () => rest('PATCH', `/v1/releases/${releaseId}`, change)
    const about = [all, one, entries, entry].sort()
    const aboutRelease = [all, one, releases].sort()
    const create = () => call('entry.create', { projectId, title: 'Another', type: 'feedback' })
    const sync = () =>
      call('task.sync_from_external', { projectId, system: 'jira', externalId: 'W-1', title: 'From elsewhere' })
    t.same(await after(create), [all, one, entries].sort(), 'an entry is created')
    t.same(await after(sync), [all, one, entries].sort(), 'an entry is created by a sync')
    t.same(await after(update({ status: 'in_progress' })), about, 'a status changes')
    t.same(await after(update({ priority: 'critical' })), about, 'a priority changes')
    const assignedToId = await somebody()
    t.same(await after(update({ assignedToId })), about, 'an entry is assigned')
    t.same(await after(update({ assignedToId })), [], 'nothing changes')
    const link = { entryId, system: 'jira', externalId: 'W-2' }
    const relinked = async () => {
      await call('task.link', link)
      await call('task.sync_from_external', { projectId, ...link, entryId: undefined, title: 'Told of anew' })
    }
    t.same(await after(relinked), about, 'an entry is updated by a sync')
    t.same(
      await after(() => call('entry.add_comment', { entryId, content: 'Well' })),
      [entry, entries].sort(),
      'a comment',
    )
    t.same(
      await after(() => made(`/v1/projects/${projectId}/releases`, { name: '2.0' })),
      aboutRelease,
      'a release is created',
    )
    t.same(await after(release({ status: 'active' })), aboutRelease, 'a release changes its status')
    t.same(await after(release({ status: 'released' })), aboutRelease, 'a release is out')
    const elsewhere = () => call('entry.create', { projectId: otherProject, title: 'There', type: 'feedback' })
    t.same(await after(elsewhere), [all], 'an entry of another project')
    const foreign = await keyOf(house, await tenantOf(house, 'globex'))
    t.same(await after(() => rest('POST', '/v1/projects', { name: 'Theirs' }, foreign.key)), [], 'another workspace')
  })

  /** The id of a person who can be assigned. */
  async function somebody(): Promise<string> {
    const refused = await call('entry.create', { projectId, title: 'x', type: 'feedback', assignedToId: 'nobody' })
    return /\((\w+)\)/.exec(refused.text)?.[1] ?? ''
  }

  await t.test('the six resources hold what the workspace has [L16]', async (t) => {
    const { resources } = await writer.listResources()
    const { resourceTemplates } = await writer.listResourceTemplates()
    t.same(resources.map(({ uri }) => uri).sort(), ['align://projects', 'align://releases', 'align://task-mappings'])
    t.same(resourceTemplates.map(({ uriTemplate }) => uriTemplate).sort(), [
      'align://entries/{entryId}',
      'align://projects/{projectId}',
      'align://projects/{projectId}/entries',
    ])
    const entryId = await idOf('entry.create', { projectId, title: 'Read me', type: 'documentation' })
    await call('entry.add_comment', { entryId, content: 'A **comment**' })
    await call('task.link', { entryId, system: 'linear', externalId: 'LIN-1', externalRef: '#1' })
    const releaseId = await made(`/v1/projects/${projectId}/releases`, { name: '3.0', status: 'active' })
    const found = (list: { id: string }[]) => list.find(({ id }) => id === projectId)
    t.match(found((await read('align://projects')).projects), { name: 'Warehouse', activeRelease: { id: releaseId } })
    t.match(await read(`align://projects/${projectId}`), { name: 'Warehouse', activeRelease: { name: '3.0' } })
    t.match((await read(`align://projects/${projectId}/entries`)).entries[0], { id: entryId, commentCount: 1 })
    t.match(await read(`align://entries/${entryId}`), { title: 'Read me', comments: [{ content: 'A **comment**' }] })
    t.match((await read('align://releases')).releases[0], { id: releaseId, project: { id: projectId } })
    t.match((await read('align://task-mappings')).mappings[0], { externalRef: '#1', entry: { id: entryId } })
    t.ok((await read('align://releases')).releases.length > 5, 'with those of the demo')
  })

  await t.test('the tools take what the tables of the document give, with their defaults [L17]', async (t) => {
    const { tools } = await writer.listTools()
    t.same(tools.map(({ name }) => name).sort(), [
      ...['entry.add_comment', 'entry.create', 'entry.update_status'],
      ...['search.global', 'task.link', 'task.sync_from_external'],
    ])
    const of = (name: string) => tools.find((tool) => tool.name === name)?.inputSchema
    t.match(of('entry.create'), {
      required: ['projectId', 'title', 'type'],
      properties: { title: { maxLength: 500 }, type: { enum: ENTRY_TYPES }, priority: { default: 'medium' } },
    })
    t.match(of('task.sync_from_external'), { properties: { type: { default: 'feature_request' } } })
    const created = await call('entry.create', { projectId, title: 'Forklift beeps', type: 'bug_report' })
    t.match(created.structured, { status: 'open', priority: 'medium', assignee: null })
    const entryId = String(created.structured.id)
    const assignedToId = await somebody()
    t.match((await call('entry.update_status', { entryId, assignedToId })).structured, {
      assignee: { id: assignedToId },
    })
    t.match((await call('entry.update_status', { entryId, assignedToId: null })).structured, { assignee: null })
    for (const q of ['forklift', 'Warehouse']) {
      const { results } = (await call('search.global', { q })).structured as { results: { projectId: string }[] }
      t.ok(
        results.some((one) => one.projectId === projectId),
        q,
      )
    }
    for (const [name, args] of [
      ['entry.create', { projectId, title: 'x'.repeat(501), type: 'feedback' }],
      ['entry.create', { projectId, title: 'x', type: 'epic' }],
      ['entry.create', { projectId: 'prj_none', title: 'x', type: 'feedback' }],
      ['search.global', { q: 'x', limit: 101 }],
      ['task.link', { entryId: 'ent_none', system: 'jira', externalId: '1' }],
    ] as const) {
      const refused = await call(name, args)
      t.ok(refused.isError, name)
      t.ok(refused.text.length > 20, refused.text)
    }
  })

  await t.test('50 equal syncs of one task at once, through every node, make one entry [L17]', async (t) => {
    const task = { projectId, system: 'replit', externalId: '386', title: 'Synced by fifty', externalRef: '#386' }
    const sync = rpc(key, 'tools/call', { name: 'task.sync_from_external', arguments: task })
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(mcp, { ...sync, withinMs: 30_000 })))
    const results = answers.map((answer) => {
      const { structuredContent } = answer.json().result as { structuredContent?: { id: string; outcome: string } }
      if (structuredContent === undefined) throw new Error(`a sync answered ${answer.text}`)
      return structuredContent
    })
    t.equal(new Set(results.map(({ id }) => id)).size, 1)
    t.equal(results.filter(({ outcome }) => outcome === 'created').length, 1)
    const { results: found } = (await call('search.global', { q: '"Synced by fifty"' })).structured
    t.equal((found as object[]).length, 1)
    const { mappings } = await read('align://task-mappings')
    t.equal(mappings.filter(({ externalId }: { externalId: string }) => externalId === '386').length, 1)
  })

  await t.test('the prompts have the numbers of the moment, and complete the project [L18]', async (t) => {
    const { prompts } = await writer.listPrompts()
    t.match(prompts, [
      { name: 'summarise_project_status', arguments: [{ name: 'projectId', required: true }] },
      { name: 'create_issue_from_context', arguments: [{ name: 'context', required: true }, { name: 'projectId' }] },
    ])
    const textsOf = async (name: string, args: Record<string, string>) =>
      (await writer.getPrompt({ name, arguments: args })).messages.map(
        ({ content }) => (content as { text: string }).text,
      )
    const metrics = async () => JSON.parse((await textsOf('summarise_project_status', { projectId }))[1] ?? '')
    const before = await metrics()
    t.match(before, { project: { name: 'Warehouse' }, activeRelease: { name: '3.0' } })
    await call('entry.create', { projectId, title: 'One more', type: 'feedback', status: 'solved' })
    t.match((await metrics()).entries, { open: before.entries.open, resolved: before.entries.resolved + 1 })
    const context = 'The gate does not open in the rain.'
    const [guide, given] = await textsOf('create_issue_from_context', { context, projectId })
    t.match(guide, 'entry.create')
    t.equal(given, context)
    const { completion } = await writer.complete({
      ref: { type: 'ref/prompt', name: 'create_issue_from_context' },
      argument: { name: 'projectId', value: 'wareh' },
    })
    t.same(completion.values, [projectId])
  })

  await t.test(
    '600 requests a minute for each credential, over MCP and the REST API together [L19, L21]',
    async (t) => {
      const program = await registerProgram(house)
      const { access_token } = await program.tokens('member@acme.test')
      const own = await keyOf(house, acme)
      for (const credential of [own.key, access_token]) {
        const list = () => ask(mcp, { ...rpc(credential, 'tools/list'), withinMs: 30_000 })
        const first = await list()
        t.match(first.headers, { 'x-ratelimit-limit': '600', 'x-ratelimit-remaining': '599' })
        const reset = Number(first.headers['x-ratelimit-reset'])
        const now = Date.now() / 1_000
        t.ok(reset > now && reset <= now + 62, 'unix seconds')
        const second = await rest('POST', '/v1/projects', { name: 'Counted' }, credential)
        t.match([second.status, second.headers], [201, { 'x-ratelimit-remaining': '598' }])
        t.match((await list()).headers, { 'x-ratelimit-remaining': '597' })
      }
      // A window that ends meanwhile on a slow machine begins anew.
      const refused = await eventually(150_000, '429 from both', async () => {
        const spent = await Promise.all(Array.from({ length: 20 }, () => ask(mcp, rpc(own.key, 'ping'))))
        if (spent.every(({ status }) => status !== 429)) return undefined
        const both = [
          await ask(mcp, rpc(own.key, 'tools/list')),
          await rest('POST', '/v1/projects', { name: 'Too many' }, own.key),
        ]
        return both.every(({ status }) => status === 429) ? both : undefined
      })
      for (const { headers } of refused ?? []) {
        t.match(headers, { 'retry-after': /^\d+$/, 'x-ratelimit-remaining': '0' })
      }
      t.equal((await ask(mcp, rpc(access_token, 'tools/list'))).status, 200, 'another credential has its own')
    },
  )

  await t.test(
    'every call is in the audit log with the SHA-256 of its arguments, and not with them [L20]',
    async (t) => {
      const title = 'Only its hash is kept'
      await call('entry.create', { projectId, title, type: 'security' })
      const canonical = JSON.stringify({ projectId, title, type: 'security' })
      const expected = createHash('sha256').update(canonical).digest('hex')
      const events = await eventually(15_000, 'the call in the log', async () => {
        const found = (await administer(house, 'GET', '/audit/events?limit=200')).events as {
          argumentsSha256?: string
        }[]
        return found.some(({ argumentsSha256 }) => argumentsSha256 === expected) ? found : undefined
      })
      const audit = house.parts.host.as('gatehouse_audit')
      const tables = await audit.readAsPlatform<{ name: string }>(
        'test',
        sql`select 'audit.' || relname as name from pg_class
          where relnamespace = 'audit'::regnamespace and relkind in ('r', 'p') and has_table_privilege(oid, 'select')`,
      )
      const kept = await Promise.all(
        tables.map(({ name }) => audit.readAsPlatform('test', sql`select t::text as row from ${ident(name)} t`)),
      )
      const whole = JSON.stringify([events, kept])
      t.ok(whole.split(expected).length > 2, 'the rows that are looked through hold the hash')
      for (const value of [title, 'Told of', 'A **comment**']) t.notOk(whole.includes(value), value)
    },
  )
}
