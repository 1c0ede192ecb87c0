import { fileURLToPath } from 'node:url'
import { openDatabase } from '@gatehouse/database'
import { postgres, spawnNode } from '@gatehouse/testkit'
import Fastify from 'fastify'
import * as oauth from 'oauth4webapi'
import { type Test, test } from 'tap'
import { ADMIN, MCP, ORIGIN, openHouse, Visitor } from '../testing/house.ts'
import {
  connectStrictly,
  discover,
  goTo,
  redeem,
  refreshWith,
  refusedWith,
  register,
  type StrictClient,
  type StrictFetch,
  visit,
} from '../testing/strict-client.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const OWN = 'https://own.example'

/** A process of its own on the database. @returns what reaches it */
async function startNode(t: Test, url: string): Promise<StrictFetch> {
  const node = spawnNode(t, MAIN, {
    DATABASE_URL: url,
    PUBLIC_URL: ORIGIN,
    GATEHOUSE_SECRET: 'a secret of enough characters',
    GATEHOUSE_ADMIN_TOKEN: ADMIN,
    GATEHOUSE_MIGRATE: '0',
    PORT: '0',
  })
  const port = /"port":(\d+)/.exec(await node.ready('"listening"'))?.[1] ?? ''
  return (asked, { method, headers, body }) => {
    const { pathname, search } = new URL(asked)
    const sent = body === undefined || body === null ? {} : { body: String(body) }
    return fetch(`http://127.0.0.1:${port}${pathname}${search}`, { method, headers, redirect: 'manual', ...sent })
  }
}

/** A balancer that gives each request of a browser to the other node than the one before. @returns it, and who answered what */
function balance(t: Test, nodes: readonly StrictFetch[]) {
  const server = Fastify()
  const answered: string[] = []
  t.teardown(() => server.close())
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  server.all('/*', async (request, reply) => {
    const turn = answered.length % nodes.length
    answered.push(`${'AB'[turn]} ${request.method} ${request.url.split('?', 1)[0]}`)
    const { host: _host, 'content-length': _length, connection: _connection, ...headers } = request.headers
    const sent = { method: request.method, headers: headers as Record<string, string>, body: request.body }
    const answer = await nodes[turn]?.(`${ORIGIN}${request.url}`, sent)
    for (const name of ['content-type', 'location', 'refresh']) {
      const value = answer?.headers.get(name)
      if (value !== null && value !== undefined) reply.header(name, value)
    }
    reply.header('set-cookie', answer?.headers.getSetCookie())
    return reply.code(answer?.status ?? 502).send(await answer?.text())
  })
  return { server, answered }
}

const at = (fetch: StrictFetch, of: StrictClient): StrictClient => ({ ...of, options: { [oauth.customFetch]: fetch } })

test('two processes on one PostgreSQL are one authorization server, step by step [A-OP-04, A-JK-05, A-AC-02, A-RF-04, A-RV-07]', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url, { poolSize: 4 })
  t.teardown(() => host.close())
  await openHouse(t, { host })
  const [a, b] = await Promise.all([startNode(t, url), startNode(t, url)])
  const { server, answered } = balance(t, [a, b])
  const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }
  const scopes = [{ name: 'own:read', text: 'Read' }]
  const body = JSON.stringify({ identifier: OWN, name: 'Own', scopes, defaultScopes: ['own:read'] })
  const made = await a(`${ORIGIN}/admin/v1/resources`, { method: 'POST', headers, body })
  const resource = (await made.json()) as { readonly id: string; readonly secret: string }

  await t.test('they say the same of themselves, keys included', async (t) => {
    t.same(await discover(a), await discover(b))
    const keys = async (fetch: StrictFetch) =>
      (await fetch(`${ORIGIN}/.well-known/jwks.json`, { method: 'GET', headers: {} })).json()
    t.same(await keys(a), await keys(b))
  })

  const introspect = async (fetch: StrictFetch, token: string) => {
    const [as, asking] = [await discover(fetch), { client_id: resource.id }]
    const proof = oauth.ClientSecretBasic(resource.secret)
    const answer = await oauth.introspectionRequest(as, asking, proof, token, { [oauth.customFetch]: fetch })
    return oauth.processIntrospectionResponse(as, asking, answer)
  }

  await t.test('one flow, each step of which is on the other one', async (t) => {
    const onA = await register(a)
    const onB = at(b, onA)
    const going = await goTo(onB, { resource: OWN, scope: 'own:read offline_access' })
    const { searchParams } = going.url
    const answer = await oauth.pushedAuthorizationRequest(onB.as, onB.client, onB.proof, searchParams, onB.options)
    const { request_uri } = await oauth.processPushedAuthorizationResponse(onB.as, onB.client, answer)
    const pushed = new URL(onA.as.authorization_endpoint ?? '')
    pushed.search = String(new URLSearchParams({ client_id: onA.client.client_id, request_uri }))
    answered.length = 0
    const callback = await visit(pushed, new Visitor({ server }))
    t.same(answered.slice(0, 3), ['A GET /oauth/authorize', 'B GET /oauth/authorize', 'A POST /sign-in'])
    t.match(answered.at(-1), /^[AB] POST \/oauth\/authorize$/)

    const tokens = await redeem(onB, going, callback, OWN)
    t.match(await introspect(a, tokens.access_token), { active: true, aud: OWN, scope: 'own:read' })
    const [one, other] = await Promise.all([onA, onB].map((of) => refreshWith(of, tokens.refresh_token ?? '')))
    t.equal(one?.refresh_token, other?.refresh_token, 'a refresh on both at once has one successor')
    t.ok((await introspect(b, one?.access_token ?? '')).active)
    const revoked = await oauth.revocationRequest(onA.as, onA.client, onA.proof, one?.refresh_token ?? '', onA.options)
    await oauth.processRevocationResponse(revoked)
    for (const token of [tokens, one, other])
      t.same(await introspect(b, token?.access_token ?? ''), { active: false }, 'what A takes back B knows')
    t.equal(await refusedWith(refreshWith(onB, one?.refresh_token ?? '')), '400 invalid_grant')
  })

  await t.test(
    'a code that was redeemed on one is used up on the other, and its replay there ends the tokens',
    async (t) => {
      const onA = await register(a)
      const going = await goTo(onA)
      const callback = await visit(going.url, new Visitor({ server }))
      const tokens = await redeem(onA, going, callback, MCP)
      t.equal(await refusedWith(redeem(at(b, onA), going, callback, MCP)), '400 invalid_grant')
      t.equal(await refusedWith(refreshWith(onA, tokens.refresh_token ?? '')), '400 invalid_grant')
    },
  )

  await t.test(
    'a proof that was shown to one is no proof to the other; who is gone on one is gone on both',
    async (t) => {
      const pair = await oauth.generateKeyPair('ES256', { extractable: true })
      const { kty = '', crv = '', x = '', y = '' } = await crypto.subtle.exportKey('jwk', pair.publicKey)
      const metadata = {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ kty, crv, x, y, kid: 'one' }] },
      }
      let same = ''
      const proof = oauth.PrivateKeyJwt(
        { key: pair.privateKey, kid: 'one' },
        {
          [oauth.modifyAssertion]: (_header, payload) => {
            if (same !== '') payload.jti = same
          },
        },
      )
      const onA = await register(a, metadata, () => proof)
      const tokens = await connectStrictly(onA, new Visitor({ server }))
      same = 'shown-once'
      const fresh = await refreshWith(onA, tokens.refresh_token ?? '')
      t.equal(await refusedWith(refreshWith(at(b, onA), fresh.refresh_token ?? '')), '401 invalid_client')
      same = ''
      t.ok((await refreshWith(at(b, onA), fresh.refresh_token ?? '')).access_token)
      const place = String(onA.client.registration_client_uri)
      const gone = await b(place, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${onA.client.registration_access_token}` },
      })
      t.equal(gone.status, 204)
      t.equal(await refusedWith(refreshWith(onA, fresh.refresh_token ?? '')), '401 invalid_client')
    },
  )
})
