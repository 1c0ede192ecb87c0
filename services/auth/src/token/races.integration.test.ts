import { setTimeout as pause } from 'node:timers/promises'
import { ident, openDatabase, sql } from '@gatehouse/database'
import { postgres } from '@gatehouse/testkit'
import { decodeJwt } from 'jose'
import { type Test, test } from 'tap'
import {
  authorize,
  authorizeUrl,
  connect,
  exchangeForm,
  formOf,
  type House,
  newVerifier,
  openHouse,
  outboxOf,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

const MANY = 50

async function onPostgres(t: Test, refreshRetrySeconds: number): Promise<House> {
  const { url } = await postgres(t)
  const host = await openDatabase(url, { poolSize: 16 })
  t.teardown(() => host.close())
  return openHouse(t, { host, profile: { refreshRetrySeconds } })
}

const together = <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, work))

test('of 50 exchanges of one code at once one gets tokens, and the replays take them back [A-AC-02, A-AC-03]', async (t) => {
  const house = await onPostgres(t, 120)
  const { client_id: client } = await registerClient(house)
  const verifier = newVerifier()
  const code = (await authorize(house, client, verifier)).get('code') ?? ''
  const answers = await together(MANY, () => token(house, exchangeForm(client, code, verifier)))
  const won = answers.filter((answer) => answer.statusCode === 200)
  t.equal(won.length, 1)
  t.ok(answers.every((answer) => answer.statusCode === 200 || answer.json().error === 'invalid_grant'))
  const { access_token, refresh_token } = won[0]?.json() ?? {}
  const revoked = await outboxOf(house.db)
  t.match(revoked, [{ subject: 'auth.delta.grant', event: { data: { kind: 'grant', reason: 'code.replayed' } } }])
  t.equal(revoked.length, 1, 'told once')
  t.equal(revoked[0]?.event.data.grant, decodeJwt(access_token).grant_id)
  t.match((await token(house, refreshForm(client, refresh_token))).json(), { error: 'invalid_grant' })
})

test('of 1,000 exchanges of one code at once one gets tokens, and none of them is good afterwards [A-AC-02, A-AC-03, A-OP-04]', async (t) => {
  const house = await onPostgres(t, 120)
  const { client_id: client } = await registerClient(house)
  const verifier = newVerifier()
  const code = (await authorize(house, client, verifier, { scope: 'openid mcp:read' })).get('code') ?? ''
  const answers: Awaited<ReturnType<typeof token>>[] = []
  let busy = 0
  // Whom a busy server turns away does as it is told and comes again.
  for (let left = 1_000; left > 0; left = 1_000 - answers.length) {
    const given = await together(left, () => token(house, exchangeForm(client, code, verifier)))
    for (const answer of given) {
      if (answer.statusCode !== 503) answers.push(answer)
      else if (answer.headers['retry-after'] !== undefined) busy += 1
      else t.fail(answer.body)
    }
  }
  t.comment(`${busy} times somebody was told to come again`)
  const count = (wanted: number) => answers.filter(({ statusCode }) => statusCode === wanted).length
  t.same({ 200: count(200), 400: count(400) }, { 200: 1, 400: 999 })
  t.equal((await outboxOf(house.db)).length, 1, 'the replays are told once')
  const { access_token, refresh_token } = answers.find(({ statusCode }) => statusCode === 200)?.json() ?? {}
  t.same(await house.auth.introspect(access_token), { active: false })
  const headers = { authorization: `Bearer ${access_token}` }
  t.equal((await house.server.inject({ url: '/oauth/userinfo', headers })).statusCode, 401)
  t.match((await token(house, refreshForm(client, refresh_token))).json(), { error: 'invalid_grant' })
})

test('of 50 browsers that bring one pushed request at once one goes on with it [A-PA-04]', async (t) => {
  const house = await onPostgres(t, 120)
  const { client_id: client } = await registerClient(house)
  const { searchParams } = new URL(authorizeUrl(client, newVerifier()), 'https://x.example')
  const pushed = await house.server.inject({
    method: 'POST',
    url: '/oauth/par',
    payload: searchParams.toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  const link = `/oauth/authorize?${new URLSearchParams({ client_id: client, request_uri: pushed.json().request_uri })}`
  const answers = await together(MANY, () => new Visitor(house).get(link))
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [303, ...Array.from({ length: MANY - 1 }, () => 400)])
})

test('approvals and revocations of one consent at once leave no grant without its consent [A-CN-04, A-CN-06]', async (t) => {
  const house = await onPostgres(t, 120)
  const { client_id: client } = await registerClient(house)
  const person = new Visitor(house)
  await person.signIn()
  const living = (table: 'consents' | 'grants') =>
    house.db.asPlatform('test', (tx) =>
      tx.rows<{ id: string }>(
        sql`select id from ${ident(`auth.${table}`)} where client_id = ${client} and ended_at is null`,
      ),
    )
  for (let round = 0; round < 5; round += 1) {
    await authorize(house, client, newVerifier(), { prompt: 'consent' }, person)
    const [consent] = await living('consents')
    const pages = []
    for (let page = 0; page < 4; page += 1)
      pages.push(formOf((await person.get(authorizeUrl(client, newVerifier(), { prompt: 'consent' }))).body).hidden)
    const csrf = pages[0]?.csrf ?? ''
    const answers = await Promise.all([
      person.post('/settings/developer/authorized-apps/revoke', { csrf, consent: consent?.id ?? '' }),
      ...pages.map((hidden) => person.post('/oauth/authorize', { ...hidden, decision: 'approve' })),
    ])
    t.equal(answers[0]?.statusCode, 200)
    for (const { headers } of answers.slice(1)) t.match(headers.location, /[?&]code=/)
  }
  const [left] = await house.db.asPlatform('test', (tx) =>
    tx.rows<{ orphans: number }>(sql`
      select count(*)::integer as orphans from auth.grants g where g.ended_at is null and not exists (
        select from auth.consents c where c.ended_at is null and c.person_id = g.person_id and c.client_id = g.client_id
          and c.tenant_id = g.tenant_id and c.resource = any(g.resources) and c.scopes @> g.scopes)`),
  )
  t.equal(left?.orphans, 0)
  const [consent, ...more] = await living('consents')
  t.same(more, [], 'at most one consent lives')
  const csrf = formOf((await person.get(authorizeUrl(client, newVerifier(), { prompt: 'consent' }))).body).hidden.csrf
  if (consent !== undefined)
    await person.post('/settings/developer/authorized-apps/revoke', { csrf: csrf ?? '', consent: consent.id })
  t.same(await living('grants'), [], 'with the last consent the last grant ends')
})

test('50 refreshes of one token at once inside the window get one and the same successor [A-RF-04, CF-19]', async (t) => {
  const house = await onPostgres(t, 120)
  const { client, refresh_token } = await connect(house)
  const answers = await together(MANY, () => token(house, refreshForm(client, refresh_token)))
  t.same([...new Set(answers.map((answer) => answer.statusCode))], [200])
  const successors = new Set(answers.map((answer) => answer.json().refresh_token))
  t.equal(successors.size, 1)
  const [successor = ''] = successors
  t.not(successor, refresh_token)
  t.equal((await token(house, refreshForm(client, successor))).statusCode, 200, 'and it can be used')
  t.same(await outboxOf(house.db), [], 'nothing was revoked')
})

test('under the strict rule requests that are on their way together share the successor, and a later one ends the family [A-RF-02]', async (t) => {
  const house = await onPostgres(t, 0)
  const { client, refresh_token } = await connect(house)
  const answers = await together(8, () => token(house, refreshForm(client, refresh_token)))
  t.same([...new Set(answers.map((answer) => answer.statusCode))], [200])
  t.equal(new Set(answers.map((answer) => answer.json().refresh_token)).size, 1)
  // The rule itself is about time: one second after the commit.
  await pause(1_100)
  t.match((await token(house, refreshForm(client, refresh_token))).json(), { error: 'invalid_grant' })
  t.match(await outboxOf(house.db), [{ event: { data: { kind: 'grant', reason: 'refresh.reused' } } }])
  const newest = answers[0]?.json().refresh_token
  t.match(
    (await token(house, refreshForm(client, newest))).json(),
    { error: 'invalid_grant' },
    'the newest is dead too',
  )
})

test('a revocation among refreshes leaves no living token [A-RF-06, A-RV-04]', async (t) => {
  const house = await onPostgres(t, 120)
  const { client, refresh_token } = await connect(house)
  const revoke = () =>
    house.server.inject({
      method: 'POST',
      url: '/oauth/revoke',
      payload: new URLSearchParams({ token: refresh_token, client_id: client }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
  const [answers] = await Promise.all([together(10, () => token(house, refreshForm(client, refresh_token))), revoke()])
  for (const answer of answers.filter(({ statusCode }) => statusCode === 200)) {
    t.equal((await token(house, refreshForm(client, answer.json().refresh_token))).statusCode, 400)
  }
  t.equal((await outboxOf(house.db)).length, 1)
})

test('a consent that ends while a code is about to rest on it is asked for again, not an error [A-CN-04, A-OI-03]', async (t) => {
  const house = await onPostgres(t, 120)
  const { client_id: client } = await registerClient(house)
  const person = new Visitor(house)
  const csrf = /name="csrf" value="([^"]+)"/.exec((await person.signIn()).body)?.[1] ?? ''
  for (let round = 0; round < 5; round += 1) {
    await authorize(house, client, newVerifier(), { prompt: 'consent' }, person)
    const [consent] = await house.db.asPlatform('test', (tx) =>
      tx.rows<{ id: string }>(sql`select id from auth.consents where client_id = ${client} and ended_at is null`),
    )
    const [revoked, ...answers] = await Promise.all([
      person.post('/settings/developer/authorized-apps/revoke', { csrf, consent: consent?.id ?? '' }),
      ...Array.from({ length: 4 }, () => person.get(authorizeUrl(client, newVerifier(), { prompt: 'none' }))),
      ...Array.from({ length: 4 }, () => person.get(authorizeUrl(client, newVerifier()))),
    ])
    t.equal(revoked.statusCode, 200)
    for (const answer of answers) {
      const location = String(answer.headers.location ?? '')
      t.ok(
        /[?&](?:code=|error=consent_required)/.test(location) || answer.body.includes('name="decision"'),
        answer.body,
      )
    }
  }
  const [left] = await house.db.asPlatform('test', (tx) =>
    tx.rows<{ living: number }>(sql`
      select count(*)::integer as living from auth.grants g join auth.consents c on c.id = g.consent_id
      where g.ended_at is null and c.ended_at is not null`),
  )
  t.equal(left?.living, 0, 'no grant outlives its consent')
})
