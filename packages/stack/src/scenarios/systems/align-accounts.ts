import { ident, sql } from '@gatehouse/database'
import { eventually } from '@gatehouse/testkit'
import type { Test } from 'tap'
import { authorizeInPages, signInAtPages } from '../person.ts'
import { CALLBACK } from '../running.ts'
import { ask, rpc } from '../wire.ts'
import { administer, keyOf, tenantOf } from './admin.ts'
import type { HouseWithParts } from './product.ts'
import { registerProgram } from './program.ts'

const MEMBER = 'member@acme.test'
/** What is taken back is taken back everywhere within a second; the rest is for a slow machine. */
const SOON_MS = 5_000

/** Who may come in, by what, and what the others are told: rows L1 to L11 and L21 to L23, the same on embedded and on real parts. */
export async function alignAccounts(t: Test, house: HouseWithParts): Promise<void> {
  const { publicUrl, profile, secrets } = house
  const mcp = `${publicUrl}${profile.paths.mcp}`
  const list = (credential: string | undefined) => ask(mcp, rpc(credential, 'tools/list'))
  const statusOf = async (credential: string | undefined) => (await list(credential)).status
  const becomes = (credential: string, status: number) =>
    eventually(SOON_MS, `${status} for the credential`, async () => (await statusOf(credential)) === status)
  const names = async (credential: string) =>
    ((await list(credential)).json().result as { tools: { name: string }[] }).tools.map(({ name }) => name)
  const acme = await tenantOf(house, 'acme')
  const program = await registerProgram(house)

  await t.test(
    'a new workspace has no MCP until the platform switches it on; suspended, it is locked [L1, L21]',
    async (t) => {
      const made = await administer(house, 'POST', '/tenants', { slug: 'umbrella', name: 'Umbrella', plan: 'business' })
      t.equal(made.mcp, false)
      const { key } = await keyOf(house, made.id)
      await eventually(SOON_MS, 'the workspace is known', async () => (await statusOf(key)) === 403)
      t.match((await list(key)).json(), { error: { message: /MCP is not enabled for this workspace/ } })
      await administer(house, 'PATCH', `/tenants/${made.id}`, { mcp: true })
      t.ok(await becomes(key, 200))
      await administer(house, 'PATCH', `/tenants/${made.id}`, { status: 'suspended' })
      t.ok(await becomes(key, 423))
      t.match((await list(key)).text, `${publicUrl}/settings/billing`)
      await administer(house, 'PATCH', `/tenants/${made.id}`, { status: 'active', mcp: false })
      t.ok(await becomes(key, 403))
    },
  )

  await t.test('a key made at Settings, Developer, API Keys and a token of a person see the same [L2]', async (t) => {
    const owner = await signInAtPages(publicUrl, { email: 'owner@acme.test', password: secrets.demoPassword })
    const page = await owner.open('/settings/developer/api-keys')
    t.match(page.html, 'API keys')
    const made = await owner.send(page, '/create', { name: 'From the page', scope: 'mcp:write', days: '30' })
    const key = new RegExp(`${profile.apiKeyPrefix}[A-Za-z0-9_-]{20,}`).exec(made.html)?.[0] ?? ''
    t.ok(key, 'it is shown')
    const { access_token } = await program.tokens(MEMBER)
    t.same(await names(key), await names(access_token))
    const read = async (credential: string) => {
      const answer = await ask(mcp, rpc(credential, 'resources/read', { uri: 'align://projects' }))
      return (answer.json().result as { contents: { text: string }[] }).contents[0]?.text
    }
    t.match(await read(key), '"projects"')
    t.equal(await read(key), await read(access_token))
  })

  await t.test('a key of one project is refused, and the answer says which key to make [L3, L21]', async (t) => {
    const { key } = await keyOf(house, acme, { project: 'dispatch' })
    const refused = await list(key)
    t.equal(refused.status, 403)
    t.match(refused.json(), { error: { message: /belongs to one project\. Create an API key of the organisation/ } })
  })

  await t.test('discovery names every endpoint, the scopes and what PKCE asks for [L4]', async (t) => {
    const document = await ask(`${publicUrl}/.well-known/oauth-authorization-server`)
    t.match(document.json(), {
      issuer: publicUrl,
      registration_endpoint: `${publicUrl}/oauth/clients`,
      authorization_endpoint: `${publicUrl}/oauth/authorize`,
      token_endpoint: `${publicUrl}/oauth/token`,
      revocation_endpoint: `${publicUrl}/oauth/revoke`,
      code_challenge_methods_supported: ['S256'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
    })
    const { scopes_supported: scopes } = document.json() as { scopes_supported: string[] }
    for (const scope of ['mcp:read', 'mcp:write']) t.ok(scopes.includes(scope), scope)
  })

  await t.test('POST /oauth/clients gives an id and a secret [L5]', async (t) => {
    t.equal(program.endpoints.registration_endpoint, `${publicUrl}/oauth/clients`)
    t.ok(program.id && program.secret)
  })

  await t.test('the consent page lists the scopes, and its form carries the decision [L6]', async (t) => {
    const person = { email: MEMBER, password: secrets.demoPassword }
    const asked = await registerProgram(house)
    const denied = await authorizeInPages(asked.ask(), CALLBACK, person, 'deny')
    t.equal(denied.searchParams.get('error'), 'access_denied')
    t.equal(denied.searchParams.get('iss'), publicUrl)
    const approved = await authorizeInPages(asked.ask({ state: 's1' }), CALLBACK, person, 'approve')
    t.ok(approved.searchParams.get('code'))
    t.equal(approved.searchParams.get('state'), 's1')
    const browser = await signInAtPages(publicUrl, person)
    const other = await registerProgram(house)
    const { pathname, search } = other.ask()
    const page = await browser.open(`${pathname}${search}`)
    for (const { text } of profile.scopes) t.match(page.html, text)
    t.match(page.html, /<form[^>]*action="\/oauth\/authorize/)
    t.match(page.html, /name="decision"[^>]*value="approve"|value="approve"[^>]*name="decision"/)
  })

  await t.test(
    'a code becomes an access token of an hour and a refresh token; a refresh changes both [L7, L8]',
    async (t) => {
      const first = await program.tokens(MEMBER)
      t.match(first, { token_type: 'Bearer', expires_in: 3_600, scope: /mcp:read.*mcp:write|mcp:write/ })
      t.equal(profile.refreshTokenSeconds, 30 * 86_400)
      t.equal(await statusOf(first.access_token), 200)
      const refresh = (refresh_token: string) => program.token({ grant_type: 'refresh_token', refresh_token })
      const second = await refresh(first.refresh_token)
      t.equal(second.status, 200)
      t.not(second.body.access_token, first.access_token)
      t.not(second.body.refresh_token, first.refresh_token)
      // What was under way at the moment of the change shares its outcome: one second, section 5 of the architecture.
      await eventually(
        SOON_MS,
        'the old one is refused',
        async () => (await refresh(first.refresh_token)).status === 400,
      )
      t.match((await refresh(first.refresh_token)).body, { error: 'invalid_grant' })
      t.match((await refresh(second.body.refresh_token)).body, { error: 'invalid_grant' }, 'and its family has ended')
      t.ok(await becomes(second.body.access_token, 401))
    },
  )

  await t.test('POST /oauth/revoke takes either token, from its client only [L9]', async (t) => {
    const one = await program.tokens(MEMBER)
    t.equal(await program.revoke(one.access_token, 'wrong'), 401)
    t.equal(await statusOf(one.access_token), 200)
    t.equal(await program.revoke(one.access_token), 200)
    t.ok(await becomes(one.access_token, 401))
    const two = await program.tokens(MEMBER)
    t.equal(await program.revoke(two.refresh_token), 200)
    t.ok(await becomes(two.access_token, 401))
    const refused = await program.token({ grant_type: 'refresh_token', refresh_token: two.refresh_token })
    t.match(refused, { status: 400, body: { error: 'invalid_grant' } })
  })

  await t.test('nobody goes without PKCE, plain is refused, and a code is good once [L10]', async (t) => {
    for (const changes of [{ code_challenge_method: 'plain' }, { code_challenge: undefined }]) {
      const refused = await ask(program.ask(changes).href, { headers: { accept: 'text/html' } })
      t.match(refused, { status: 400, text: /code_challenge/ }, JSON.stringify(changes))
    }
    const code = await program.authorize(MEMBER)
    const first = await program.exchange(code)
    t.equal(first.status, 200)
    t.match(await program.exchange(code), { status: 400, body: { error: 'invalid_grant' } })
    t.ok(await becomes(first.body.access_token, 401), 'and its second use ends what the first gave')
  })

  await t.test('codes, tokens, secrets and keys are nowhere in the database as they are [L10]', async (t) => {
    const { key, id } = await keyOf(house, acme)
    const code = await program.authorize(MEMBER)
    const { body } = await program.exchange(code)
    t.equal(await statusOf(key), 200)
    const db = house.parts.host.as('gatehouse_auth')
    const tables = await db.readAsPlatform<{ name: string }>(
      'test',
      sql`select 'auth.' || tablename as name from pg_tables where schemaname = 'auth'`,
    )
    const kept = await Promise.all(
      tables.map(({ name }) => db.readAsPlatform('test', sql`select t::text as row from ${ident(name)} t`)),
    )
    const whole = JSON.stringify(kept)
    const full = tables.filter((_, n) => (kept[n]?.length ?? 0) > 0).map(({ name }) => name)
    for (const table of ['api_keys', 'clients', 'codes', 'refresh_tokens']) t.ok(full.includes(`auth.${table}`), table)
    t.ok(whole.includes(program.id) && whole.includes(id), 'what is looked through holds the ids')
    const hidden = { code, key, secret: program.secret, access: body.access_token, refresh: body.refresh_token }
    for (const [what, value] of Object.entries(hidden)) t.notOk(whole.includes(value), what)
  })

  await t.test('mcp:read reads and searches; mcp:write changes, and reads too [L11]', async (t) => {
    const reader = (await program.tokens(MEMBER, 'mcp:read')).access_token
    const writer = (await program.tokens(MEMBER, 'mcp:write')).access_token
    t.same(await names(reader), ['search.global'])
    t.equal((await names(writer)).length, 6)
    const call = (token: string, name: string, args: object) =>
      ask(mcp, rpc(token, 'tools/call', { name, arguments: args }))
    for (const token of [reader, writer]) {
      const found = (await call(token, 'search.global', { q: 'export' })).json().result as Record<string, unknown>
      t.notOk(found.isError)
      t.match(found.structuredContent, { results: [{ kind: /project|entry/ }] })
      t.equal((await ask(mcp, rpc(token, 'resources/read', { uri: 'align://projects' }))).status, 200)
    }
    const refused = await call(reader, 'entry.create', { projectId: 'x', title: 'x', type: 'feedback' })
    t.equal(refused.status, 403)
    t.match(refused.headers['www-authenticate'], /error="insufficient_scope".*scope="mcp:read mcp:write"/)
  })

  await t.test('each refusal of the document comes as the standard has it [L21]', async (t) => {
    t.equal(await statusOf(undefined), 401)
    t.equal(await statusOf(`${profile.apiKeyPrefix}nobody`), 401)
    t.equal(await statusOf('spoiled'), 401)
    const { id, key } = await keyOf(house, acme)
    t.equal(await statusOf(key), 200)
    await administer(house, 'DELETE', `/api-keys/${id}`)
    t.ok(await becomes(key, 401), 'a key that was revoked')
    const code = await program.authorize(MEMBER)
    const refusals: readonly [string, Record<string, string>, number, string][] = [
      ['no such code', { grant_type: 'authorization_code', code: 'none' }, 400, 'invalid_grant'],
      ['a wrong verifier', { code_verifier: 'x'.repeat(43) }, 400, 'invalid_grant'],
      ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
      ['no such client', { client_id: 'nobody' }, 401, 'invalid_client'],
      ['another grant', { grant_type: 'client_credentials' }, 400, 'unsupported_grant_type'],
      ['no grant', { grant_type: '' }, 400, 'invalid_request'],
    ]
    for (const [what, changes, status, error] of refusals) {
      t.match(await program.exchange(code, changes), { status, body: { error } }, what)
    }
    t.equal((await program.exchange(code)).status, 200, 'after all of it the code is still good')
  })

  await t.test('a person sees at Settings, Developer, Authorized Apps who has access, and ends it [L22]', async (t) => {
    const app = await registerProgram(house)
    const { access_token, refresh_token } = await app.tokens('admin@acme.test')
    t.equal(await statusOf(access_token), 200)
    const admin = await signInAtPages(publicUrl, { email: 'admin@acme.test', password: secrets.demoPassword })
    const page = await admin.open('/settings/developer/authorized-apps')
    t.match(page.html, 'My MCP Client')
    for (const { text } of profile.scopes) t.match(page.html, text)
    const after = await admin.send(page, '/revoke')
    t.match(after.html, 'no longer has access')
    t.ok(await becomes(access_token, 401))
    t.match(await app.token({ grant_type: 'refresh_token', refresh_token }), { body: { error: 'invalid_grant' } })
  })

  await t.test("the platform's administrator reads the log of all workspaces; nobody else does [L23]", async (t) => {
    const globex = await tenantOf(house, 'globex')
    for (const tenant of [acme, globex]) {
      const { key } = await keyOf(house, tenant)
      t.equal((await ask(mcp, rpc(key, 'tools/call', { name: 'search.global', arguments: { q: 'x' } }))).status, 200)
    }
    const events = () => administer(house, 'GET', '/audit/events?limit=200')
    const tenants = async () => new Set((await events()).events.map((event: { tenant: string }) => event.tenant))
    await eventually(15_000, 'both in one answer', async () => {
      const found = await tenants()
      return found.has(acme) && found.has(globex)
    })
    const { access_token } = await program.tokens(MEMBER)
    for (const credential of [access_token, secrets.demoApiKey]) {
      const headers = { authorization: `Bearer ${credential}` }
      t.equal((await ask(`${publicUrl}/admin/v1/audit/events`, { headers })).status, 401)
    }
  })
}
