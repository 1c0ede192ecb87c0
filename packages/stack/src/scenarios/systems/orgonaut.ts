import { createHash, randomBytes } from 'node:crypto'
import { sitesOf, withRedirectDomains } from '@gatehouse/profiles'
import { eventually } from '@gatehouse/testkit'
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Test } from 'tap'
import { legacyClient, modernClient, type OfficialClient } from '../clients.ts'
import { hostFetch } from '../host-fetch.ts'
import { authorizeInPages, signInAtPages } from '../person.ts'
import { CALLBACK, type Running } from '../running.ts'
import { type Answer, ask, rpc } from '../wire.ts'
import { administer, keyOf, tenantOf } from './admin.ts'
import { governedActions, type Result } from './orgonaut-actions.ts'
import { orgonautSettings } from './orgonaut-settings.ts'

/** What is taken back or changed is so everywhere within a second; the rest is for a slow machine. */
const SOON_MS = 10_000
const PATH = '/mcp/orgonaut'
const RESOURCE_METADATA = `/.well-known/oauth-protected-resource${PATH}`
const SERVER_METADATA = `/.well-known/oauth-authorization-server${PATH}`
const READS = ['scenarios.read', 'org-units.read', 'costs.read', 'org-metrics.read', 'teams.read', 'placements.read']

/** The system of `profiles/orgonaut`: rows O1 to O14, the same on embedded and on real parts. */
export async function orgonaut(t: Test, house: Running): Promise<void> {
  const { publicUrl, profile, secrets } = house
  const sites = sitesOf(profile, publicUrl)
  const at = (slug: string, path = ''): string => `${sites.of(slug).origin}${path}`
  /** On the wire, to a tenant's host. */
  const get = (slug: string, path: string) => ask(`${publicUrl}${path}`, { headers: { host: new URL(at(slug)).host } })
  const post = (host: string, sent: ReturnType<typeof rpc>, more: Readonly<Record<string, string>> = {}) =>
    ask(`${publicUrl}${PATH}`, { ...sent, headers: { ...(sent.headers as Record<string, string>), host, ...more } })
  const postTo = (slug: string, sent: ReturnType<typeof rpc>, more: Readonly<Record<string, string>> = {}) =>
    post(new URL(at(slug)).host, sent, more)
  const resultOf = (answer: Answer): Result => {
    const { result } = answer.json() as { result?: Result }
    if (result === undefined) throw new Error(`answered ${answer.status}: ${answer.text.slice(0, 500)}`)
    return result
  }
  const call = async (
    token: string,
    name: string,
    args: Record<string, unknown> = {},
    slug = 'acme',
  ): Promise<Result> => resultOf(await postTo(slug, rpc(token, 'tools/call', { name, arguments: args })))
  const namesOf = async (token: string): Promise<readonly string[]> => {
    const { tools } = (await postTo('acme', rpc(token, 'tools/list'))).json().result as { tools: { name: string }[] }
    return tools.map(({ name }) => name)
  }
  const acme = await tenantOf(house, 'acme')
  const globex = await tenantOf(house, 'globex')
  const initech = await tenantOf(house, 'initech')
  const person = (email: string) => ({ email, password: secrets.demoPassword })
  const signIn = async (client: OfficialClient, email: string): Promise<OfficialClient> => {
    const to = await client.connectAsStranger()
    await client.connect(await authorizeInPages(to, CALLBACK, person(email), 'approve', hostFetch))
    return client
  }
  const modernAt = (slug: string) => modernClient(at(slug, PATH), CALLBACK, { pin: '2026-07-28' }, hostFetch)

  /** An access token for these scopes, by registration, sign-in and consent on the tenant's host. */
  const tokenFor = async (email: string, scope: string, slug = 'acme'): Promise<string> => {
    const form = { method: 'POST', headers: { 'content-type': 'application/json' } }
    const client = { client_name: 'Planner', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' }
    const registered = await hostFetch(at(slug, '/oauth/register'), { ...form, body: JSON.stringify(client) })
    const { client_id } = (await registered.json()) as { client_id: string }
    const verifier = randomBytes(32).toString('base64url')
    const asked = new URL(at(slug, '/oauth/authorize'))
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
    const about = { client_id, redirect_uri: CALLBACK, response_type: 'code', resource: at(slug, PATH), scope, ...pkce }
    asked.search = new URLSearchParams({ ...about, state: 'x' }).toString()
    const back = await authorizeInPages(asked, CALLBACK, person(email), 'approve', hostFetch)
    const grant = {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      code_verifier: verifier,
    }
    const body = new URLSearchParams({ ...grant, client_id, redirect_uri: CALLBACK, resource: at(slug, PATH) })
    const exchanged = await hostFetch(at(slug, '/oauth/token'), { method: 'POST', body })
    const { access_token } = (await exchanged.json()) as { access_token: string }
    if (access_token === undefined) throw new Error(`no token: ${exchanged.status}`)
    return access_token
  }

  await t.test('one endpoint, on the host of each organisation, at a path that the profile gives [O1]', async (t) => {
    for (const slug of ['acme', 'globex']) t.equal((await postTo(slug, rpc(undefined, 'tools/list'))).status, 401, slug)
    t.equal((await get('acme', '/mcp')).status, 404)
    t.equal((await get('acme', `${PATH}/sse`)).status, 404)
    const moved = { ...profile, paths: { ...profile.paths, mcp: '/assistants' } }
    t.equal(sitesOf(moved, publicUrl).of('acme').resource, at('acme', '/assistants'))
  })

  await t.test(
    'metadata of the resource and of its server lie under the path, on the host, and name it [O3, O4]',
    async (t) => {
      for (const slug of ['acme', 'globex']) {
        t.match((await get(slug, RESOURCE_METADATA)).json(), {
          resource: at(slug, PATH),
          authorization_servers: [at(slug, PATH)],
        })
        t.match((await get(slug, SERVER_METADATA)).json(), {
          issuer: at(slug, PATH),
          registration_endpoint: at(slug, '/oauth/register'),
          authorization_endpoint: at(slug, '/oauth/authorize'),
          token_endpoint: at(slug, '/oauth/token'),
        })
      }
    },
  )

  await t.test('the transport scope alone is named, by the challenge and by both documents [O6]', async (t) => {
    const { headers } = await postTo('acme', rpc(undefined, 'tools/list'))
    t.match(headers['www-authenticate'], /scope="mcp:use"/)
    t.same((await get('acme', RESOURCE_METADATA)).json().scopes_supported, ['mcp:use'])
    t.same((await get('acme', SERVER_METADATA)).json().scopes_supported, ['mcp:use', 'offline_access'])
  })

  await t.test('a plan without MCP has no metadata, no endpoint and no page, until it is upgraded [O2]', async (t) => {
    const absent = async (): Promise<boolean> => {
      const answers = [
        await get('initech', RESOURCE_METADATA),
        await get('initech', SERVER_METADATA),
        await postTo('initech', rpc(undefined, 'tools/list')),
      ]
      return answers.every(({ status, headers }) => status === 404 && headers['www-authenticate'] === undefined)
    }
    const owner = await signInAtPages(at('initech'), person('owner@initech.test'), hostFetch)
    const pages = async () => (await owner.open('/settings/api/connected-apps')).html
    t.ok(await absent())
    t.notMatch(await pages(), 'Connected apps')
    await administer(house, 'PATCH', `/tenants/${initech}`, { plan: 'agency', mcp: true })
    await eventually(
      SOON_MS,
      'the endpoint',
      async () => (await postTo('initech', rpc(undefined, 'tools/list'))).status === 401,
    )
    t.equal((await get('initech', RESOURCE_METADATA)).status, 200)
    t.equal((await get('initech', SERVER_METADATA)).status, 200)
    t.match(await pages(), 'Connected apps')
    await administer(house, 'PATCH', `/tenants/${initech}`, { plan: 'team' })
    t.ok(await eventually(SOON_MS, 'all gone again', absent))
  })

  await t.test('registration is open to any redirect, unless an operator restricts them [O5]', async (t) => {
    const register = async (redirect_uris: readonly string[]) =>
      (
        await hostFetch(at('acme', '/oauth/register'), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ client_name: 'Any', redirect_uris, token_endpoint_auth_method: 'none' }),
        })
      ).status
    t.equal(await register(['https://chatgpt.com/connector_platform_oauth_redirect']), 201)
    t.equal(await register(['https://assistant.example.org/callback']), 201)
    t.same(profile.redirectDomains, [])
    t.same(withRedirectDomains(profile, ['chatgpt.com']).redirectDomains, ['chatgpt.com'])
  })

  const modern = await signIn(modernAt('acme'), 'admin@acme.test')
  t.teardown(() => modern.close())
  const token = modern.provider.held().accessToken
  const own = modern.provider.held()

  await t.test(
    'both official clients find their way from the host’s URL alone, and see its organisation [O3, O4]',
    async (t) => {
      const legacy = await signIn(legacyClient(at('globex', PATH), CALLBACK, 'http', hostFetch), 'member@globex.test')
      t.teardown(() => legacy.close())
      for (const [client, name] of [
        [modern, 'Acme Industries'],
        [legacy, 'Globex Corporation'],
      ] as const) {
        const { structured } = await client.call('org_unit.tree', { layers: 1 })
        t.match(structured, { units: [{ name }] }, client.label)
      }
      t.equal(modern.revision(), '2026-07-28')
    },
  )

  await t.test(
    'a token of one host is none on another, nor does any header or argument change its organisation [O3]',
    async (t) => {
      t.equal((await postTo('globex', rpc(token, 'tools/list'))).status, 401)
      t.equal((await post(new URL(publicUrl).host, rpc(token, 'tools/list'))).status, 404)
      t.equal((await postTo('acme', rpc(token, 'tools/list'), { 'x-tenant': 'globex' })).status, 403)
      const consultant = await tokenFor('consultant@example.test', 'mcp:use', 'globex')
      t.equal((await postTo('acme', rpc(consultant, 'tools/list'))).status, 401, 'a member of both has a token of one')
      const { structuredContent } = await call(token, 'scenario.list')
      const foreign = structuredContent.items[0].id as string
      const refused = await call(consultant, 'scenario.compare', { scenario_id: foreign }, 'globex')
      t.match(refused, { isError: true, content: [{ text: /There is no scenario/ }] })
      for (const name of ['tenant', 'tenant_id', 'organisation']) {
        const answer = await postTo(
          'acme',
          rpc(token, 'tools/call', { name: 'org_unit.tree', arguments: { [name]: globex } }),
        )
        t.match(answer.text, 'Unrecognized key', name)
      }
    },
  )

  await t.test('a role is held to its permissions in every tool, resource and prompt [O6]', async (t) => {
    const viewer = await tokenFor('viewer@acme.test', 'mcp:use')
    const names = await namesOf(viewer)
    t.ok(names.includes('org_unit.tree'))
    for (const name of ['cost.list', 'cost.summary', 'scenario.action.plan', 'scenario.action.confirm']) {
      t.notOk(names.includes(name), name)
      t.match(
        await call(viewer, name, { unit_id: 'x' }),
        { isError: true, content: [{ text: /Missing permission/ }] },
        name,
      )
    }
    const drafts = await call(token, 'scenario.list', { status: 'draft' })
    const uri = `orgonaut://scenarios/${drafts.structuredContent.items[0].id}/changes`
    const kinds = async (of: string) => {
      const { contents } = (await postTo('acme', rpc(of, 'resources/read', { uri }))).json().result as {
        contents: { text: string }[]
      }
      return new Set(
        (JSON.parse(contents[0]?.text ?? '{}') as { changes: { kind: string }[] }).changes.map(({ kind }) => kind),
      )
    }
    t.ok((await kinds(token)).has('cost'))
    t.notOk((await kinds(viewer)).has('cost'), 'costs are left out of what may be read')
    const drafting = await postTo('acme', rpc(viewer, 'prompts/get', { name: 'draft_scenario_change', arguments: {} }))
    t.match(drafting.json(), { error: { message: /Missing permission: ai\.scenarios\.draft/ } })
  })

  await t.test('abilities that a token names are all that it has, whatever its person’s role [O7]', async (t) => {
    t.equal((await namesOf(token)).length, 17, 'without any, the role decides')
    const narrow = await tokenFor('admin@acme.test', 'mcp:use org-units.read teams.read')
    t.same(await namesOf(narrow), [
      'capability.list',
      'capability.explain',
      'org.review.guide',
      'org.search',
      'org_unit.tree',
      'org_unit.list',
      'org_unit.get',
      'team.list',
    ])
    const answer = await postTo('acme', rpc(narrow, 'tools/call', { name: 'cost.list', arguments: {} }))
    t.equal(answer.status, 200, 'no challenge: nobody is talked into more')
    t.match(resultOf(answer), { isError: true, content: [{ text: 'Missing required scope: costs.read' }] })
    t.notOk((await call(narrow, 'org_unit.list')).isError)
    const drafts = (await call(token, 'scenario.list')).structuredContent.items
    t.match(await call(narrow, 'org_unit.list', { scenario_id: drafts[0].id }), {
      isError: true,
      content: [{ text: /scenarios\.read/ }],
    })
    for (const ability of READS) {
      const offered = await namesOf(await tokenFor('admin@acme.test', `mcp:use ${ability}`))
      t.ok(offered.length < 12 && offered.includes('capability.list'), `${ability}: ${offered.length} tools`)
    }
  })

  await t.test(
    'a tenant’s key is good with its grant, its abilities, and X-Tenant on every request [O8]',
    async (t) => {
      const own = new URL(publicUrl).host
      const keyWith = async (scopes: readonly string[], tenant = acme) => (await keyOf(house, tenant, { scopes })).key
      const list = (key: string, slug: string | undefined, host = own) =>
        post(host, rpc(key, 'tools/list'), slug === undefined ? {} : { 'x-tenant': slug })
      const toolsOf = async (key: string) =>
        ((await list(key, 'acme')).json().result as { tools: { name: string }[] }).tools.map(({ name }) => name)
      for (const grant of ['mcp.access', 'mcp']) {
        const key = await keyWith([grant, 'org-units.read', 'scenarios.read'])
        t.same(
          (await toolsOf(key)).filter((name) => !/guide|capability/.test(name)),
          ['org.search', 'org_unit.tree', 'org_unit.list', 'org_unit.get', 'scenario.list'],
          grant,
        )
        t.equal((await list(key, 'globex')).status, 403, 'another tenant')
        t.not((await list(key, undefined)).status, 200, 'no tenant')
        t.not((await list(key, 'umbrella')).status, 200, 'nobody’s')
        t.equal((await list(key, 'acme', new URL(at('acme')).host)).status, 200, 'on the tenant’s own host as well')
        t.not((await list(key, 'acme', new URL(at('globex')).host)).status, 200, 'not on another’s')
      }
      t.same(
        await toolsOf(await keyWith(['mcp.access'])),
        ['capability.list', 'capability.explain'],
        'no ability: no data',
      )
      t.equal((await list(await keyWith(['org-units.read']), 'acme')).status, 403, 'no grant')
      const poor = await keyWith(['org-units.read'], initech)
      t.equal((await list(poor, 'initech')).status, 404, 'the plan has no MCP')
      const key = await keyWith(['mcp.access', 'scenarios.read', 'ai.scenarios.draft', 'costs.write', 'costs.read'])
      const headers = { authorization: `Bearer ${key}`, 'x-tenant': 'acme' }
      const client = new ModernClient(
        { name: 'manual', version: '1' },
        { versionNegotiation: { mode: { pin: '2026-07-28' } } },
      )
      await client.connect(
        new StreamableHTTPClientTransport(new URL(`${publicUrl}${PATH}`), { requestInit: { headers } }),
      )
      t.teardown(() => client.close())
      t.match(await client.callTool({ name: 'scenario.list', arguments: { status: 'draft' } }), {
        structuredContent: { items: [{ status: 'draft' }, { status: 'draft' }] },
      })
    },
  )

  await governedActions(t, {
    modern,
    call,
    token,
    kwame: () => tokenFor('owner@globex.test', 'mcp:use', 'globex'),
    postTo,
    member: () => tokenFor('member@acme.test', 'mcp:use'),
  })
  await orgonautSettings(t, house, { at, person })

  await t.test('whoever is revoked on the host is refused there within a second', async (t) => {
    const body = new URLSearchParams({ token: own.refreshToken, client_id: own.clientId })
    t.equal((await hostFetch(at('acme', '/oauth/revoke'), { method: 'POST', body })).status, 200)
    t.ok(await eventually(SOON_MS, '401', async () => (await postTo('acme', rpc(token, 'tools/list'))).status === 401))
  })
}
