import { sql } from '@gatehouse/database'
import { test } from 'tap'
import {
  authorizeUrl,
  CALLBACK,
  challengeOf,
  exchangeForm,
  newVerifier,
  ORIGIN,
  openHouse,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

test('pushed authorization requests', async (t) => {
  const house = await openHouse(t)
  const { client_id: client } = await registerClient(house)
  const secretive = await registerClient(house, { token_endpoint_auth_method: 'client_secret_basic' })
  const verifier = newVerifier()
  const good = {
    client_id: client,
    response_type: 'code',
    redirect_uri: CALLBACK,
    state: 'pushed state',
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
  }
  const push = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    house.server.inject({
      method: 'POST',
      url: '/oauth/par',
      payload: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
  const pushed = async (form: Record<string, string> = good): Promise<string> => (await push(form)).json().request_uri
  const link = (uri: string, id = client) =>
    `/oauth/authorize?${new URLSearchParams({ client_id: id, request_uri: uri })}`

  await t.test('what the client proved itself with is not kept with its request', async (t) => {
    const { client_id, client_secret = '' } = await registerClient(house, {
      token_endpoint_auth_method: 'client_secret_post',
    })
    t.equal((await push({ ...good, client_id, client_secret })).statusCode, 201)
    const kept = await house.db.asPlatform('test', (tx) =>
      tx.rows<{ parameters: string }>(sql`select parameters from auth.pushed_requests where client_id = ${client_id}`),
    )
    t.match(kept, [{ parameters: `client_id=${client_id}` }])
    t.notMatch(JSON.stringify(kept), client_secret)
  })

  await t.test('201 with a reference for a moment; what was pushed is what is asked [A-PA-01, A-PA-04]', async (t) => {
    const answer = await push(good)
    t.equal(answer.statusCode, 201)
    t.match(answer.headers, { 'cache-control': /no-cache, no-store/, 'access-control-allow-origin': '*' })
    t.match(answer.json(), { request_uri: /^urn:ietf:params:oauth:request_uri:[\w-]{43}$/, expires_in: 90 })
    const person = new Visitor(house)
    await person.signIn()
    const other = `${link(answer.json().request_uri)}&state=another&scope=unknown&redirect_uri=https://evil.example`
    const page = await person.follow(await person.get(other))
    t.match(page.body, 'name="decision"')
    const { headers } = await person.submit(page, { decision: 'approve' })
    const back = new URL(String(headers.location))
    t.match(Object.fromEntries(back.searchParams), { state: 'pushed state', iss: ORIGIN })
    const code = back.searchParams.get('code') ?? ''
    t.equal((await token(house, exchangeForm(client, code, verifier))).statusCode, 200)
  })

  await t.test(
    "a page, and no redirect, for a reference that is used, old, unknown or another client's [A-PA-04]",
    async (t) => {
      const refused = async (url: string, name: string) => {
        const answer = await new Visitor(house).get(url)
        t.equal(answer.statusCode, 400, name)
        t.equal(answer.headers.location, undefined, name)
        t.match(answer.body, 'This link can no longer be used')
      }
      const used = await pushed()
      t.equal((await new Visitor(house).get(link(used))).statusCode, 303)
      await refused(link(used), 'used')
      await refused(link(`${used}x`), 'unknown')
      const theirs = await pushed()
      await refused(link(theirs, secretive.client_id), 'of another client')
      t.equal((await new Visitor(house).get(link(theirs))).statusCode, 303, 'which does not use it up')
      const old = await pushed()
      house.clock.forward(90_000)
      await refused(link(old), 'old')
      const answer = await new Visitor(house).get(`/oauth/authorize?request_uri=${encodeURIComponent(old)}`)
      t.equal(answer.statusCode, 400, 'without a client')
    },
  )

  await t.test('whoever loads the page again after the reference is used up finds it again', async (t) => {
    const person = new Visitor(house)
    const first = await person.get(link(await pushed()))
    const kept = String(first.headers.location)
    t.match(kept, /^\/oauth\/authorize\?transaction=/)
    for (let round = 0; round < 2; round += 1) t.match((await person.get(kept)).body, 'name="password"')
  })

  await t.test(
    'the checks of /oauth/authorize, as JSON, before anything is kept [A-PA-02, A-PA-03, A-RI-09]',
    async (t) => {
      const { response_type: _left, ...without } = good
      const cases: readonly (readonly [Record<string, string>, string])[] = [
        [without, 'invalid_request'],
        [{ ...good, response_type: 'token' }, 'unsupported_response_type'],
        [{ ...good, code_challenge_method: 'plain' }, 'invalid_request'],
        [{ ...good, scope: 'unknown' }, 'invalid_scope'],
        [{ ...good, resource: 'https://elsewhere.example' }, 'invalid_target'],
        [{ ...good, resource: 'mcp' }, 'invalid_target'],
        [{ ...good, redirect_uri: `${CALLBACK}/` }, 'invalid_request'],
        [{ ...good, request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'invalid_request'],
        [{ ...good, request: 'eyJ' }, 'request_not_supported'],
        [{ ...good, prompt: 'surprise' }, 'invalid_request'],
      ]
      for (const [form, error] of cases) {
        const answer = await push(form)
        t.equal(answer.statusCode, 400)
        t.match(answer.json(), { error }, JSON.stringify(form))
      }
      t.equal((await house.server.inject({ url: '/oauth/par' })).statusCode, 405)
      t.equal((await push({ ...good, state: 'x'.repeat(40_000) })).statusCode, 413)
    },
  )

  await t.test(
    'client authentication as at the token endpoint; the secret is no part of the request; no other redirect for it [A-PA-01, A-PA-06, A-TE-02]',
    async (t) => {
      const theirs = { ...good, client_id: secretive.client_id }
      t.equal((await push(theirs)).statusCode, 401)
      t.equal((await push(theirs, basic(secretive.client_id, 'wrong'))).statusCode, 401)
      t.equal((await push({ ...good, client_id: 'cli_unknown' })).statusCode, 401)
      const { client_id: _left, ...rest } = theirs
      const answer = await push(rest, basic(secretive.client_id, secretive.client_secret ?? ''))
      t.equal(answer.statusCode, 201)
      t.equal((await new Visitor(house).get(link(answer.json().request_uri, secretive.client_id))).statusCode, 303)
      const elsewhere = await push(
        { ...rest, redirect_uri: 'https://new.example/cb' },
        basic(secretive.client_id, secretive.client_secret ?? ''),
      )
      t.equal(elsewhere.statusCode, 400)
      const posted = await push({ ...theirs, client_secret: secretive.client_secret ?? '' })
      t.equal(posted.statusCode, 201)
    },
  )
})

test("who has to push is refused otherwise: by the profile, or by the client's own word [A-PA-05]", async (t) => {
  const house = await openHouse(t, { profile: { requirePushedRequests: true } })
  const { client_id: client } = await registerClient(house)
  const person = new Visitor(house)
  await person.signIn()
  const answer = await person.get(authorizeUrl(client, newVerifier()))
  t.match(answer.headers.location, /error=invalid_request.*pushed/)
  const free = await openHouse(t)
  const { client_id: strict } = await registerClient(free, { require_pushed_authorization_requests: true })
  const somebody = new Visitor(free)
  await somebody.signIn()
  t.match((await somebody.get(authorizeUrl(strict, newVerifier()))).headers.location, /error=invalid_request.*pushed/)
})
