import { randomUUID } from 'node:crypto'
import { routes, serviceFor } from '@gatehouse/contracts'
import { loadProfile } from '@gatehouse/profiles'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { test } from 'tap'
import { ADMIN, API_KEY, ORIGIN, openHouse, outboxOf } from '../testing/house.ts'
import { makeKey } from './api-keys.ts'
import { CREDENTIALS_PATH } from './internal.ts'

test('the exchange of API keys', async (t) => {
  const pair = await generateKeyPair('ES256')
  const stranger = await generateKeyPair('ES256')
  const jwk = await exportJWK(pair.publicKey)
  const edwards = await generateKeyPair('EdDSA')
  const edwardsJwk = await exportJWK(edwards.publicKey)
  const house = await openHouse(t, {
    deps: {
      internalClients: [
        { id: 'gatehouse-mcp', jwk },
        { id: 'edwards', jwk: edwardsJwk },
      ],
    },
  })
  const now = () => Math.floor(house.clock.now() / 1_000)
  const good = () => ({
    iss: 'gatehouse-mcp',
    sub: 'gatehouse-mcp',
    aud: ORIGIN,
    iat: now(),
    exp: now() + 60,
    jti: randomUUID() as string,
  })
  const sign = (claims: Record<string, unknown>, key = pair.privateKey) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(key)
  const ask = (assertion: string, body: unknown = { credential: API_KEY }) =>
    house.server.inject({
      method: 'POST',
      url: CREDENTIALS_PATH,
      payload: JSON.stringify(body),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${assertion}` },
    })

  await t.test('200 with what the key proves, the same in process', async (t) => {
    const answer = await ask(await sign(good()))
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers['cache-control'], 'no-store')
    t.match(answer.json(), {
      tenant: house.tenants[0]?.id,
      keyId: /^key_/,
      scopes: ['mcp:read', 'mcp:write'],
      issuedAt: Number,
    })
    t.same(await house.auth.exchangeCredential(API_KEY), answer.json())
    for (const alg of ['EdDSA', 'Ed25519']) {
      const claims = { ...good(), iss: 'edwards', sub: 'edwards' }
      const assertion = await new SignJWT(claims).setProtectedHeader({ alg }).sign(edwards.privateKey)
      t.equal((await ask(assertion)).statusCode, 200, alg)
    }
  })

  await t.test('404 for a key that is not there, 400 for no key', async (t) => {
    t.match((await ask(await sign(good()), { credential: `${API_KEY}x` })).json(), { error: 'inactive' })
    t.equal((await ask(await sign(good()), { credential: `${API_KEY}x` })).statusCode, 404)
    t.equal((await ask(await sign(good()), {})).statusCode, 400)
    t.equal((await ask(await sign(good()), [])).statusCode, 400)
    t.equal(await house.auth.exchangeCredential(''), undefined)
  })

  await t.test(
    '401 for every assertion that is not exactly right, and for one that is used again [A-TE-07]',
    async (t) => {
      const once = await sign(good())
      t.equal((await ask(once)).statusCode, 200)
      const bad: readonly string[] = [
        once,
        '',
        'x.y.z',
        await sign(good(), stranger.privateKey),
        await sign({ ...good(), iss: 'other' }),
        await sign({ ...good(), sub: 'other' }),
        await sign({ ...good(), aud: 'https://elsewhere.example' }),
        await sign({ ...good(), exp: now() - 10 }),
        await sign({ ...good(), exp: now() + 600 }),
        await sign({ ...good(), jti: undefined }),
        await sign({ ...good(), exp: undefined }),
      ]
      for (const assertion of bad) t.equal((await ask(assertion)).statusCode, 401, assertion.slice(-20))
    },
  )

  await t.test('a revoked or expired key proves nothing, and every node is told [U5]', async (t) => {
    const operator = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }
    const tenant = house.tenants[1]?.id
    const make = async (body: object) =>
      (
        await house.server.inject({
          method: 'POST',
          url: `/admin/v1/tenants/${tenant}/api-keys`,
          payload: JSON.stringify(body),
          headers: operator,
        })
      ).json()
    const made = await make({ name: 'CI', scopes: ['mcp:read'] })
    t.match(made, { id: /^key_/, key: /^align_[A-Za-z0-9_-]{43}$/, hint: /^align_….{4}$/ })
    t.match(await house.auth.exchangeCredential(made.key), { tenant, scopes: ['mcp:read'] })
    const removed = await house.server.inject({
      method: 'DELETE',
      url: `/admin/v1/api-keys/${made.id}`,
      headers: { authorization: operator.authorization },
    })
    t.same(removed.json(), { revoked: true })
    t.equal(await house.auth.exchangeCredential(made.key), undefined)
    t.match((await outboxOf(house.db)).at(-1), {
      subject: 'auth.delta.key',
      event: { data: { kind: 'key', key: made.id } },
    })
    const brief = await make({
      name: 'Brief',
      scopes: ['mcp:read'],
      expiresAt: new Date(house.clock.now() + 1_000).toISOString(),
    })
    t.ok((await house.auth.exchangeCredential(brief.key))?.expiresAt)
    house.clock.forward(1_500)
    t.equal(await house.auth.exchangeCredential(brief.key), undefined)
  })

  await t.test(
    'a key of a person says what its maker is now, and every change of that reaches the nodes [U10]',
    async (t) => {
      const [tenant] = house.tenants
      const admin = tenant?.people.find(({ role }) => role === 'admin')
      const tenantId = tenant?.id ?? ''
      const person = admin?.id ?? ''
      const made = await house.db.asTenant(tenantId, (tx) =>
        makeKey(tx, {
          ...{ tenantId, name: 'Own', prefix: 'align_', scopes: ['mcp:read'], expiresAt: null, now: new Date() },
          by: { kind: 'person', id: person },
        }),
      )
      const facts = async () => house.auth.exchangeCredential(made?.text ?? '')
      t.match(await facts(), { version: 1, maker: { person, roles: ['admin'] } })
      const change = async (method: 'PATCH' | 'DELETE', path: string, body?: object) => {
        const answer = await house.server.inject({
          method,
          url: `/admin/v1${path}`,
          headers: { authorization: `Bearer ${ADMIN}` },
          ...(body === undefined ? {} : { payload: body }),
        })
        t.equal(answer.statusCode, 200, answer.body)
      }
      const changes = [
        ['PATCH', `/tenants/${tenantId}/people/${person}`, { role: 'viewer' }, ['viewer']],
        ['PATCH', `/people/${person}`, { status: 'deactivated' }, []],
        ['PATCH', `/people/${person}`, { status: 'active' }, ['viewer']],
        ['DELETE', `/tenants/${tenantId}/people/${person}`, undefined, []],
      ] as const
      for (const [at, [method, path, body, roles]] of changes.entries()) {
        await change(method, path, body)
        t.same((await facts())?.maker, { person, roles }, `${method} ${path}`)
        t.equal((await facts())?.version, at + 2)
        const told = (await outboxOf(house.db)).filter(({ event }) => event.data.kind === 'key').at(-1)
        t.match(told?.event.data, { key: made?.key.id, below: at + 2, reason: 'maker.changed' })
      }
      t.notOk((await house.auth.exchangeCredential(API_KEY))?.maker, "an operator's key has none")
    },
  )

  await t.test('no public route leads there', async (t) => {
    t.equal(serviceFor(routes(loadProfile('align')), CREDENTIALS_PATH), undefined)
  })
})
