import { openDatabase, sql } from '@gatehouse/database'
import { createOutbound } from '@gatehouse/outbound'
import { jsonHost, openWeb } from '@gatehouse/outbound/testing'
import { postgres } from '@gatehouse/testkit'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { test } from 'tap'
import {
  ADMIN,
  authorizeUrl,
  CALLBACK,
  connect,
  newVerifier,
  ORIGIN,
  openHouse,
  outboxOf,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'
import { ASSERTION_TYPE } from './keys/assertion.ts'

const together = <T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)))

test('clients, many requests at once', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url, { poolSize: 16 })
  t.teardown(() => host.close())
  const web = await openWeb(t)
  const deps = { outbound: createOutbound(web.options) }
  const house = await openHouse(t, { host, deps })
  const manage = (method: 'PUT' | 'DELETE', client: Record<string, unknown>, body?: object) =>
    house.server.inject({
      method,
      url: new URL(String(client.registration_client_uri)).pathname,
      headers: {
        authorization: `Bearer ${client.registration_access_token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })

  await t.test('of 30 presentations of one assertion one is a proof [A-TE-07, A-OP-04]', async (t) => {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const jwks = { keys: [await exportJWK(publicKey)] }
    const { client_id: id } = await registerClient(house, { token_endpoint_auth_method: 'private_key_jwt', jwks })
    const now = Math.floor(Date.now() / 1_000)
    const claims = { iss: id, sub: id, aud: ORIGIN, iat: now, exp: now + 60, jti: 'one' }
    const client_assertion = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)
    const form = { ...refreshForm(id, 'x'), client_assertion_type: ASSERTION_TYPE, client_assertion }
    const answers = await together(30, () => token(house, form))
    t.equal(answers.filter((answer) => answer.json().error === 'invalid_grant').length, 1)
    t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([400, 401]))
  })

  await t.test(
    'of 20 updates of one registration one counts, and its token is the one that holds [A-DC-04]',
    async (t) => {
      const client = await registerClient(house)
      const body = { redirect_uris: [CALLBACK], client_id: client.client_id, token_endpoint_auth_method: 'none' }
      const answers = await together(20, (n) => manage('PUT', client, { ...body, client_name: `Name ${n}` }))
      const won = answers.filter(({ statusCode }) => statusCode === 200)
      t.equal(won.length, 1)
      t.equal((await manage('PUT', won[0]?.json() ?? {}, { ...body, client_name: 'Last' })).statusCode, 200)
    },
  )

  await t.test(
    'a registration is removed once, whatever else is done with it; nothing is left alive [A-DC-02]',
    async (t) => {
      const tokens = await connect(house)
      const before = (await outboxOf(house.db)).length
      const path = `/admin/v1/clients/${tokens.client}`
      const answers = await together(10, (n) =>
        n % 2 === 0
          ? house.server.inject({ method: 'DELETE', url: path, headers: { authorization: `Bearer ${ADMIN}` } })
          : token(house, refreshForm(tokens.client, tokens.refresh_token)),
      )
      t.equal(answers.filter((answer, n) => n % 2 === 0 && answer.statusCode === 200).length, 1)
      t.ok(answers.every(({ statusCode }) => statusCode < 500))
      const told = (await outboxOf(house.db)).slice(before).filter(({ event }) => event.data.kind === 'client')
      t.equal(told.length, 1)
      const living = await house.db.asPlatform('test', (tx) =>
        tx.rows(sql`select 1 from auth.grants where client_id = ${tokens.client} and ended_at is null`),
      )
      t.same(living, [])
    },
  )

  await t.test('two nodes that read one new document at once agree on one client [A-CI-02]', async (t) => {
    const id = 'https://client.example/client.json'
    web.hosts.set('client.example', jsonHost({ client_id: id, client_name: 'A', redirect_uris: [CALLBACK] }))
    const nodes = [house, await openHouse(t, { host, deps: { outbound: createOutbound(web.options) } })]
    const answers = await together(20, (n) => new Visitor(nodes[n % 2] ?? house).get(authorizeUrl(id, newVerifier())))
    t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
    t.ok(web.requests.length <= 2, 'one fetch a node at most')
  })
})
