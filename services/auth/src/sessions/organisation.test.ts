import { sql } from '@gatehouse/database'
import { silentLogger } from '@gatehouse/telemetry'
import { eventually } from '@gatehouse/testkit'
import { createTokenVerifier, followFeed, localJwks } from '@gatehouse/token'
import { decodeJwt } from 'jose'
import { test } from 'tap'
import { keepReconciled } from '../feed/reconcile.ts'
import {
  ADMIN,
  authorize,
  authorizeUrl,
  CALLBACK,
  exchangeForm,
  MCP,
  newVerifier,
  ORIGIN,
  openHouse,
  outboxOf,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'
import { operate } from '../testing/upstream.ts'

const csrfOf = (html: string): string => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''

test('tokens that follow what their person has selected', async (t) => {
  const tenancy = { by: 'account', account: 'follow', host: '{tenant}.{host}', issuer: 'origin' } as const
  const house = await openHouse(t, { profile: { tenancy } })
  const [acme, globex] = house.tenants
  const consultant = new Visitor(house)
  await consultant.signIn('consultant@example.test')
  const select = async (tenant: string | undefined) => {
    const csrf = csrfOf((await consultant.get('/')).body)
    t.equal((await consultant.post('/settings/organisation', { csrf, tenant: tenant ?? '' })).statusCode, 303)
  }
  const clock = { now: () => house.clock.now() }
  const { client_id } = await registerClient(house)
  const verifier = newVerifier()

  await t.test('consent is for the organisation that is selected, whichever that is [Z6]', async (t) => {
    await select(acme?.id)
    const page = await consultant.follow(await consultant.get(authorizeUrl(client_id, verifier)))
    t.match(page.body, 'The organisation you have selected')
    t.match(page.body, 'Acme Industries')
  })

  const code = (await authorize(house, client_id, verifier, {}, consultant)).get('code') ?? ''
  const tokens = (await token(house, exchangeForm(client_id, code, verifier))).json()
  t.equal(decodeJwt(tokens.access_token).tenant_id, acme?.id)
  const { sub = '' } = decodeJwt(tokens.access_token)

  await t.test('a switch moves tokens that are out there, here and at every node within a second [Z6]', async (t) => {
    // Told to nobody: what a node knows of the role came with the switch.
    await house.db.asPlatform('test', (tx) =>
      tx.run(
        sql`update auth.memberships set role = 'viewer' where person_id = ${sub} and tenant_id = ${globex?.id ?? ''}`,
      ),
    )
    const feed = await followFeed({ bus: house.bus, clock, log: silentLogger })
    const background = house.auth.background()
    t.teardown(async () => {
      await background.close()
      await feed.stop()
    })
    await feed.ready()
    const { verify } = createTokenVerifier({
      ...{ jwks: localJwks(() => house.auth.jwks()), issuers: [ORIGIN], audiences: [MCP], clock, feed: feed.view },
    })
    t.match(await verify(tokens.access_token), { principal: { tenant: acme?.id } })
    await select(globex?.id)
    const began = performance.now()
    const moved = await eventually(10_000, 'the token to speak for the other', async () => {
      const verified = await verify(tokens.access_token)
      return verified.ok && verified.principal.tenant === globex?.id ? verified.principal : undefined
    })
    t.ok(performance.now() - began < 1_000, 'effective within a second')
    t.same(moved.roles, ['viewer'], 'with the role that the person has there')
    t.match(await house.auth.introspect(tokens.access_token), {
      active: true,
      tenant_id: globex?.id,
      roles: ['viewer'],
    })
  })

  await t.test(
    'a refresh gives a token for what is selected; what is selected already is told to nobody [Z6]',
    async (t) => {
      const refreshed = (await token(house, refreshForm(client_id, tokens.refresh_token))).json()
      t.match(decodeJwt(refreshed.access_token), { tenant_id: globex?.id, roles: ['viewer'] })
      const told = (await outboxOf(house.db)).length
      await select(globex?.id)
      t.equal((await outboxOf(house.db)).length, told)
      t.equal((await house.auth.introspect('x')).active, false)
    },
  )

  await t.test('one consent is enough for all organisations, and its end ends it for all [Z6]', async (t) => {
    const second = newVerifier()
    const step = await consultant.follow(await consultant.get(authorizeUrl(client_id, second)))
    t.match(step.headers.location, /[?&]code=/, 'nothing is asked again in the other organisation')
    const apps = (await consultant.get('/settings/developer/authorized-apps')).body
    t.match(apps, 'The organisation you have selected')
    t.equal(apps.match(/name="consent"/g)?.length, 1)
  })

  await t.test(
    'what the organisation does not let in has no tokens for it: at the switch, at a rule, at a refresh [Z6]',
    async (t) => {
      const connected = async () => {
        const { client_id: client } = await registerClient(house)
        const proof = newVerifier()
        const given = (await authorize(house, client, proof, {}, consultant)).get('code') ?? ''
        return { client, ...(await token(house, exchangeForm(client, given, proof))).json() }
      }
      const hosts = `/tenants/${globex?.id}/client-hosts`
      const host = new URL(CALLBACK).hostname
      const active = async (one: { access_token: string }) => (await house.auth.introspect(one.access_token)).active
      const refresh = async (one: { client: string; refresh_token: string }) =>
        (await token(house, refreshForm(one.client, one.refresh_token))).statusCode

      await select(acme?.id)
      const [first, second] = [await connected(), await connected()]
      await select(globex?.id)
      t.equal(await active(first), true)
      t.match(await operate(house, ADMIN, 'POST', hosts, { host, rule: 'deny' }), { rule: 'deny' })
      t.same([await active(first), await active(second)], [false, false], 'at the rule')
      t.equal(await refresh(first), 400)

      await select(acme?.id)
      const [third, fourth] = [await connected(), await connected()]
      t.equal(await active(third), true)
      await select(globex?.id)
      t.equal(await active(third), false, 'at the switch')
      t.equal(await refresh(third), 400)

      await select(acme?.id)
      t.equal(await refresh(fourth), 400, 'what ended stays ended')
      const fifth = await connected()
      // Selected by itself, as where somebody is removed from what they had selected.
      await house.db.asPlatform('test', (tx) =>
        tx.run(sql`update auth.people set tenant_id = ${globex?.id ?? ''} where id = ${sub}`),
      )
      t.match((await token(house, refreshForm(fifth.client, fifth.refresh_token))).json(), { error: 'invalid_grant' })
      t.equal(await active(fifth), false, 'at the refresh')
      await operate(house, ADMIN, 'DELETE', `${hosts}/${host}`)
    },
  )

  await t.test('a feed that was made anew is told which organisation people have selected', async (t) => {
    await house.db.asPlatform('test', (tx) => tx.run(sql`delete from auth.outbox`))
    const stopping = new AbortController()
    const work = keepReconciled(
      // Nothing was drained into the streams of this bus but by the test before; the stream is made anew.
      { profile: { tenancy }, db: house.db, bus: await emptyBus(house.bus), clock, log: silentLogger },
      stopping.signal,
    )
    t.teardown(() => work)
    t.teardown(() => stopping.abort())
    await eventually(10_000, 'the switch to be told again', async () => {
      const told = (await outboxOf(house.db)).map(({ event }) => event.data)
      return told.some(({ kind, tenant }) => kind === 'tenant-switch' && tenant === globex?.id)
    })
    stopping.abort()
  })
})

/** The bus as it is when its streams were lost: nothing is in them. */
async function emptyBus<B extends { follow: unknown }>(bus: B): Promise<B> {
  const follow = async () => ({ caughtUp: Promise.resolve(), stop: async () => undefined })
  return { ...bus, follow }
}
