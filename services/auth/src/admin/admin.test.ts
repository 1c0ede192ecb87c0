import { sql } from '@gatehouse/database'
import { decodeJwt } from 'jose'
import { test } from 'tap'
import { ADMIN, connect, openHouse, outboxOf, refreshForm, registerClient, token } from '../testing/house.ts'
import { OPERATIONS } from './operations.ts'

test('the admin API', async (t) => {
  const house = await openHouse(t)
  const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown, bearer = ADMIN) =>
    house.server.inject({
      method,
      url: `/admin/v1${path}`,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
  const [acme, , initech] = house.tenants

  await t.test('401 with a challenge for whoever is not the operator, at every operation', async (t) => {
    for (const { method, path } of [...OPERATIONS, { method: 'GET' as const, path: '/openapi.json' }]) {
      const answer = await call(method, path.replace(/\{\w+\}/, 'x'), undefined, 'wrong')
      t.equal(answer.statusCode, 401, `${method} ${path}`)
      t.match(answer.headers['www-authenticate'], 'Bearer')
      t.match(answer.json(), { error: 'invalid_token' })
    }
    t.equal((await house.server.inject({ url: '/admin/v1/tenants' })).statusCode, 401)
  })

  await t.test('tenants are listed and switched, and every node is told [L1]', async (t) => {
    const { tenants } = (await call('GET', '/tenants')).json()
    t.match(
      tenants.map(({ slug, plan, mcp }: { slug: string; plan: string; mcp: boolean }) => [slug, plan, mcp]),
      [
        ['acme', 'business', true],
        ['globex', 'business', true],
        ['initech', 'free', false],
      ],
    )
    const changed = await call('PATCH', `/tenants/${initech?.id}`, { mcp: true })
    t.match(changed.json(), { id: initech?.id, mcp: true, status: 'active' })
    t.match((await call('PATCH', `/tenants/${initech?.id}`, { status: 'suspended' })).json(), {
      mcp: true,
      status: 'suspended',
    })
    const state = await house.db.asPlatform('test', async (tx) => {
      return tx.rows<{ event: { data: object } }>(
        sql`select event from auth.outbox where subject = ${`auth.state.tenant.${initech?.id}`} order by position`,
      )
    })
    t.match(state.at(-1)?.event.data, { tenant: initech?.id, slug: 'initech', mcp: true, status: 'suspended' })
    t.equal((await call('PATCH', '/tenants/ten_unknown', { mcp: true })).statusCode, 404)
    t.match((await call('PATCH', `/tenants/${initech?.id}`, { plan: 'business' })).json(), {
      plan: 'business',
      mcp: true,
    })
    t.equal((await call('PATCH', `/tenants/${initech?.id}`, { plan: 'gold' })).statusCode, 400, 'a plan of the profile')
    t.equal((await call('PATCH', `/tenants/${initech?.id}`, { mcp: 'yes' })).statusCode, 400)
  })

  await t.test('400 for a change that is not one of those described, which would else seem to be done', async (t) => {
    const misspelt = await call('PATCH', `/tenants/${acme?.id}`, { state: 'suspended' })
    t.match([misspelt.statusCode, misspelt.json().error], [400, 'invalid_request'])
    const form = await house.server.inject({
      method: 'PATCH',
      url: `/admin/v1/tenants/${acme?.id}`,
      payload: 'status=suspended',
      headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/x-www-form-urlencoded' },
    })
    t.equal(form.statusCode, 400)
    t.equal((await call('GET', '/clients?limits=2')).statusCode, 400)
  })

  await t.test('people, clients, and the end of a grant', async (t) => {
    const { people } = (await call('GET', `/tenants/${acme?.id}/people`)).json()
    t.same(
      people.map((person: { email: string }) => person.email),
      ['admin@acme.test', 'consultant@example.test', 'member@acme.test', 'owner@acme.test', 'viewer@acme.test'],
    )
    t.equal((await call('GET', '/tenants/ten_unknown/people')).statusCode, 404)
    t.equal((await call('GET', '/tenants/a.b/people')).statusCode, 404)
    for (let count = 0; count < 3; count += 1) await registerClient(house, { client_name: `Client ${count}` })
    const first = (await call('GET', '/clients?limit=2')).json().clients
    t.equal(first.length, 2)
    const rest = (await call('GET', `/clients?limit=200&after=${first[1].id}`)).json().clients
    t.equal(rest.length, 1)
    t.equal(new Set([...first, ...rest].map(({ id }: { id: string }) => id)).size, 3)
    t.notMatch(JSON.stringify(first), /secret/i)
    t.equal((await call('GET', '/clients?limit=many')).statusCode, 400)
    const tokens = await connect(house)
    const grant = decodeJwt(tokens.access_token).grant_id
    t.same((await call('DELETE', `/grants/${grant}`)).json(), { revoked: true })
    t.match((await outboxOf(house.db)).at(-1), { event: { data: { grant, reason: 'operator.revoked' } } })
    t.equal((await token(house, refreshForm(tokens.client, tokens.refresh_token))).statusCode, 400)
    t.equal((await call('DELETE', `/grants/${grant}`)).statusCode, 404)
  })

  await t.test('400 for a key that would have expired before it was made', async (t) => {
    for (const expiresAt of ['0000-01-01T00:00:00Z', '2000-01-01T00:00:00Z']) {
      const answer = await call('POST', `/tenants/${acme?.id}/api-keys`, { name: 'x', scopes: ['mcp:read'], expiresAt })
      t.equal(answer.statusCode, 400)
      t.match(answer.json(), { error: 'invalid_request' })
    }
  })

  await t.test('400 for keys with scopes that are not there, 413 for a huge body, 400 for broken JSON', async (t) => {
    t.match((await call('POST', `/tenants/${acme?.id}/api-keys`, { name: 'x', scopes: ['root'] })).json(), {
      error: 'invalid_scope',
    })
    t.equal(
      (await call('POST', `/tenants/${acme?.id}/api-keys`, { name: 'a\0b', scopes: ['mcp:read'] })).statusCode,
      400,
    )
    t.equal(
      (await call('POST', `/tenants/${acme?.id}/api-keys`, { name: 'x'.repeat(70_000), scopes: [] })).statusCode,
      413,
    )
    const broken = await house.server.inject({
      method: 'POST',
      url: `/admin/v1/tenants/${acme?.id}/api-keys`,
      payload: '{',
      headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
    })
    t.equal(broken.statusCode, 400)
  })
})
