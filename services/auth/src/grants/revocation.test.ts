import { sql } from '@gatehouse/database'
import { decodeJwt } from 'jose'
import { test } from 'tap'
import {
  authorize,
  authorizeUrl,
  connect,
  formOf,
  newVerifier,
  openHouse,
  outboxOf,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

const APPS = '/settings/developer/authorized-apps'

test('taking access back', async (t) => {
  const house = await openHouse(t)
  const revoke = (form: Record<string, string>) =>
    house.server.inject({
      method: 'POST',
      url: '/oauth/revoke',
      payload: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })

  for (const kind of ['refresh_token', 'access_token'] as const) {
    await t.test(
      `a client gives its ${kind} back: 200, the grant ends, every node is told [A-RV-01, A-RV-04, A-RV-06, CF-10, L9]`,
      async (t) => {
        const tokens = await connect(house, { scope: 'openid mcp:read' })
        const answer = await revoke({ token: tokens[kind], client_id: tokens.client, token_type_hint: 'whatever' })
        t.equal(answer.statusCode, 200)
        t.equal(answer.body, '')
        t.match((await token(house, refreshForm(tokens.client, tokens.refresh_token))).json(), {
          error: 'invalid_grant',
        })
        const told = (await outboxOf(house.db)).at(-1)
        t.match(told, {
          subject: 'auth.delta.grant',
          event: { data: { kind: 'grant', reason: 'client.revoked', at: Number } },
        })
        t.equal(told?.event.data.grant, decodeJwt(tokens.access_token).grant_id)
        const userinfo = await house.server.inject({
          url: '/oauth/userinfo',
          headers: { authorization: `Bearer ${tokens.access_token}` },
        })
        t.equal(userinfo.statusCode, 401)
        const events = (await outboxOf(house.db)).length
        t.equal((await revoke({ token: tokens[kind], client_id: tokens.client })).statusCode, 200, 'again')
        t.equal((await outboxOf(house.db)).length, events, 'told once')
      },
    )
  }

  await t.test(
    '200 for what is no token; 400 for the token of another client, which lives on; 401, 405 [A-RV-02, A-RV-03, A-RV-08]',
    async (t) => {
      const tokens = await connect(house)
      const { client_id: other } = await registerClient(house)
      t.equal((await revoke({ token: 'garbage', client_id: other })).statusCode, 200)
      for (const value of [tokens.refresh_token, tokens.access_token]) {
        const answer = await revoke({ token: value, client_id: other })
        t.equal(answer.statusCode, 400)
        t.match(answer.json(), { error: 'invalid_request' })
      }
      t.equal((await token(house, refreshForm(tokens.client, tokens.refresh_token))).statusCode, 200)
      t.match((await revoke({ client_id: other })).json(), { error: 'invalid_request' })
      t.equal((await revoke({ token: 'x', client_id: 'cli_unknown' })).statusCode, 401)
      t.equal((await house.server.inject({ url: '/oauth/revoke?token=x' })).statusCode, 405)
    },
  )

  await t.test(
    'a person sees what they allowed and ends it with all its grants; others keep theirs [A-CN-06, L22]',
    async (t) => {
      const { client_id: client } = await registerClient(house, { client_name: 'Claude <Code>' })
      const person = new Visitor(house)
      await person.signIn('viewer@globex.test')
      const verifier = newVerifier()
      const tokens = []
      for (let install = 0; install < 2; install += 1) {
        const code = (await authorize(house, client, verifier, { prompt: 'consent' }, person)).get('code') ?? ''
        const form = { grant_type: 'authorization_code', client_id: client, code, code_verifier: verifier }
        tokens.push((await token(house, form)).json().refresh_token)
      }
      const someoneElse = await connect(house)
      const page = await person.get(APPS)
      t.match(page.body, 'Claude &#60;Code&#62;')
      t.match(page.body, 'Globex Corporation')
      const { action, hidden } = formOf(page.body)
      const stranger = new Visitor(house)
      await stranger.signIn('owner@acme.test')
      const { csrf = '' } = { csrf: /name="csrf" value="([^"]+)"/.exec((await stranger.get(APPS)).body)?.[1] }
      t.equal((await stranger.post(action, { ...hidden, csrf })).statusCode, 404, 'not theirs')
      t.equal((await person.post(action, { ...hidden, csrf: 'x' })).statusCode, 403)
      const before = (await outboxOf(house.db)).length
      const done = await person.post(action, hidden)
      t.match(done.body, 'no longer has access')
      t.match((await outboxOf(house.db)).slice(before), [
        { event: { data: { kind: 'grant', reason: 'person.revoked' } } },
        { event: { data: { kind: 'grant', reason: 'person.revoked' } } },
      ])
      for (const one of tokens) t.equal((await token(house, refreshForm(client, one))).statusCode, 400)
      t.equal((await token(house, refreshForm(someoneElse.client, someoneElse.refresh_token))).statusCode, 200)
      t.match((await person.get(authorizeUrl(client, verifier))).body, 'name="decision"', 'and has to ask again')
      t.equal((await person.post(action, hidden)).statusCode, 404, 'twice')
      t.match((await new Visitor(house).get(APPS)).headers.location, /^\/sign-in\b/)
    },
  )

  await t.test('who leaves the organisation gets no more tokens [A-RF-06]', async (t) => {
    const tokens = await connect(house)
    const member = decodeJwt(tokens.access_token).sub
    await house.db.asPlatform('test', (tx) => tx.run(sql`delete from auth.memberships where person_id = ${member}`))
    t.match((await token(house, refreshForm(tokens.client, tokens.refresh_token))).json(), { error: 'invalid_grant' })
    const lonely = await new Visitor(house).signIn('member@acme.test')
    t.equal(lonely.statusCode, 200, 'the account itself is fine')
    const { client_id: client } = await registerClient(house)
    t.equal((await authorize(house, client, newVerifier())).get('error'), 'access_denied')
  })
})
