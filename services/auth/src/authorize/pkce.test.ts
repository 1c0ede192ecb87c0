import { sql } from '@gatehouse/database'
import { test } from 'tap'
import {
  authorize,
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

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** Challenges that are none: what a client sends, and what it must not get through with. */
const WITHOUT: readonly Record<string, string | undefined>[] = [
  { code_challenge: undefined, code_challenge_method: undefined },
  { code_challenge: undefined },
  { code_challenge: '' },
  { code_challenge_method: undefined },
  { code_challenge_method: '' },
  { code_challenge_method: 'plain' },
  { code_challenge_method: 's256' },
  { code_challenge: 'c'.repeat(42) },
  { code_challenge: 'c'.repeat(44) },
  { code_challenge: `${'c'.repeat(42)}=` },
  { code_challenge: `${'c'.repeat(42)}+` },
]

test('there is no code without a challenge, by whatever way it is asked for, so none to be downgraded to [A-PK-01, A-PK-02, A-PK-03, A-PK-05]', async (t) => {
  const house = await openHouse(t)
  const confidential = await registerClient(house, { token_endpoint_auth_method: 'client_secret_post' })
  const open = await registerClient(house)
  const visitor = new Visitor(house)
  await visitor.signIn()
  for (const { client_id, client_secret } of [open, confidential]) {
    for (const changes of WITHOUT) {
      const url = authorizeUrl(client_id, newVerifier(), changes)
      const form = new URL(url, ORIGIN).searchParams
      const what = `${client_id === open.client_id ? 'public' : 'confidential'} ${JSON.stringify(changes)}`
      const byGet = await visitor.get(url)
      const byPost = await visitor.follow(await visitor.post('/oauth/authorize', Object.fromEntries(form)))
      for (const { headers } of [byGet, byPost]) t.match(headers.location, /[?&]error=invalid_request&/, what)
      if (client_secret !== undefined) form.set('client_secret', client_secret)
      const pushed = await house.server.inject({
        method: 'POST',
        url: '/oauth/par',
        payload: String(form),
        headers: FORM,
      })
      t.match([pushed.statusCode, pushed.json().error], [400, 'invalid_request'], what)
    }
  }
  const codes = await house.db.asPlatform('test', (tx) => tx.rows(sql`select from auth.codes`))
  t.same(codes, [])
  const nullable = await house.db.asPlatform('test', (tx) =>
    tx.rows(sql`
      select from information_schema.columns
      where table_schema = 'auth' and column_name = 'challenge' and is_nullable = 'YES'`),
  )
  t.same(nullable, [], 'and no row can hold one')
})

test('the challenge is bound to its code and comes back to nobody [A-PK-04, A-PK-06, A-AC-04]', async (t) => {
  const house = await openHouse(t)
  const { client_id } = await registerClient(house)
  const [one, other] = [newVerifier(), newVerifier()]
  const visitor = new Visitor(house)
  await visitor.signIn()
  const codes: string[] = []
  for (const verifier of [one, other]) {
    const page = await visitor.get(authorizeUrl(client_id, verifier, { prompt: 'consent' }))
    t.notOk(page.body.includes(challengeOf(verifier)), 'not in a page')
    const answer = await visitor.submit(page, { decision: 'approve' })
    t.notOk(String(answer.headers.location).includes(challengeOf(verifier)), 'not in an answer')
    codes.push(new URL(String(answer.headers.location)).searchParams.get('code') ?? '')
  }
  const [first = '', second = ''] = codes
  for (const [code, verifier] of [
    [first, other],
    [second, one],
    [first, challengeOf(one)],
  ] as const)
    t.match((await token(house, exchangeForm(client_id, code, verifier))).json(), { error: 'invalid_grant' })
  t.equal((await token(house, exchangeForm(client_id, first, one))).statusCode, 200)
  t.equal((await token(house, exchangeForm(client_id, second, other))).statusCode, 200)
  const none = { ...exchangeForm(client_id, (await authorize(house, client_id, one)).get('code') ?? '', one) }
  const { code_verifier: _left, ...without } = none
  t.match((await token(house, { ...without, redirect_uri: CALLBACK })).json(), { error: 'invalid_request' })
})
