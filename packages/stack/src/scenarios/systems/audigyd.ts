import { eventually } from '@gatehouse/testkit'
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import type { Test } from 'tap'
import { authorizeInPages, signInAtPages } from '../person.ts'
import { CALLBACK, type Running } from '../running.ts'
import { ask, rpc } from '../wire.ts'
import { administer, keyOf, tenantOf } from './admin.ts'
import { registerProgram } from './program.ts'

/** What is taken back or changed is so everywhere within a second; the rest is for a slow machine. */
const SOON_MS = 5_000
const TOOLS = [
  'get_overview',
  'list_assessments',
  'get_assessment',
  'get_assessment_responses',
  'list_findings',
  'get_score_trend',
  'list_reports',
]
const EVERY_SCOPE = ['assessments:read', 'findings:read', 'reports:read', 'templates:read', 'webhooks:write']

interface Result {
  readonly isError?: boolean
  readonly content: readonly { readonly text: string }[]
  // biome-ignore lint/suspicious/noExplicitAny: each tool has its own
  readonly structuredContent?: any
}

/** The system of `profiles/audigyd`: rows U1 to U9, U11 and U12, the same on embedded and on real parts. */
export async function audigyd(t: Test, house: Running): Promise<void> {
  const { publicUrl, profile, secrets } = house
  const mcp = `${publicUrl}${profile.paths.mcp}`
  const sse = `${publicUrl}${profile.paths.sse}`
  const acme = await tenantOf(house, 'acme')
  const globex = await tenantOf(house, 'globex')
  const keyWith = (scopes: readonly string[], tenant = acme) => keyOf(house, tenant, { scopes })
  const reader = await keyWith(['assessments:read', 'findings:read'])

  /** The official client of that transport. Without a header the key stands in the address. */
  const connect = async (t: Test, key: string, where: 'header' | 'query' = 'header'): Promise<Client> => {
    const client = new Client({ name: 'claude-desktop', version: '1' })
    const headers = { authorization: `Bearer ${key}` }
    const withKey = (url: string | URL, init: RequestInit = {}) =>
      fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), ...headers } })
    const transport =
      where === 'query'
        ? new SSEClientTransport(new URL(`${sse}?api_key=${key}`))
        : new SSEClientTransport(new URL(sse), {
            requestInit: { headers },
            eventSourceInit: { fetch: withKey as never },
          })
    client.onerror = () => undefined
    await client.connect(transport)
    t.teardown(() => client.close())
    return client
  }
  const call = async (client: Client, name: string, args: Record<string, unknown> = {}): Promise<Result> =>
    (await client.callTool({ name, arguments: args })) as unknown as Result
  /** Streams of a key end when it is changed, so one asks without. */
  const mayFind = async (key: string): Promise<boolean> => {
    const asked = rpc(key, 'tools/call', { name: 'list_findings', arguments: {} })
    const { result } = (await ask(mcp, asked)).json() as { result?: Result }
    return result !== undefined && result.isError !== true
  }
  const statusAt = async (url: string, key: string | undefined): Promise<number> => {
    const stopping = new AbortController()
    const headers = { accept: 'text/event-stream', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) }
    const { status } = await fetch(url, { headers, signal: stopping.signal })
    stopping.abort()
    return status
  }

  await t.test('it is audigyd 1.0.0, and tools are all that it has [U1]', async (t) => {
    const client = await connect(t, reader.key)
    t.match(client.getServerVersion(), { name: 'audigyd', version: '1.0.0' })
    t.strictSame(client.getServerCapabilities(), { tools: {} })
    const modern = new ModernClient(
      { name: 'cursor', version: '1' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } },
    )
    const requestInit = { headers: { authorization: `Bearer ${reader.key}` } }
    await modern.connect(new StreamableHTTPClientTransport(new URL(mcp), { requestInit }))
    t.teardown(() => modern.close())
    t.match(modern.getServerVersion(), { name: 'audigyd', version: '1.0.0' })
    t.strictSame(modern.getServerCapabilities(), { tools: {} })
    t.same(
      (await modern.listTools()).tools.map(({ name }) => name),
      TOOLS,
    )
    for (const method of ['resources/list', 'resources/templates/list', 'prompts/list', 'completion/complete']) {
      const missing = await client.request({ method, params: {} }, {} as never).catch((error: unknown) => error)
      t.match(missing, { code: -32_601 }, method)
      t.match((await ask(mcp, rpc(reader.key, method))).json(), { error: { code: -32_601 } }, method)
    }
  })

  await t.test(
    'over HTTP+SSE each tool reads the data of its workspace, and says that it only reads [U2, U3]',
    async (t) => {
      const client = await connect(t, reader.key)
      const { tools } = await client.listTools()
      t.same(
        tools.map(({ name }) => name),
        TOOLS,
      )
      const structured = async (name: string, args: Record<string, unknown> = {}) => {
        const result = await call(client, name, args)
        t.notOk(result.isError, `${name}: ${result.content[0]?.text.slice(0, 200)}`)
        return result.structuredContent ?? JSON.parse(result.content[0]?.text ?? '{}')
      }
      const overview = await structured('get_overview')
      t.match(overview, { assessments: { finalized: 4 }, openFindings: { critical: 1, high: 2 } })
      t.equal(overview.lastScores.length, 4)
      const { assessments } = await structured('list_assessments', { status: 'finalized', limit: 2 })
      t.match(assessments, [{ name: 'SOC 2 Type II, second period', status: 'finalized' }, {}])
      const [{ id: assessmentId }] = assessments
      const assessment = await structured('get_assessment', { assessmentId })
      t.match(assessment, { score: Number, findings: { resolved: 1 }, domains: [{ name: 'Control environment' }] })
      const { responses } = await structured('get_assessment_responses', { assessmentId, result: 'fail' })
      t.match(responses, [{ reference: 'CC6.2', result: 'fail', domain: 'Access' }])
      const { findings } = await structured('list_findings', { severity: 'critical' })
      t.match(findings, [{ title: 'Critical vulnerabilities are closed too late', status: 'in_remediation' }])
      const { scores } = await structured('get_score_trend', { framework: 'SOC 2' })
      t.equal(scores.length, 2)
      t.ok(scores[0].finalizedAt < scores[1].finalizedAt, 'oldest first')
      const { reports } = await structured('list_reports', { assessmentId })
      t.match(reports, [{ format: 'xlsx' }, { format: 'pdf', pages: 46, score: assessment.score }])
      const { assessments: none } = await structured('list_assessments', { updatedAfter: '2999-01-01' })
      t.same(none, [])
    },
  )

  await t.test('a client that can set no header has its key in the address, and nowhere else [U4]', async (t) => {
    const client = await connect(t, reader.key, 'query')
    t.same(
      (await client.listTools()).tools.map(({ name }) => name),
      TOOLS,
    )
    t.notOk((await call(client, 'get_overview')).isError)
    const stopping = new AbortController()
    const stream = await fetch(`${sse}?api_key=${reader.key}`, { signal: stopping.signal })
    const chunk = await stream.body?.getReader().read()
    const text = new TextDecoder().decode(chunk?.value)
    stopping.abort()
    t.match(text, new RegExp(`data: ${profile.paths.messages}\\?`))
    t.notOk(text.includes(reader.key), 'the address to post to does not hold it')
    for (const wrong of ['', '?api_key=', `?api_key=${profile.apiKeyPrefix}nobody`, `?apikey=${reader.key}`])
      t.equal(await statusAt(`${sse}${wrong}`, undefined), 401, wrong)
  })

  await t.test(
    'an owner makes a key at Settings, API Keys, changes it and revokes it; nobody else does [U5, U7]',
    async (t) => {
      const path = '/settings/api-keys'
      const person = (email: string) => signInAtPages(publicUrl, { email, password: secrets.demoPassword })
      for (const email of ['admin@acme.test', 'member@acme.test', 'viewer@acme.test']) {
        const page = await (await person(email)).open(path)
        t.notMatch(page.html, `${path}/create`, `${email} has no form`)
      }
      const owner = await person('owner@acme.test')
      const empty = await owner.open(path)
      for (const scope of EVERY_SCOPE) t.match(empty.html, scope)
      t.notMatch(empty.html, 'audit:read', 'no key reads the activity log')
      const none = await owner.send(empty, '/create', { name: 'Copilot', days: '30' })
      t.match(none.html, 'Choose at least one', 'no key without a scope')
      const scope = ['assessments:read', 'templates:read']
      const made = await owner.send(empty, '/create', { name: 'Copilot', scope, days: '30' })
      const key = /aug_live_[A-Za-z0-9_-]{20,}/.exec(made.html)?.[0] ?? ''
      t.ok(key, 'the key is shown')
      const listed = await owner.open(path)
      t.match(listed.html, 'Copilot')
      t.notOk(listed.html.includes(key), 'once')

      const client = await connect(t, key)
      t.notOk((await call(client, 'get_overview')).isError)
      const { keys } = await administer(house, 'GET', `/tenants/${acme}/api-keys`)
      const { id } = keys.find((one: { name: string }) => one.name === 'Copilot')
      const changed = await owner.send(listed, '/change', { key: id, name: 'Copilot', scope: EVERY_SCOPE })
      t.match(changed.html, 'Copilot is changed')
      t.ok(await eventually(SOON_MS, 'its new scope', () => mayFind(key)))
      const open = await fetch(sse, { headers: { authorization: `Bearer ${key}` } })
      t.equal(open.status, 200)
      const gone = eventually(SOON_MS, '401 for the key', async () => (await statusAt(sse, key)) === 401)
      const revoked = await owner.send(changed, '/revoke', { key: id })
      t.match(revoked.html, 'The key is revoked')
      t.ok(await gone)
      t.equal((await ask(mcp, rpc(key, 'tools/list'))).status, 401)
      t.match(await open.text(), 'event: endpoint', 'an open stream has ended')
      t.notMatch((await owner.open(path)).html, /<bdi>Copilot<\/bdi>/)
    },
  )

  await t.test(
    'a tool without its scope names it, and the same key works when it was given the scope [U6]',
    async (t) => {
      const narrow = await keyWith(['assessments:read'])
      const client = await connect(t, narrow.key)
      const refused = await call(client, 'list_findings', { severity: 'high' })
      t.match(refused, { isError: true, content: [{ text: 'Missing required scope: findings:read' }] })
      const modern = (await ask(mcp, rpc(narrow.key, 'tools/call', { name: 'list_findings', arguments: {} }))).json()
      t.match(modern, { result: { isError: true, content: [{ text: 'Missing required scope: findings:read' }] } })
      const useless = await connect(t, (await keyWith(['webhooks:write'])).key)
      t.match(await call(useless, 'get_overview'), {
        isError: true,
        content: [{ text: 'Missing required scope: assessments:read' }],
      })
      await administer(house, 'PATCH', `/api-keys/${narrow.id}`, { scopes: ['assessments:read', 'findings:read'] })
      t.ok(await eventually(SOON_MS, 'the scope that was added', () => mayFind(narrow.key)))
    },
  )

  await t.test('no argument leads out of the workspace of the key [U8]', async (t) => {
    const own = await connect(t, reader.key)
    const other = await connect(t, (await keyWith(['assessments:read', 'findings:read'], globex)).key)
    const all = async (client: Client) => {
      const list = (name: string) => call(client, name, { limit: 100 }).then(({ content }) => content[0]?.text ?? '')
      return [await list('list_assessments'), await list('list_findings'), await list('list_reports')].join()
    }
    const [mine, theirs] = [await all(own), await all(other)]
    t.match(mine, 'Map tiles supplier')
    t.match(theirs, 'Gateways in plants share one password')
    t.notMatch(mine, 'Gateways in plants')
    t.notMatch(theirs, 'Map tiles supplier')
    const ids = [...new Set([...theirs.matchAll(/asm_[0-9a-f]{32}/g)].map(([id]) => id))]
    t.ok(ids.length > 3)
    for (const assessmentId of ids) {
      for (const name of ['get_assessment', 'get_assessment_responses', 'list_findings', 'list_reports']) {
        const refused = await call(own, name, { assessmentId })
        t.match(refused, { isError: true, content: [{ text: /no assessment with the ID/ }] }, name)
        const sneaked = await call(own, name, { assessmentId, tenant: globex })
        t.equal(sneaked.isError, true, `${name}: a tenant is no argument`)
      }
    }
  })

  await t.test('the log of the workspace tells of connections and calls; its owner browses it [U9]', async (t) => {
    const { id, key } = await keyWith(['assessments:read'])
    const client = await connect(t, key)
    await call(client, 'get_score_trend', { framework: 'SOC 2' })
    await call(client, 'list_findings')
    await client.close()
    interface Event {
      readonly event: string
      readonly tool?: string
      readonly outcome: string
      readonly tenant: string
    }
    const events = async (query = ''): Promise<readonly Event[]> =>
      (await administer(house, 'GET', `/audit/events?limit=200&actor=${id}${query}`)).events
    await eventually(15_000, 'the end of the connection in the log', async () =>
      (await events()).some(({ event }) => event === 'mcp_disconnected'),
    )
    const told = (await events()).map(({ event, tool, outcome }) => [event, tool, outcome]).reverse()
    t.same(
      told.filter(([, , outcome]) => outcome !== undefined),
      [
        ['mcp_connected', undefined, 'succeeded'],
        ['mcp_tool_call', 'get_score_trend', 'succeeded'],
        ['mcp_tool_call', 'list_findings', 'refused'],
        ['mcp_disconnected', undefined, 'succeeded'],
      ],
    )
    t.equal((await events('&type=mcp_tool_call')).length, 2)
    t.ok((await events()).every(({ tenant }) => tenant === acme))

    const owner = await signInAtPages(publicUrl, { email: 'owner@acme.test', password: secrets.demoPassword })
    const asked = await owner.open('/activity')
    const page = await owner.send(asked, '/oauth/authorize', { decision: 'approve' })
    for (const shown of ['mcp_connected', /get_score_trend[\s\S]*?mcp_tool_call/, 'mcp_disconnected', id])
      t.match(page.html, shown, String(shown))
    t.notMatch(page.html, /"framework"|SOC 2/, 'no argument')
    const stranger = await signInAtPages(publicUrl, { email: 'owner@globex.test', password: secrets.demoPassword })
    const elsewhere = await stranger.send(await stranger.open('/activity'), '/oauth/authorize', { decision: 'approve' })
    t.notMatch(elsewhere.html, id)
  })

  await t.test(
    'a key is the only credential: nothing points to an authorization server, and no token is issued [U11]',
    async (t) => {
      for (const url of [mcp, sse]) {
        const { status, headers, text } = await ask(url, url === mcp ? rpc(undefined, 'tools/list') : {})
        t.equal(status, 401)
        t.match(text, 'An API key is needed')
        t.equal(headers['www-authenticate'], 'Bearer', 'it names nothing')
        const { pathname } = new URL(url)
        for (const path of [
          `/.well-known/oauth-protected-resource${pathname}`,
          '/.well-known/oauth-protected-resource',
        ])
          t.equal((await ask(`${publicUrl}${path}`)).status, 404, path)
      }
      const server = (await ask(`${publicUrl}/.well-known/oauth-authorization-server`)).json()
      t.notMatch(JSON.stringify(server.protected_resources), /mcp-server/)
      const program = await registerProgram(house, profile.paths.sse)
      const person = { email: 'owner@acme.test', password: secrets.demoPassword }
      for (const resource of [mcp, sse]) {
        const refused = await ask(program.ask({ resource, scope: undefined }).href)
        t.match([refused.status, refused.text], [400, /Tokens cannot be issued for this resource/], resource)
      }
      const forRest = program.ask({ resource: `${publicUrl}/api/v1`, scope: 'assessments:read' })
      const code = (await authorizeInPages(forRest, CALLBACK, person)).searchParams.get('code') ?? ''
      const { body } = await program.exchange(code)
      t.ok(body.access_token, 'a token for the REST API')
      t.equal(await statusAt(sse, body.access_token), 401)
      t.equal((await ask(mcp, rpc(body.access_token, 'tools/list'))).status, 401)
    },
  )

  await t.test("the same key is good at the company's REST API, which asks about it [U12]", async (t) => {
    const { resources } = await administer(house, 'GET', '/resources')
    const { id } = resources.find((one: { identifier: string }) => one.identifier === `${publicUrl}/api/v1`)
    const { secret } = await administer(house, 'POST', `/resources/${id}/credential`, {})
    const made = await keyWith(['assessments:read', 'webhooks:write'])
    const introspect = async () => {
      const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
      const body = new URLSearchParams({ token: made.key })
      return (await fetch(`${publicUrl}/oauth/introspect`, { method: 'POST', body, headers: { authorization } })).json()
    }
    t.notOk((await call(await connect(t, made.key), 'get_overview')).isError)
    t.match(await introspect(), {
      ...{ active: true, credential: 'api-key', scope: 'assessments:read webhooks:write', tenant_id: acme },
      ...{ sub: made.id, tenant_status: 'active' },
    })
    await administer(house, 'DELETE', `/api-keys/${made.id}`)
    t.same(await introspect(), { active: false })
  })
}
