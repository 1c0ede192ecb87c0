import { randomUUID } from 'node:crypto'
import { DIRECTORY, routes, serviceFor } from '@gatehouse/contracts'
import { openDatabase, sql } from '@gatehouse/database'
import { loadProfile } from '@gatehouse/profiles'
import { postgres } from '@gatehouse/testkit'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { test } from 'tap'
import { ORIGIN, openHouse } from '../testing/house.ts'

test('the directory of organisations and their people', async (t) => {
  const pair = await generateKeyPair('ES256')
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  const house = await openHouse(t, {
    host,
    deps: { internalClients: [{ id: 'gatehouse-mcp', jwk: await exportJWK(pair.publicKey) }] },
  })
  const { directory } = house.auth
  const tenantOf = (slug: string) => {
    const found = house.tenants.find((tenant) => tenant.slug === slug)
    if (found === undefined) throw new Error(`no tenant ${slug}`)
    const person = (role: string) => found.people.find((one) => one.role === role)?.id ?? ''
    return { id: found.id, person }
  }
  const [acme, globex] = [tenantOf('acme'), tenantOf('globex')]
  const roleOf = async (person: string, tenant = acme.id) => (await directory.member({ tenant, person })).member?.role
  const change = (actor: string, person: string, role: string, tenant = acme.id) =>
    directory.changeRole({ tenant, actor: { person: actor }, person, role }).then((answer) => answer.change)
  const ask = async (path: string, body: unknown, authorization?: string) => {
    const now = Math.floor(house.clock.now() / 1_000)
    const claims = {
      iss: 'gatehouse-mcp',
      sub: 'gatehouse-mcp',
      aud: ORIGIN,
      iat: now,
      exp: now + 60,
      jti: randomUUID(),
    }
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(pair.privateKey)
    return house.server.inject({
      method: 'POST',
      url: path,
      payload: JSON.stringify(body),
      headers: { 'content-type': 'application/json', authorization: authorization ?? `Bearer ${token}` },
    })
  }

  await t.test('an organisation and its people are told, by address, with what their roles permit', async (t) => {
    t.match(await directory.organisation({ tenant: acme.id }), { organisation: { slug: 'acme', plan: 'business' } })
    const { members } = await directory.members({ tenant: acme.id, limit: 100 })
    const addresses = members.map(({ email }) => email)
    t.same(addresses, [...addresses].sort())
    t.equal(members.length, 5)
    t.match(members[0], { email: 'admin@acme.test', role: 'admin', permissions: loadProfile('align').roles.admin })
    const page = await directory.members({ tenant: acme.id, after: 'admin@acme.test', limit: 2 })
    t.same(
      page.members.map(({ email }) => email),
      addresses.slice(1, 3),
    )
    const like = await directory.members({ tenant: acme.id, like: 'TANAKA', limit: 10 })
    t.same(
      like.members.map(({ email }) => email),
      ['member@acme.test'],
    )
    t.equal((await directory.members({ tenant: acme.id, role: 'viewer', limit: 10 })).members.length, 1)
  })

  await t.test("another organisation's people are nobody", async (t) => {
    t.equal(await roleOf(globex.person('owner')), undefined)
    const { members } = await directory.members({ tenant: acme.id, like: 'globex', limit: 10 })
    t.same(members, [])
    t.same(await directory.organisation({ tenant: 'nobody' }), { organisation: null })
    t.match(await change(acme.person('owner'), globex.person('member'), 'viewer'), { why: 'member.unknown' })
    t.match(await change(globex.person('owner'), acme.person('member'), 'viewer'), { why: 'actor.not-allowed' })
    t.equal(await roleOf(globex.person('member'), globex.id), 'member')
  })

  await t.test('a change of a role takes back the old one everywhere, and is audited with who did it', async (t) => {
    const [owner, viewer] = [acme.person('owner'), acme.person('viewer')]
    const waiting = () =>
      house.db.asPlatform('test', (tx) =>
        tx.rows(sql`select subject, event from auth.outbox union all select subject, event from auth.audit_outbox`),
      )
    const before = new Set((await waiting()).map((row) => JSON.stringify(row)))
    t.same(await change(owner, viewer, 'member'), { kind: 'changed', from: 'viewer', to: 'member' })
    const told = (await waiting())
      .map((row) => JSON.stringify(row))
      .filter((row) => !before.has(row))
      .join('\n')
    t.match(told, '"kind":"membership"')
    t.match(told, '"action":"member.role"')
    t.match(told, owner)
    t.same(await change(owner, viewer, 'member'), { kind: 'unchanged', role: 'member' })
    t.equal(await roleOf(viewer), 'member')
    t.match(await change(viewer, owner, 'viewer'), { why: 'actor.not-allowed' })
    t.match(await change(acme.person('admin'), owner, 'viewer'), { why: 'role.beyond-own' })
    t.match(await change(owner, owner, 'viewer'), { why: 'owner.last' })
    t.match(await change(owner, viewer, 'emperor'), { why: 'role.unknown' })
    await change(owner, viewer, 'viewer')
  })

  await t.test('of two owners who demote each other at once, one stays', async (t) => {
    const [one, other] = [globex.person('owner'), globex.person('admin')]
    t.match(await change(one, other, 'owner', globex.id), { kind: 'changed' })
    const ends = await Promise.all([change(one, other, 'viewer', globex.id), change(other, one, 'viewer', globex.id)])
    t.equal(ends.filter(({ kind }) => kind === 'changed').length, 1)
    const { count } = await house.db.asPlatform('test', (tx) =>
      tx.one<{ count: number }>(
        sql`select count(*)::int as count from auth.memberships where tenant_id = ${globex.id} and role = 'owner'`,
      ),
    )
    t.equal(count, 1)
  })

  await t.test('50 equal changes at once are one change', async (t) => {
    const ends = await Promise.all(
      Array.from({ length: 50 }, () => change(acme.person('owner'), acme.person('viewer'), 'member')),
    )
    t.equal(ends.filter(({ kind }) => kind === 'changed').length, 1)
    t.equal(ends.filter(({ kind }) => kind === 'unchanged').length, 49)
  })

  await t.test('over HTTP only our own services are answered, and no balancer forwards the paths', async (t) => {
    const person = acme.person('owner')
    const answer = await ask(DIRECTORY.member.path, { tenant: acme.id, person })
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers['cache-control'], 'no-store')
    t.same(answer.json(), await directory.member({ tenant: acme.id, person }))
    for (const { path } of Object.values(DIRECTORY)) {
      t.equal((await ask(path, {}, 'Bearer x.y.z')).statusCode, 401)
      t.equal((await ask(path, {})).statusCode, 400)
      t.equal((await ask(path, { tenant: acme.id, person, more: 1 })).statusCode, 400, `${path}: nothing unknown`)
      t.equal(serviceFor(routes(loadProfile('align')), path), undefined)
    }
  })
})
