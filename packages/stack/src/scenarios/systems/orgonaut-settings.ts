import type { Test } from 'tap'
import { hostFetch } from '../host-fetch.ts'
import { signInAtPages } from '../person.ts'
import type { Running } from '../running.ts'
import { ask, rpc } from '../wire.ts'
import { administer } from './admin.ts'

interface Settings {
  readonly at: (slug: string, path?: string) => string
  readonly person: (email: string) => { readonly email: string; readonly password: string }
}

/** The pages of an organisation's own host. */
export async function orgonautSettings(t: Test, house: Running, { at, person }: Settings): Promise<void> {
  const keyIn = (html: string): string => /orgo_[A-Za-z0-9_-]{20,}/.exec(html)?.[0] ?? ''

  await t.test('Settings has tokens and connected apps, under API and MCP [O13]', async (t) => {
    const owner = await signInAtPages(at('acme'), person('owner@acme.test'), hostFetch)
    const page = await owner.open('/settings/api')
    t.match(page.html, 'API and MCP')
    t.match(page.html, 'mcp.access')
    const made = await owner.send(page, '/create', {
      name: 'Manual',
      scope: ['mcp.access', 'org-units.read'],
      days: '30',
    })
    const answer = await ask(
      `${house.publicUrl}${house.profile.paths.mcp}`,
      withTenant(rpc(keyIn(made.html), 'tools/list'), 'acme'),
    )
    t.equal(answer.status, 200)
    const apps = await owner.open('/settings/api/connected-apps')
    t.match(apps.html, 'Connected apps')
  })

  await t.test(
    'without MCP in the plan it is API tokens, which are made and used all the same [O14, O13]',
    async (t) => {
      const owner = await signInAtPages(at('initech'), person('owner@initech.test'), hostFetch)
      const page = await owner.open('/settings/api')
      t.match(page.html, 'API tokens')
      t.notMatch(page.html, 'API and MCP')
      t.notMatch(page.html, /Connected apps|mcp\.access/)
      const made = await owner.send(page, '/create', { name: 'Nightly export', scope: 'org-units.read', days: '30' })
      const key = keyIn(made.html)
      t.ok(key, 'it is shown')
      const api = {
        identifier: 'https://api.orgonaut.example/v1',
        name: 'REST',
        scopes: [{ name: 'org-units.read', text: 'Read' }],
      }
      const { id, secret } = await administer(house, 'POST', '/resources', api)
      const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
      const body = new URLSearchParams({ token: key })
      const asked = await fetch(`${house.publicUrl}/oauth/introspect`, {
        method: 'POST',
        body,
        headers: { authorization },
      })
      t.match(await asked.json(), { active: true, scope: 'org-units.read' }, 'the REST API is told that it is good')
      const refused = await ask(
        `${house.publicUrl}${house.profile.paths.mcp}`,
        withTenant(rpc(key, 'tools/list'), 'initech'),
      )
      t.equal(refused.status, 404, 'and there is no MCP')
    },
  )
}

const withTenant = (sent: ReturnType<typeof rpc>, slug: string): ReturnType<typeof rpc> => ({
  ...sent,
  headers: { ...(sent.headers as Record<string, string>), 'x-tenant': slug },
})
