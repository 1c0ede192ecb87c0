import { sql } from '@gatehouse/database'
import { loadProfile } from '@gatehouse/profiles'
import { test } from 'tap'
import { ADMIN, type House, openHouse, outboxOf, Visitor } from '../testing/house.ts'
import { operate } from '../testing/upstream.ts'

const KEYS = '/settings/developer/api-keys'
const csrfOf = (html: string): string => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
const shownKey = (html: string): string => /<textarea id="new-key"[^>]*>\n([^<]+)<\/textarea>/.exec(html)?.[1] ?? ''
const idOf = (html: string): string => /name="key" value="(key_[^"]+)"/.exec(html)?.[1] ?? ''
const signedIn = async (house: House, email: string) => {
  const visitor = new Visitor(house)
  await visitor.signIn(email)
  return visitor
}
const lastEvents = async (house: House) => (await outboxOf(house.db)).map(({ event }) => event.data)

test('API keys', async (t) => {
  const house = await openHouse(t)
  const owner = await signedIn(house, 'owner@globex.test')
  const csrf = csrfOf((await owner.get(KEYS)).body)
  const make = async (fields: Record<string, string>) => owner.post(`${KEYS}/create`, { csrf, days: '30', ...fields })

  await t.test('an owner makes a key: it is shown once, kept as a hash, and good at once [L2, U5, U7]', async (t) => {
    const page = await make({ name: 'Nightly sync', scope: 'mcp:read' })
    t.equal(page.statusCode, 200)
    const key = shownKey(page.body)
    t.match(key, /^align_[A-Za-z0-9_-]{43}$/)
    const again = (await owner.get(KEYS)).body
    t.notMatch(again, key, 'and never again')
    t.match(again, `align_…${key.slice(-4)}`)
    t.match(again, 'Tomás Herrera', 'who made it')
    t.match(again, />Never</, 'not used yet')
    const facts = await house.auth.exchangeCredential(key)
    t.match(facts, { scopes: ['mcp:read'], tenant: house.tenants[1]?.id, kind: 'organisation', version: 1 })
    t.notMatch((await owner.get(KEYS)).body.split('Nightly sync')[1], />Never</, 'by now it was used')
    const rows = await house.db.asPlatform('test', (tx) => tx.rows(sql`select * from auth.api_keys`))
    t.notMatch(JSON.stringify(rows), key)
  })

  await t.test(
    'what a key may do is changed on the page, and every node is told to forget what it was [U7]',
    async (t) => {
      const page = await make({ name: 'Sync', scope: 'mcp:read' })
      const [id, key] = [idOf(page.body), shownKey(page.body)]
      t.match(
        (await owner.post(`${KEYS}/change`, { csrf, key: id, name: 'Sync 2', scope: 'mcp:write' })).body,
        'Sync 2 is changed.',
      )
      t.match(await house.auth.exchangeCredential(key), { scopes: ['mcp:write'], version: 2 })
      t.match((await lastEvents(house)).at(-1), { kind: 'key', key: id, below: 2, reason: 'key.changed' })
      const before = (await lastEvents(house)).length
      await owner.post(`${KEYS}/change`, { csrf, key: id, name: 'Sync 3', scope: 'mcp:write' })
      t.equal((await lastEvents(house)).length, before, 'another name concerns no node')
      t.equal((await owner.post(`${KEYS}/change`, { csrf, key: id, name: 'x' })).statusCode, 400, 'without any scope')
      t.equal((await owner.post(`${KEYS}/change`, { csrf, key: id, name: 'x', scope: 'root' })).statusCode, 400)
    },
  )

  await t.test('a key that is revoked on the page is refused from then on [U5]', async (t) => {
    const page = await make({ name: 'Sync', scope: 'mcp:read' })
    const [id, key] = [idOf(page.body), shownKey(page.body)]
    t.match((await owner.post(`${KEYS}/revoke`, { csrf, key: id })).body, 'The key is revoked.')
    t.equal(await house.auth.exchangeCredential(key), undefined)
    t.match((await lastEvents(house)).at(-1), { kind: 'key', key: id, reason: 'person.revoked' })
    t.equal((await owner.post(`${KEYS}/revoke`, { csrf, key: id })).statusCode, 404, 'once')
    t.notMatch((await owner.get(KEYS)).body, id)
  })

  await t.test('a key of a project can be made; everybody who asks is told that it is one [L3]', async (t) => {
    const page = await make({ name: 'CI', scope: 'mcp:read', project: 'prj_42' })
    t.match(page.body, 'Not for MCP')
    const key = shownKey(page.body)
    t.match(await house.auth.exchangeCredential(key), { kind: 'project', project: 'prj_42' })
    t.match(await house.auth.introspect(key), { active: true, key_kind: 'project', project: 'prj_42' })
  })

  await t.test('keys are the organisation’s own, and its managers’ alone [U7]', async (t) => {
    const id = idOf((await make({ name: 'Sync', scope: 'mcp:read' })).body)
    for (const [email, get, post] of [
      ['member@globex.test', 403, 403],
      ['owner@acme.test', 200, 404],
    ] as const) {
      const visitor = await signedIn(house, email)
      const page = await visitor.get(KEYS)
      t.equal(page.statusCode, get, email)
      t.notMatch(page.body, id)
      const csrf = csrfOf((await visitor.get('/settings/profile')).body)
      for (const form of ['change', 'revoke']) {
        const answer = await visitor.post(`${KEYS}/${form}`, { csrf, key: id, name: 'x', scope: 'mcp:read' })
        t.equal(answer.statusCode, post, `${email}: ${form}`)
      }
    }
    const stranger = await new Visitor(house).get(KEYS)
    t.equal(stranger.headers.location, `/sign-in?${new URLSearchParams({ next: KEYS })}`)
  })

  await t.test('what cannot be a key is said beside its field, and nothing is made', async (t) => {
    const count = async () =>
      house.db.asPlatform('test', (tx) => tx.one<{ n: bigint }>(sql`select count(*) as n from auth.api_keys`))
    const before = await count()
    for (const [fields, says] of [
      [{ scope: 'mcp:read' }, 'Give it a name'],
      [{ name: 'x'.repeat(101), scope: 'mcp:read' }, 'Give it a name'],
      [{ name: 'x' }, 'Choose at least one'],
      [{ name: 'x', scope: 'audit:read' }, 'There is no scope audit:read'],
      [{ name: 'x', scope: 'mcp:read', project: 'x'.repeat(101) }, 'at most 100'],
    ] as const) {
      const page = await make(fields)
      t.equal(page.statusCode, 400, says)
      t.match(page.body, says)
    }
    t.same(await count(), before)
  })

  await t.test('the operator lists, makes, changes and revokes the same keys [U5]', async (t) => {
    const tenant = house.tenants[1]?.id ?? ''
    const made = await operate(house, ADMIN, 'POST', `/tenants/${tenant}/api-keys`, {
      ...{ name: 'Ops', scopes: ['mcp:read'], project: 'p' },
    })
    t.match(made.key, /^align_/)
    const list = () => operate(house, ADMIN, 'GET', `/tenants/${tenant}/api-keys`)
    t.match(
      (await list()).keys.find((key: { id: string }) => key.id === made.id),
      { name: 'Ops', kind: 'project', project: 'p', scopes: ['mcp:read'] },
    )
    const changed = await operate(house, ADMIN, 'PATCH', `/api-keys/${made.id}`, {
      scopes: ['mcp:write'],
      name: 'Ops 2',
    })
    t.match(changed, { name: 'Ops 2', scopes: ['mcp:write'] })
    t.equal((await operate(house, ADMIN, 'PATCH', `/api-keys/${made.id}`, { scopes: ['audit:read'] })).httpStatus, 400)
    t.equal((await operate(house, ADMIN, 'PATCH', '/api-keys/key_none', { name: 'x' })).httpStatus, 404)
    t.match(await operate(house, ADMIN, 'DELETE', `/api-keys/${made.id}`), { revoked: true })
    t.notMatch((await list()).keys, [{ id: made.id }])
  })
})

test('without MCP in the plan the page stays, for the REST API [O14]', async (t) => {
  const align = loadProfile('align')
  const titles = { authorizedApps: 'Connected apps', apiKeys: 'API and MCP', apiKeysWithoutMcp: 'API tokens' }
  const rest = {
    ...{ identifier: 'https://api.example', name: 'REST API', aliases: [], publicKeys: [], defaultScopes: [] },
    scopes: [{ name: 'rest:read', text: 'Read', implies: [] }],
  }
  const house = await openHouse(t, {
    profile: {
      plans: { all: ['free', 'business'], withMcp: ['business'] },
      settings: { ...align.settings, titles },
      resources: [rest],
    },
  })
  const [with_, without] = [await signedIn(house, 'owner@acme.test'), await signedIn(house, 'owner@initech.test')]
  t.match((await with_.get(KEYS)).body, /<h1>API and MCP<\/h1>[\s\S]*mcp:read/)
  const page = (await without.get(KEYS)).body
  t.match(page, '<h1>API tokens</h1>')
  t.notMatch(page, 'mcp:read')
  t.equal((await without.get(align.paths.authorizedApps)).statusCode, 404, 'connected apps are not there')
  const made = await without.post(`${KEYS}/create`, { csrf: csrfOf(page), name: 'R', scope: 'rest:read', days: '0' })
  const key = shownKey(made.body)
  t.match(await house.auth.introspect(key), { active: true, scope: 'rest:read' })
})
