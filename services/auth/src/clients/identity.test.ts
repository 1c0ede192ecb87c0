import { createOutbound } from '@gatehouse/outbound'
import { jsonHost, openWeb } from '@gatehouse/outbound/testing'
import { decodeJwt } from 'jose'
import { test } from 'tap'
import {
  authorize,
  authorizeUrl,
  CALLBACK,
  connect,
  newVerifier,
  openHouse,
  registerClient,
  Visitor,
} from '../testing/house.ts'

test('a client is never named as a person is, and never by itself [A-CR-05, A-CR-06]', async (t) => {
  const house = await openHouse(t)
  const { sub = '' } = decodeJwt((await connect(house)).access_token)
  t.match(sub, /^per_/)
  for (const wish of [sub, `cli_${sub}`, 'https://client.example/client.json', 'admin']) {
    const client = await registerClient(house, {
      ...{ client_id: wish, client_secret: 'mine', token_endpoint_auth_method: 'client_secret_basic' },
    })
    t.match(client.client_id, /^cli_[A-Za-z0-9_-]{20}$/)
    t.not(client.client_id, wish)
    t.match(client.client_secret, /^[A-Za-z0-9_-]{43}$/, 'the same with and without form-encoding')
  }
  t.equal((await new Visitor(house).get(authorizeUrl(sub, newVerifier()))).statusCode, 400)
})

test('application_type decides nothing: who listens on this machine may, whatever it says or leaves out [A-DR-09, A-DR-10, CF-4]', async (t) => {
  const house = await openHouse(t)
  const redirect_uris = ['http://127.0.0.1:33418/callback', 'http://localhost/callback']
  for (const application_type of [undefined, 'native', 'web']) {
    const client = await registerClient(house, { redirect_uris, application_type })
    t.same(client.redirect_uris, redirect_uris, String(application_type))
    const asked = { redirect_uri: 'http://localhost:50123/callback' }
    t.ok((await authorize(house, client.client_id, newVerifier(), asked)).get('code'))
  }
})

test('two documents on one host are two clients: what one is allowed the other is not [A-CI-23, A-CN-04]', async (t) => {
  const documentOf = (client_id: string) => ({ client_id, client_name: 'One of two', redirect_uris: [CALLBACK] })
  const ids = ['https://host.example/a.json', 'https://host.example/b.json'] as const
  const web = await openWeb(t, {
    'host.example': (request, response) =>
      jsonHost(documentOf(`https://host.example${request.url}`))(request, response),
  })
  const house = await openHouse(t, { deps: { outbound: createOutbound(web.options) } })
  const visitor = new Visitor(house)
  t.ok((await authorize(house, ids[0], newVerifier(), {}, visitor)).get('code'))
  t.match((await visitor.get(authorizeUrl(ids[0], newVerifier()))).headers.location, /[?&]code=/)
  t.match((await visitor.get(authorizeUrl(ids[1], newVerifier()))).body, 'name="decision"')
})

test('whoever made itself is allowed by a person before anything else: no first code without the page, whatever it proves itself with [A-DR-13]', async (t) => {
  const house = await openHouse(t)
  for (const token_endpoint_auth_method of ['none', 'client_secret_basic']) {
    const { client_id } = await registerClient(house, { token_endpoint_auth_method, client_name: 'Align itself' })
    const person = new Visitor(house)
    await person.signIn()
    const silent = await person.get(authorizeUrl(client_id, newVerifier(), { prompt: 'none' }))
    t.match(silent.headers.location, 'error=consent_required')
    const page = await person.get(authorizeUrl(client_id, newVerifier()))
    t.match(page.body, 'name="decision"')
    t.match(page.body, /Nobody has checked its\s+name/, 'what it says of itself is not vouched for')
  }
})

test('no logo of a client is fetched, shown or linked [A-CI-20]', async (t) => {
  const web = await openWeb(t, {})
  const house = await openHouse(t, { deps: { outbound: createOutbound(web.options) } })
  const { client_id } = await registerClient(house, { logo_uri: 'https://logo.example/logo.png' })
  const person = new Visitor(house)
  await person.signIn()
  const page = await person.get(authorizeUrl(client_id, newVerifier()))
  t.match(page.body, 'name="decision"')
  t.notMatch(page.body, 'logo.example')
  t.match(page.headers['content-security-policy'], /img-src 'self'/)
})
