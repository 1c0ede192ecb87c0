import { systemClock } from '@gatehouse/contracts'
import type { Profile } from '@gatehouse/profiles'
import { localJwks } from '@gatehouse/token'
import { test } from 'tap'
import type { PrincipalFacts } from '../deps.ts'
import { jwks, openParts, openRig, PROFILE, type Rig, TENANTS } from '../testing/rig.ts'
import { hostVerifiers } from './host-verifiers.ts'

const BASE = 'https://app.example'
const PATH = '/mcp/notes'
const HOSTED: Profile = {
  ...PROFILE,
  paths: { ...PROFILE.paths, mcp: PATH },
  tenancy: { by: 'host', account: 'pinned', host: '{tenant}.{host}', issuer: 'mcp-path' },
  apiKeyGrants: ['mcp.access', 'mcp'],
  apiKeyTenantHeader: true,
}
const at = (slug: string) => `https://${slug}.app.example`
const KEYS: Readonly<Record<string, Partial<PrincipalFacts>>> = {
  notes_granted: { scopes: ['mcp.access'] },
  notes_legacy: { scopes: ['mcp', 'notes:only'] },
  notes_rest: { scopes: ['notes:read'] },
  notes_project: { scopes: ['mcp.access'], kind: 'project' },
  notes_poor: { scopes: ['mcp.access'], tenant: 'poor' },
  notes_globex: { scopes: ['mcp.access'], tenant: 'globex' },
}

/** A request for the list of tools. */
async function list(rig: Rig, host: string, headers: Record<string, string> = {}) {
  return rig.server.inject({
    method: 'POST',
    url: PATH,
    headers: {
      ...{ host, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      ...{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list', ...headers },
    },
    payload: {
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/list' },
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    },
  })
}

test('tenants by host', async (t) => {
  const parts = await openParts()
  t.teardown(() => parts.close())
  const rig = await openRig(parts, {
    profile: HOSTED,
    publicUrl: BASE,
    issuer: BASE,
    verifierAt: hostVerifiers({ jwks: localJwks(() => jwks), clock: systemClock, feed: parts.feed.view }),
    exchangeKey: async (key) =>
      KEYS[key] === undefined
        ? undefined
        : { tenant: 'acme', keyId: key, scopes: [], issuedAt: 1_700_000_000, ...KEYS[key] },
  })
  t.teardown(() => rig.close())
  const host = (slug: string) => `${slug}.app.example`
  /** A token of a tenant's own issuer, as far as nothing else is said. */
  const bearer = async (slug: string, claims: Record<string, unknown> = {}) => {
    const own = { iss: `${at(slug)}${PATH}`, aud: `${at(slug)}${PATH}`, tenant_id: slug, ...claims }
    return { authorization: `Bearer ${await rig.token(own)}` }
  }

  await t.test('each host describes its own resource and names its own issuer [O3, O4, O6]', async (t) => {
    for (const slug of ['acme', 'globex', 'quiet', 'late']) {
      for (const path of ['', PATH]) {
        const url = `/.well-known/oauth-protected-resource${path}`
        const answer = await rig.server.inject({ url, headers: { host: host(slug) } })
        t.match(
          answer.json(),
          {
            resource: `${at(slug)}${PATH}`,
            authorization_servers: [`${at(slug)}${PATH}`],
            scopes_supported: ['notes:read', 'notes:write'],
          },
          `${slug} ${path}`,
        )
        t.notMatch(answer.body, 'notes:only', 'what narrows is not named')
      }
    }
  })

  await t.test(
    'who is no tenant, or has no MCP in the plan, has no metadata and no endpoint, and is asked for nothing [O2, O8]',
    async (t) => {
      for (const slug of ['nobody', 'poor', '']) {
        const name = slug === '' ? 'app.example' : host(slug)
        for (const url of ['/.well-known/oauth-protected-resource', `/.well-known/oauth-protected-resource${PATH}`]) {
          const answer = await rig.server.inject({ url, headers: { host: name } })
          t.equal(answer.statusCode, 404, `${name} ${url}`)
        }
        for (const headers of [
          {},
          { authorization: 'Bearer x' },
          await bearer('poor'),
          { authorization: 'Bearer notes_granted' },
        ]) {
          const answer = await list(rig, name, headers)
          t.equal(answer.statusCode, 404, name)
          t.equal(answer.headers['www-authenticate'], undefined)
          t.match(answer.json(), { error: { code: 404, message: 'Nothing is served at this path.' } })
        }
      }
      for (const name of ['other.example', 'a.b.app.example', 'acme.app.example.evil.test'])
        t.equal((await list(rig, name)).statusCode, 403, name)
    },
  )

  await t.test('a challenge leads to the metadata of the host [O4, O6]', async (t) => {
    const answer = await list(rig, host('acme'))
    t.equal(answer.statusCode, 401)
    t.equal(
      answer.headers['www-authenticate'],
      `Bearer scope="notes:read", resource_metadata="${at('acme')}/.well-known/oauth-protected-resource${PATH}"`,
    )
    const lacking = await list(rig, host('acme'), await bearer('acme', { scope: 'other' }))
    t.equal(lacking.statusCode, 200, 'a list shows what is left')
  })

  await t.test('issuer, audience, host and tenant have to agree [O3]', async (t) => {
    t.equal((await list(rig, host('acme'), await bearer('acme'))).statusCode, 200)
    t.equal((await list(rig, host('globex'), await bearer('globex'))).statusCode, 200)
    const bad: readonly [string, Record<string, unknown>][] = [
      ["another tenant's token", { iss: `${at('globex')}${PATH}`, aud: `${at('globex')}${PATH}`, tenant_id: 'globex' }],
      ["another tenant's issuer", { iss: `${at('globex')}${PATH}` }],
      ["another tenant's audience", { aud: `${at('globex')}${PATH}` }],
      ['another tenant', { tenant_id: 'globex' }],
      ["the deployment's own issuer", { iss: BASE }],
      ['the issuer without its path', { iss: at('acme') }],
      ["the deployment's own audience", { aud: `${BASE}${PATH}` }],
      ['an issuer of nobody', { iss: `${at('nobody')}${PATH}` }],
    ]
    for (const [what, claims] of bad) {
      const answer = await list(rig, host('acme'), await bearer('acme', claims))
      t.equal(answer.statusCode, 401, what)
      t.match(answer.headers['www-authenticate'], `resource_metadata="${at('acme')}/`)
    }
    const wrong = await list(rig, host('globex'), { ...(await bearer('globex')), 'x-tenant': 'acme' })
    t.equal(wrong.statusCode, 403, 'a header that names another tenant')
  })

  await t.test('browsers come from the host itself [O3]', async (t) => {
    const own = await list(rig, host('acme'), { ...(await bearer('acme')), origin: at('acme') })
    t.equal(own.statusCode, 200)
    t.equal(own.headers['access-control-allow-origin'], at('acme'))
    const foreign = await list(rig, host('acme'), { ...(await bearer('acme')), origin: at('globex') })
    t.equal(foreign.statusCode, 403)
    t.equal((await list(rig, host('acme'), { origin: 'https://evil.test' })).statusCode, 403)
  })

  await t.test(
    'after the credential: suspended is 423 and names the page of the host, switched off is 403 [O2]',
    async (t) => {
      const late = await list(rig, host('late'), await bearer('late'))
      t.equal(late.statusCode, 423)
      t.match(late.json().error.message, `${at('late')}/settings/billing`)
      t.equal((await list(rig, host('late'))).statusCode, 401, 'the credential first')
      t.equal((await list(rig, host('quiet'), await bearer('quiet'))).statusCode, 403)
    },
  )

  await t.test('a plan without MCP is noticed while a node runs [O2]', async (t) => {
    const acme = TENANTS.find(({ tenant }) => tenant === 'globex')
    if (acme === undefined) throw new Error('no tenant')
    const changed = new Promise<void>((resolve) => {
      const stop = parts.feed.view.onTenant(({ plan }) => {
        if (plan !== 'free') return
        stop()
        resolve()
      })
    })
    const credential = await bearer('globex')
    await rig.setTenant({ ...acme, plan: 'free' })
    await changed
    t.equal((await list(rig, host('globex'), credential)).statusCode, 404)
    const back = new Promise<void>((resolve) => {
      const stop = parts.feed.view.onTenant(() => {
        stop()
        resolve()
      })
    })
    await rig.setTenant(acme)
    await back
    t.equal((await list(rig, host('globex'), credential)).statusCode, 200)
  })

  await t.test('an API key names its tenant on every request, on its host and on the own one [O8]', async (t) => {
    const key = (name: string, tenant?: string) => ({
      authorization: `Bearer ${name}`,
      ...(tenant === undefined ? {} : { 'x-tenant': tenant }),
    })
    for (const name of [host('acme'), 'app.example']) {
      for (const good of ['notes_granted', 'notes_legacy'])
        t.equal((await list(rig, name, key(good, 'acme'))).statusCode, 200, `${good} ${name}`)
      const refusals: readonly [string, string, number, RegExp][] = [
        ['notes_rest', 'acme', 403, /may not be used for MCP. Create one with the grant mcp.access or mcp/],
        ['notes_project', 'acme', 403, /belongs to one project. Create an API key of the organisation/],
        ['notes_globex', 'acme', 403, /not of the workspace that the request names/],
        ['notes_unknown', 'acme', 401, /not valid/],
      ]
      for (const [which, tenant, status, text] of refusals) {
        const answer = await list(rig, name, key(which, tenant))
        t.equal(answer.statusCode, status, `${which} ${name}`)
        t.match(answer.json().error.message, text)
      }
    }
    t.equal((await list(rig, host('acme'), key('notes_granted'))).statusCode, 400, 'no header')
    t.equal((await list(rig, host('acme'), key('notes_granted', 'globex'))).statusCode, 403, 'another in the header')
    t.equal((await list(rig, host('globex'), key('notes_granted', 'acme'))).statusCode, 403, 'at another host')
    t.equal((await list(rig, 'app.example', key('notes_granted'))).statusCode, 404, 'nothing names a tenant')
    for (const name of [host('poor'), 'app.example'])
      t.equal((await list(rig, name, key('notes_poor', 'poor'))).statusCode, 404, 'the plan gate holds here too')
    const own = await list(rig, 'app.example', { ...(await bearer('acme')), 'x-tenant': 'acme' })
    t.equal(own.statusCode, 401, 'a token is for its host alone')
  })
})
