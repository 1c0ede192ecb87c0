import type { RequestListener } from 'node:http'
import { openKeyValue } from '@gatehouse/kv'
import { createOutbound } from '@gatehouse/outbound'
import { jsonHost, openWeb } from '@gatehouse/outbound/testing'
import { test } from 'tap'
import {
  authorize,
  authorizeUrl,
  CALLBACK,
  exchangeForm,
  newVerifier,
  openHouse,
  refreshForm,
  token,
  Visitor,
} from '../../testing/house.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const status =
  (code: number): RequestListener =>
  (_request, response) =>
    void response.writeHead(code).end()
const silent: RequestListener = (_request, response) => void response.destroy()

/** A client of its own host, so that tests share a service and no state. */
interface Known {
  readonly id: string
  readonly host: string
  document(changes?: object): object
  serve(listener: RequestListener): void
  /** How often its host was asked. */
  served(): number
}

test('metadata documents', async (t) => {
  const web = await openWeb(t)
  let now = () => Date.now()
  const kv = await openKeyValue('memory:', { clock: { now: () => now() } })
  const house = await openHouse(t, { deps: { outbound: createOutbound(web.options), kv } })
  now = house.clock.now
  let count = 0

  const meet = (changes: object = {}, headers: Record<string, string> = {}): Known => {
    count += 1
    const host = `c${count}.example`
    const id = `https://${host}/client.json`
    const document = (more: object = {}) => ({
      client_id: id,
      client_name: 'Friendly client',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      ...changes,
      ...more,
    })
    const serve = (listener: RequestListener) => void web.hosts.set(host, listener)
    serve(jsonHost(document(), headers))
    const served = () => web.requests.filter((request) => request.startsWith(`${host}/`)).length
    return { id, host, document, serve, served }
  }

  const begin = (id: string, changes: Record<string, string | undefined> = {}, visitor = new Visitor(house)) =>
    visitor.get(authorizeUrl(id, newVerifier(), changes))

  const tokens = async (id: string) => {
    const verifier = newVerifier()
    const code = (await authorize(house, id, verifier)).get('code') ?? ''
    return token(house, exchangeForm(id, code, verifier))
  }

  await t.test(
    'a document makes a client, is read once while it is fresh, and never for a token or a refresh [A-CI-02, A-CI-15, CF-17]',
    async (t) => {
      const client = meet({}, { 'cache-control': 'max-age=600' })
      const first = await tokens(client.id)
      t.equal(first.statusCode, 200)
      t.equal(client.served(), 1)
      house.clock.forward(5 * MINUTE)
      t.equal((await tokens(client.id)).statusCode, 200)
      t.equal(client.served(), 1, 'still fresh')
      house.clock.forward(6 * MINUTE)
      client.serve(silent)
      const again = await token(house, refreshForm(client.id, first.json().refresh_token))
      t.equal(again.statusCode, 200)
      t.match(
        await token(house, { ...exchangeForm('https://other.example/x', 'x', newVerifier()) }).then((answer) =>
          answer.json(),
        ),
        { error: 'invalid_client' },
      )
      t.equal(client.served(), 1, 'the token endpoint asks nobody')
    },
  )

  await t.test('bounds of freshness: a minute is too short, a year too long [A-CI-15]', async (t) => {
    for (const [told, lower, upper] of [
      ['max-age=1', 4 * MINUTE, 2 * MINUTE],
      ['no-store', 4 * MINUTE, 2 * MINUTE],
      ['max-age=31536000', DAY - MINUTE, 2 * MINUTE],
      ['', 59 * MINUTE, 2 * MINUTE],
    ] as const) {
      const client = meet({}, told === '' ? {} : { 'cache-control': told })
      await begin(client.id)
      house.clock.forward(lower)
      await begin(client.id)
      t.equal(client.served(), 1, `${told}: fresh`)
      house.clock.forward(upper)
      await begin(client.id)
      t.equal(client.served(), 2, `${told}: asked again`)
    }
  })

  await t.test(
    'a host that walls us off does not lock people out for a week; then it does [A-CI-17, CF-17]',
    async (t) => {
      const client = meet()
      await begin(client.id)
      for (const wall of [status(403), status(503), silent]) {
        house.clock.forward(DAY)
        client.serve(wall)
        t.equal((await begin(client.id)).statusCode, 200)
      }
      web.hosts.delete(client.host)
      house.clock.forward(3 * DAY)
      t.equal((await begin(client.id)).statusCode, 200, 'its name is gone')
      house.clock.forward(2 * DAY)
      const late = await begin(client.id)
      t.equal(late.statusCode, 400)
      t.match(late.body, 'could not be checked')
    },
  )

  await t.test(
    'a document that was taken away, or that describes another client now, ends what its copy said [A-CI-14]',
    async (t) => {
      for (const taken of [404, 410, undefined]) {
        const client = meet()
        const answer = taken === undefined ? jsonHost(client.document({ client_id: `${client.id}x` })) : status(taken)
        t.equal((await begin(client.id)).statusCode, 200)
        house.clock.forward(DAY)
        client.serve(answer)
        t.equal((await begin(client.id)).statusCode, 400)
      }
    },
  )

  await t.test('no failure is remembered: once mended, the next request goes through [A-CI-14, A-CI-16]', async (t) => {
    const client = meet()
    for (const [broken, page] of [
      [status(500), 'could not be checked'],
      [jsonHost([]), 'cannot be connected'],
      [jsonHost(client.document({ redirect_uris: [] })), 'cannot be connected'],
      [jsonHost(client.document({ contacts: ['x'.repeat(320), 'y'.repeat(5_000)] })), 'could not be checked'],
    ] as const) {
      client.serve(broken)
      const answer = await begin(client.id)
      t.equal(answer.statusCode, 400)
      t.notOk(answer.headers.location)
      t.match(answer.body, page)
    }
    client.serve(jsonHost(client.document()))
    t.equal((await begin(client.id)).statusCode, 200)
  })

  await t.test('an id that cannot be a document is answered without asking anybody [A-CI-01, A-CI-10]', async (t) => {
    const client = meet()
    for (const id of [
      'http://client.example/client.json',
      'https://client.example',
      'https://127.0.0.1/x',
      `${client.id}?x=1`,
      `${client.id}#x`,
    ])
      t.equal((await begin(id)).statusCode, 400, id)
    t.equal(client.served(), 0)
    t.notOk(web.connections.some(({ name }) => name === client.host || name === '127.0.0.1'))
  })

  await t.test('only listed redirects, the port of a loopback host aside [A-CI-09, CF-14]', async (t) => {
    const client = meet({ redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'] })
    t.equal((await begin(client.id, { redirect_uri: 'http://localhost:53421/callback' })).statusCode, 200)
    for (const redirect_uri of [
      'http://localhost:1/other',
      'https://localhost/callback',
      'http://[::1]:1/callback',
      CALLBACK,
    ]) {
      const answer = await begin(client.id, { redirect_uri })
      t.equal(answer.statusCode, 400, redirect_uri)
      t.notOk(answer.headers.location, redirect_uri)
    }
  })

  await t.test(
    'another name, redirect or key is another client to a person: consent is asked for again [A-CI-18, A-CI-19]',
    async (t) => {
      const client = meet()
      const visitor = new Visitor(house)
      await authorize(house, client.id, newVerifier(), {}, visitor)
      house.clock.forward(2 * 60 * MINUTE)
      const unchanged = await begin(client.id, {}, visitor)
      t.match(unchanged.headers.location, /code=/, 'nothing changed')
      client.serve(jsonHost(client.document({ client_name: 'Someone else' })))
      house.clock.forward(2 * 60 * MINUTE)
      const page = await begin(client.id, {}, visitor)
      t.equal(page.statusCode, 200)
      t.match(page.body, 'Someone else')
      t.match(page.body, client.host)
    },
  )

  await t.test(
    'a page that was shown of a client as it was before allows nothing to what it is now [A-CI-18, A-CI-19]',
    async (t) => {
      const client = meet({}, { 'cache-control': 'max-age=300' })
      const visitor = new Visitor(house)
      await visitor.signIn()
      const page = await begin(client.id, {}, visitor)
      t.match(page.body, 'Friendly client')
      client.serve(jsonHost(client.document({ client_name: 'Someone else', redirect_uris: ['https://c.example/2'] })))
      house.clock.forward(6 * MINUTE)
      t.equal((await begin(client.id, { redirect_uri: 'https://c.example/2' })).statusCode, 200, 'it is read again')
      const answer = await visitor.submit(page, { decision: 'approve' })
      t.equal(answer.statusCode, 400)
      t.notOk(answer.headers.location, 'nor is anybody sent to an address that was taken out')
      t.match(answer.body, 'has expired')
    },
  )

  await t.test(
    'a hundred requests at once are one fetch; other nodes leave a copy that is good enough to the one that asks',
    async (t) => {
      const node = await openHouse(t, { host: house.host, deps: { outbound: createOutbound(web.options), kv } })
      node.clock.forward(house.clock.now() - node.clock.now())
      const client = meet()
      const answers = await Promise.all(Array.from({ length: 100 }, () => begin(client.id)))
      t.same(new Set(answers.map((answer) => answer.statusCode)), new Set([200]))
      t.equal(client.served(), 1)
      house.clock.forward(2 * 60 * MINUTE)
      node.clock.forward(2 * 60 * MINUTE)
      let release = () => {}
      client.serve((request, response) => {
        release = () => jsonHost(client.document())(request, response)
      })
      const asking = begin(client.id)
      while (client.served() < 2) await new Promise((resolve) => setImmediate(resolve))
      const elsewhere = await new Visitor(node).get(authorizeUrl(client.id, newVerifier()))
      t.equal(elsewhere.statusCode, 200)
      t.equal(client.served(), 2, 'another node does not ask as well, nor wait')
      const joined = begin(client.id)
      release()
      t.same([(await asking).statusCode, (await joined).statusCode], [200, 200])
      t.equal(client.served(), 2)
    },
  )

  await t.test(
    'a host that is asked for too much is left alone, and what was read before still counts [A-OP-01]',
    async (t) => {
      const client = meet()
      await begin(client.id)
      house.clock.forward(DAY)
      client.serve(status(500))
      for (let count = 0; count < 70; count += 1) await begin(`https://${client.host}/${count}`)
      t.equal(client.served(), 61)
      t.equal((await begin(client.id)).statusCode, 200)
      t.equal(client.served(), 61)
    },
  )

  await t.test('who names one host after the other is not asked for; others are [A-OP-01, A-CI-13]', async (t) => {
    house.clock.forward(2 * MINUTE)
    const stranger = (host: string, address = '2001:db8:9::1') => {
      const id = `https://${host}.flood.example/client.json`
      web.hosts.set(new URL(id).host, jsonHost({ client_id: id, client_name: 'F', redirect_uris: [CALLBACK] }))
      return begin(id, {}, new Visitor(house, address))
    }
    for (let count = 0; count < 60; count += 1) t.equal((await stranger(`h${count}`)).statusCode, 200)
    t.equal((await stranger('one-more', '2001:db8:9::2')).statusCode, 400)
    t.notOk(web.requests.some((request) => request.startsWith('one-more.')))
    t.equal((await stranger('h1')).statusCode, 200, 'what is known is not asked for')
    t.equal((await stranger('one-more', '192.0.2.9')).statusCode, 200)
  })

  await t.test('an operator switches documents off [A-CI-21]', async (t) => {
    const closed = await openHouse(t, {
      profile: { clientDocuments: { enabled: false, allow: [], deny: [] } },
      deps: { outbound: createOutbound(web.options) },
    })
    const client = meet()
    t.equal((await new Visitor(closed).get(authorizeUrl(client.id, newVerifier()))).statusCode, 400)
    t.equal(client.served(), 0)
  })

  await t.test(
    'a pushed request reads the document as well, and says in JSON what is wrong with it [A-CI-02, A-CI-14]',
    async (t) => {
      const client = meet()
      const push = () =>
        house.server.inject({
          method: 'POST',
          url: '/oauth/par',
          payload: new URL(authorizeUrl(client.id, newVerifier()), 'https://x.example').searchParams.toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        })
      t.equal((await push()).statusCode, 201)
      client.serve(status(404))
      house.clock.forward(DAY)
      const answer = await push()
      t.equal(answer.statusCode, 401)
      t.match(answer.json(), { error: 'invalid_client', error_description: /404/ })
    },
  )
})
