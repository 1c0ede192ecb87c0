import { eventually } from '@gatehouse/testkit'
import type { Test } from 'tap'
import { legacyClient, modernClient, type OfficialClient } from '../clients.ts'
import { hostFetch } from '../host-fetch.ts'
import { authorizeInPages, signInAtPages } from '../person.ts'
import { CALLBACK, type Running } from '../running.ts'
import { ask, rpc } from '../wire.ts'
import { tenantOf } from './admin.ts'
import { type Program, registerProgram } from './program.ts'

const OWNER = 'owner@acme.test'
const MEMBER = 'member@acme.test'
const VIEWER = 'viewer@acme.test'
const CONSULTANT = 'consultant@example.test'
const SCOPES = [
  'azalt:read',
  'azalt:write:forms',
  'azalt:write:imports',
  'azalt:write:activities',
  'azalt:admin',
] as const
const EVERYTHING = ['openid', 'profile', 'email', ...SCOPES].join(' ')
/** What is taken back, or switched, is so everywhere within a second; the rest is for a slow machine. */
const SOON_MS = 5_000

// biome-ignore lint/suspicious/noExplicitAny: each tool has its own answer
type Structured = any

/** What a tool says to a token, in the stateless revision. */
interface Called {
  readonly status: number
  readonly challenge: string
  readonly error: string | undefined
  readonly is: Structured
}

/** Rows Z1 to Z9, the same on embedded and on real parts. */
export async function azalt(t: Test, house: Running): Promise<void> {
  const { publicUrl, profile, secrets } = house
  const mcp = `${publicUrl}${profile.paths.mcp}`
  const person = (email: string) => ({ email, password: secrets.demoPassword })
  const program = await registerProgram(house, profile.paths.mcp)
  const tokenOf = async (email: string, scope: string = SCOPES.join(' ')) =>
    (await program.tokens(email, scope)).access_token
  const call = async (token: string, name: string, args: object = {}): Promise<Called> => {
    const answer = await ask(mcp, rpc(token, 'tools/call', { name, arguments: args }))
    const { result } = answer.json() as {
      result?: { isError?: boolean; content: { text: string }[]; structuredContent?: object }
    }
    return {
      status: answer.status,
      challenge: String(answer.headers['www-authenticate'] ?? ''),
      error: result?.isError === true ? result.content[0]?.text : undefined,
      is: result?.structuredContent,
    }
  }
  /** The structured answer. @throws when there is none */
  const get = async (token: string, name: string, args: object = {}): Promise<Structured> => {
    const { is, error, status } = await call(token, name, args)
    if (is === undefined || error !== undefined) throw new Error(`${name} answered ${status}: ${error}`)
    return is
  }

  await t.test('the endpoint', (t) => endpoint(t, house))
  await t.test('scopes of OpenID Connect beside those of the product [Z2]', (t) => openIdConnect(t, house, program))

  await t.test('read tools: own profile, organisation and users [Z3, Z6]', async (t) => {
    const token = await tokenOf(VIEWER, 'azalt:read')
    t.match(await get(token, 'get_my_profile'), {
      user: { email: VIEWER, role: 'viewer', permissions: ['data:read', 'users:read'] },
      organization: { slug: 'acme', name: 'Acme Industries' },
      scopes: ['azalt:read'],
    })
    t.match(await get(token, 'get_current_organization'), { slug: 'acme', plan: 'business' })
    const { users } = await get(token, 'list_users')
    t.ok(users.length >= 5)
    t.ok(users.every(({ email }: { email: string }) => !email.endsWith('globex.test')))
  })

  await t.test('read tools: sites, forms, answers, dashboards, datasets, indicators and factors [Z3]', async (t) => {
    const token = await tokenOf(VIEWER, 'azalt:read')
    const { sites } = await get(token, 'list_sites', { query: 'hamburg' })
    t.match(sites, [{ code: 'hamburg-depot' }, { code: 'hamburg-hq' }])
    const { forms } = await get(token, 'list_forms', { status: 'published' })
    const formId = forms[0].id
    const { elements } = await get(token, 'get_form_elements', { formId })
    t.ok(elements.length > 0)
    t.ok((await get(token, 'list_form_deployments', { formId })).deployments.length > 0)
    const { submissions } = await get(token, 'list_form_submissions', { formId, limit: 1 })
    const { values } = await get(token, 'get_submission_values', { submissionId: submissions[0].id })
    t.equal(values.length, elements.length)
    const { dashboards } = await get(token, 'list_dashboards')
    const { widgets } = await get(token, 'get_dashboard', { dashboardId: dashboards[0].id })
    t.equal(widgets.length, dashboards[0].widgetCount)
    const { datasets } = await get(token, 'list_datasets')
    t.ok((await get(token, 'list_activities', { datasetId: datasets[0].id, limit: 5 })).activities.length === 5)
    const { indicators } = await get(token, 'list_kpi_indicators')
    const year = new Date().getUTCFullYear()
    const range = { from: `${year - 2}-01`, to: `${year}-12`, granularity: 'quarter' }
    t.ok((await get(token, 'query_kpi_data', { indicatorId: indicators[0].id, ...range })).points.length >= 8)
    t.match(await get(token, 'list_emission_factors', { query: 'diesel van' }), {
      factors: [{ code: 'van-diesel-eu-2025', unit: 'km' }],
    })
  })

  await t.test('forms, dashboards and widgets are written by their scope [Z4]', async (t) => {
    const token = await tokenOf(MEMBER, 'azalt:write:forms azalt:read')
    const { formId } = await get(token, 'create_form', {
      name: 'Refrigerants',
      elements: [{ label: 'Refilled', kind: 'number', unit: 'kg' }],
    })
    t.match(await get(token, 'update_form', { formId, status: 'published' }), { status: 'published' })
    const { id: dashboardId } = await get(token, 'create_dashboard', { name: 'Cooling' })
    const { datasets } = await get(token, 'list_datasets')
    const widget = { dashboardId, title: 'Electricity', kind: 'bar', datasetId: datasets[0].id }
    const { id: widgetId } = await get(token, 'create_dashboard_widget', widget)
    await get(token, 'update_dashboard_widget', { widgetId, kind: 'line' })
    await get(token, 'update_dashboard', { dashboardId, description: 'For the cellar' })
    t.match(await get(token, 'get_dashboard', { dashboardId }), {
      dashboard: { name: 'Cooling', description: 'For the cellar', widgetCount: 1 },
      widgets: [{ id: widgetId, kind: 'line' }],
    })
  })

  await t.test('imports are previewed, then applied, once, by their scope [Z4]', async (t) => {
    const token = await tokenOf(MEMBER, 'azalt:write:imports azalt:read')
    const { datasets } = await get(token, 'list_datasets', { category: 'electricity' })
    const [{ id: datasetId, activityCount }] = datasets
    const csv =
      'date,site,quantity,unit,factor\n2026-01-31,hamburg-hq,1000,kWh,grid-de-2025\n2026-01-31,nowhere,x,kWh,?'
    const preview = await get(token, 'preview_import', { datasetId, csv })
    t.match(preview, { status: 'previewed', validRows: 1, errorRows: 1, co2eKg: 363 })
    const counted = async () =>
      (await get(token, 'list_datasets', { category: 'electricity' })).datasets[0].activityCount
    t.equal(await counted(), activityCount, 'a preview records nothing')
    const { importId } = preview
    t.match((await call(token, 'apply_import', { importId })).error, /1 of 2 rows have errors/)
    const many = await Promise.all(
      Array.from({ length: 20 }, () => get(token, 'apply_import', { importId, skipErrors: true })),
    )
    t.equal(many.filter(({ alreadyApplied }) => !alreadyApplied).length, 1)
    t.equal(await counted(), activityCount + 1)
    t.match(await get(token, 'get_import', { importId }), { status: 'applied' })
  })

  await t.test(
    'a long import runs as a task for clients that take one, and is applied once all the same [Z4]',
    async (t) => {
      const token = await tokenOf(MEMBER, 'azalt:write:imports azalt:read')
      const [{ id: datasetId }] = (await get(token, 'list_datasets', { category: 'heat' })).datasets
      const rows = Array.from({ length: 3_000 }, (_, n) => `2026-01-31,hamburg-hq,${n},kWh,district-de-2025`)
      const csv = `date,site,quantity,unit,factor\n${rows.join('\n')}`
      const { importId, validRows } = await get(token, 'preview_import', { datasetId, csv })
      t.equal(validRows, 3_000)
      const apply = { name: 'apply_import', arguments: { importId } }
      const handles = await Promise.all([1, 2].map(() => askTaking(mcp, token, 'tools/call', apply)))
      t.match(handles, [{ resultType: 'task' }, { resultType: 'task' }])
      const ends = await Promise.all(
        handles.map(({ taskId }) =>
          eventually(60_000, 'the task to be completed', async () => {
            const task = await askTaking(mcp, token, 'tasks/get', { taskId })
            return task.status === 'completed' ? task.result.structuredContent : undefined
          }),
        ),
      )
      t.same(ends.map(({ alreadyApplied }: Structured) => alreadyApplied).sort(), [false, true])
      t.match(ends, [
        { importId, status: 'applied' },
        { importId, status: 'applied' },
      ])
    },
  )

  await t.test('activities are created, updated and recalculated by their scope [Z4]', async (t) => {
    const token = await tokenOf(MEMBER, 'azalt:write:activities azalt:read')
    const [{ id: datasetId }] = (await get(token, 'list_datasets', { category: 'electricity' })).datasets
    const [{ id: siteId }] = (await get(token, 'list_sites', { query: 'lyon' })).sites
    const factorOf = async (query: string) => (await get(token, 'list_emission_factors', { query })).factors[0].id
    const factorId = await factorOf('grid-fr-2025')
    const given = { datasetId, siteId, date: '2026-01-31', quantity: 2, unit: 'MWh', factorId }
    const made = await get(token, 'create_activity', given)
    t.equal(made.co2eKg, 104)
    t.match(await get(token, 'update_activity', { activityId: made.id, quantity: 1 }), { co2eKg: 52 })
    const wind = await factorOf('wind power')
    const done = await get(token, 'recalculate_activities', { activityIds: [made.id], factorId: wind })
    t.match(done, { looked: 1, changed: 1, co2eKgBefore: 52, co2eKgAfter: 11 })
  })

  await t.test("sites and a member's role are the administrators' [Z4]", async (t) => {
    const token = await tokenOf(OWNER, 'azalt:admin azalt:read')
    const site = { code: 'oslo', name: 'Oslo', kind: 'office', country: 'NO' }
    const { id: siteId } = await get(token, 'create_site', site)
    t.match(await get(token, 'update_site', { siteId, status: 'archived' }), { status: 'archived' })

    const viewer = await tokenOf(VIEWER)
    t.match((await call(viewer, 'create_dashboard', { name: 'x' })).error, /dashboards:write/)
    const { users } = await get(token, 'list_users', { query: 'viewer@' })
    const userId = users[0].id
    t.match(await get(token, 'update_member_role', { userId, role: 'member' }), {
      previousRole: 'viewer',
      role: 'member',
    })
    await eventually(
      SOON_MS,
      '401 for what names the old role',
      async () => (await call(viewer, 'list_sites')).status === 401,
    )
    // A token of the same second knows of the change, and is good at once.
    const { is } = await call(await tokenOf(VIEWER), 'create_dashboard', { name: 'By a member' })
    t.not(is, undefined, 'the new role')
    t.match((await call(token, 'update_member_role', { userId, role: 'emperor' })).error, /You can give: owner, admin/)
    await get(token, 'update_member_role', { userId, role: 'viewer' })
  })

  await t.test('a denied tool says what is missing: the scope, or the permission, and what to do [Z9]', async (t) => {
    const narrow = await tokenOf(OWNER, 'azalt:read')
    const without = await call(narrow, 'create_site', { code: 'x', name: 'x', kind: 'office', country: 'DE' })
    t.equal(without.status, 403)
    t.match(without.challenge, /error="insufficient_scope"/)
    t.match(without.challenge, /scope="[^"]*azalt:admin[^"]*"/)
    const member = await tokenOf(MEMBER, EVERYTHING)
    const denied = await call(member, 'create_site', { code: 'x', name: 'x', kind: 'office', country: 'DE' })
    t.equal(denied.status, 200)
    t.match(denied.error, /sites:write/)
    t.match(denied.error, /owner or admin/, 'who can')
  })

  await t.test('calls are for the organisation that is selected, within a second of a switch [Z6]', async (t) => {
    const browser = await signInAtPages(publicUrl, person(CONSULTANT))
    const select = async (slug: string) => {
      const tenant = await tenantOf(house, slug)
      const home = await browser.open('/')
      await browser.send(home, '/settings/organisation', { tenant })
    }
    await select('acme')
    const asked = program.ask({ scope: 'azalt:read' })
    const consent = await browser.open(`${asked.pathname}${asked.search}`)
    t.match(consent.html, 'The organisation you have selected')
    const token = await tokenOf(CONSULTANT, 'azalt:read')
    const active = async () => (await get(token, 'get_my_profile')).organization.slug
    t.equal(await active(), 'acme')
    const stream = ask(mcp, {
      ...rpc(token, 'subscriptions/listen', { notifications: { toolsListChanged: true } }),
      withinMs: 30_000,
    })
    // Answered after the stream was asked for: it is open now, and belongs to the first.
    for (let more = 0; more < 3; more += 1) t.equal(await active(), 'acme')
    await select('globex')
    await eventually(
      SOON_MS,
      'get_my_profile to confirm the other organisation',
      async () => (await active()) === 'globex',
    )
    const { sites } = await get(token, 'list_sites')
    t.ok(sites.every(({ code }: { code: string }) => !code.startsWith('hamburg')))
    const ended = await stream
    t.equal(ended.status, 200)
    t.match(ended.text, /"result":/, 'the stream ended with its result')
    await select('acme')
  })

  await t.test('connected clients are reviewed and revoked at /settings/mcp-clients [Z5]', async (t) => {
    const other = await registerProgram(house, profile.paths.mcp)
    const { access_token } = await other.tokens(MEMBER, SCOPES.join(' '))
    t.equal((await call(access_token, 'get_my_profile')).status, 200)
    const browser = await signInAtPages(publicUrl, person(MEMBER))
    const page = await browser.open('/settings/mcp-clients')
    t.match(page.html, 'Connected MCP clients')
    t.match(page.html, 'My MCP Client')
    for (const { text } of profile.scopes.slice(0, 2)) t.match(page.html, text)
    let shown = page
    // Each program of this suite is a client of its own.
    for (let n = 0; n < 20 && /action="[^"]*\/revoke"/.test(shown.html); n += 1)
      shown = await browser.send(shown, '/revoke')
    await eventually(
      SOON_MS,
      '401 for the token',
      async () => (await ask(mcp, rpc(access_token, 'tools/list'))).status === 401,
    )
  })

  await t.test(
    'a callback that cannot be reached: the page after consent shows the whole address to copy [Z8]',
    async (t) => {
      const pasted = await registerProgram(house, profile.paths.mcp)
      const asked = pasted.ask({ scope: 'azalt:read' })
      const browser = await signInAtPages(publicUrl, person(OWNER), navigating)
      const consent = await browser.open(`${asked.pathname}${asked.search}`)
      const after = await browser.send(consent, '/oauth/authorize', { decision: 'approve' })
      t.match(after.url.pathname, '/oauth/return')
      const shown = /<textarea id="callback"[^>]*>([^<]*)</.exec(after.html)?.[1] ?? ''
      const address = new URL(shown.replaceAll('&#61;', '=').replaceAll('&#38;', '&').trim())
      t.equal(`${address.origin}${address.pathname}`, CALLBACK)
      t.equal((await pasted.exchange(address.searchParams.get('code') ?? '')).status, 200, 'pasted, it works')
    },
  )
}

const TASKS = 'io.modelcontextprotocol/tasks'

/** A request of a client that takes tasks. @returns its result */
async function askTaking(
  mcp: string,
  token: string,
  method: string,
  params: Record<string, unknown>,
): Promise<Structured> {
  const sent = rpc(token, method, params)
  const body = JSON.parse(String(sent.body)) as { params: { _meta: Record<string, unknown> } }
  body.params._meta['io.modelcontextprotocol/clientCapabilities'] = { extensions: { [TASKS]: {} } }
  const named = typeof params.taskId === 'string' ? { 'mcp-name': params.taskId } : {}
  const headers = { ...(sent.headers as Record<string, string>), ...named }
  const answer = (await ask(mcp, { ...sent, headers, body: JSON.stringify(body) })).json()
  if (answer.result === undefined) throw new Error(`${method} answered ${JSON.stringify(answer)}`)
  return answer.result
}

/** As a browser that says that it navigates; `fetch` of Node writes that header itself. */
const navigating: typeof fetch = (input, init = {}) =>
  hostFetch(input, { ...init, headers: { ...(init.headers as Record<string, string>), 'sec-fetch-mode': 'navigate' } })

/** One address, both official clients, registered by themselves. */
async function endpoint(t: Test, house: Running): Promise<void> {
  const { publicUrl, secrets } = house
  const mcp = `${publicUrl}/api/mcp`
  const signIn = async (client: OfficialClient) => {
    const authorizationUrl = await client.connectAsStranger()
    const person = { email: MEMBER, password: secrets.demoPassword }
    await client.connect(await authorizeInPages(authorizationUrl, CALLBACK, person))
  }
  for (const client of [modernClient(mcp, CALLBACK), legacyClient(mcp, CALLBACK)]) {
    await t.test(`${client.label} registers, signs in and calls at /api/mcp [Z1, Z7]`, async (t) => {
      await signIn(client)
      const tools = await client.tools()
      t.ok(tools.includes('get_my_profile') && tools.includes('list_sites'))
      const { structured } = await client.call('get_my_profile', {})
      t.match(structured, { user: { email: MEMBER }, organization: { slug: 'acme' } })
      const authorizationUrl = client.provider.authorizationUrl
      t.equal(authorizationUrl?.searchParams.get('resource'), mcp)
      await client.close()
    })
  }
}

async function openIdConnect(t: Test, { publicUrl }: Running, program: Program): Promise<void> {
  const document = (await ask(`${publicUrl}/.well-known/oauth-protected-resource/api/mcp`)).json()
  t.match(document, { resource: `${publicUrl}/api/mcp`, authorization_servers: [publicUrl] })
  for (const scope of SCOPES) t.ok((document.scopes_supported as string[]).includes(scope), scope)
  const provider = (await ask(`${publicUrl}/.well-known/openid-configuration`)).json()
  for (const scope of EVERYTHING.split(' ')) t.ok((provider.scopes_supported as string[]).includes(scope), scope)
  const tokens = (await program.tokens(MEMBER, EVERYTHING)) as unknown as Record<string, string>
  t.same((tokens.scope ?? '').split(' ').sort(), EVERYTHING.split(' ').sort())
  const claims = JSON.parse(Buffer.from((tokens.id_token ?? '').split('.')[1] ?? '', 'base64url').toString())
  t.match(claims, { iss: publicUrl, aud: program.id })
  const info = await ask(String(provider.userinfo_endpoint), {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  })
  t.match(info.json(), { sub: claims.sub, email: MEMBER, name: 'Mei Tanaka' })
}
