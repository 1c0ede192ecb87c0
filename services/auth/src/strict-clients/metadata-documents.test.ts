import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connectDirectly, createOutbound } from '@gatehouse/outbound'
import { PUBLIC, selfSigned } from '@gatehouse/outbound/testing'
import * as oauth from 'oauth4webapi'
import { test } from 'tap'
import { CALLBACK, openHouse, Visitor } from '../testing/house.ts'
import {
  connectStrictly,
  discover,
  fetchOf,
  refreshWith,
  refusedWith,
  type StrictClient,
} from '../testing/strict-client.ts'

const NAME = 'client.example'
const [PUBLIC_ID, KEYED_ID, OTHER_ID] = ['public', 'keyed', 'other'].map((name) => `https://${NAME}/${name}.json`) as [
  string,
  string,
  string,
]
const KEYS = `https://${NAME}/jwks.json`

test('clients that are described by a document on a host of their own, over TLS', async (t) => {
  const pair = await oauth.generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
  const document = (client_id: string, more: object = {}) => ({
    ...{ client_id, client_name: 'Described client', redirect_uris: [CALLBACK] },
    ...{ grant_types: ['authorization_code', 'refresh_token'], ...more },
  })
  const served = new Map<string, unknown>([
    ['/public.json', document(PUBLIC_ID, { token_endpoint_auth_method: 'none' })],
    ['/keyed.json', document(KEYED_ID, { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: KEYS })],
    ['/other.json', document(PUBLIC_ID)],
    ['/jwks.json', { keys: [jwk] }],
  ])
  const { cert, key } = selfSigned(NAME)
  const host = createServer({ cert, key }, (request, response) => {
    const body = served.get(request.url ?? '')
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  host.listen(0, '127.0.0.1')
  await once(host, 'listening')
  t.teardown(() => {
    host.closeAllConnections()
    host.close()
  })
  const { port } = host.address() as AddressInfo
  /** To the host of the test, as if its name led to a public address; who it has to be is proven as ever. */
  const trusting = (ca?: string) =>
    createOutbound({
      resolve: async (name) => (name === NAME ? [PUBLIC] : []),
      connect: ({ name }, signal) => connectDirectly(ca)({ address: '127.0.0.1', port, name }, signal),
    })
  const house = await openHouse(t, { deps: { outbound: trusting(cert) } })
  const fetch = fetchOf(house)
  const as = await discover(fetch)
  t.equal(as.client_id_metadata_document_supported, true)
  const options = { [oauth.customFetch]: fetch }
  const known = (client_id: string, proof: oauth.ClientAuth = oauth.None()): StrictClient => ({
    ...{ as, client: { client_id }, proof, options },
  })

  await t.test('a public one has tokens and refreshes them [A-CI-02, A-DM-09, A-CR-02]', async (t) => {
    const tokens = await connectStrictly(known(PUBLIC_ID), new Visitor(house))
    t.ok(oauth.getValidatedIdTokenClaims(tokens)?.sub)
    t.ok((await refreshWith(known(PUBLIC_ID), tokens.refresh_token ?? '')).refresh_token)
  })

  await t.test(
    'one with keys elsewhere proves itself each time, and is nobody without it [A-CI-08, A-TE-07]',
    async (t) => {
      const proof = oauth.PrivateKeyJwt({ key: pair.privateKey, kid: 'one' })
      const tokens = await connectStrictly(known(KEYED_ID, proof), new Visitor(house))
      const fresh = await refreshWith(known(KEYED_ID, proof), tokens.refresh_token ?? '')
      const unproven = refreshWith(known(KEYED_ID), fresh.refresh_token ?? '')
      t.equal(await refusedWith(unproven), '401 invalid_client')
      const { privateKey } = await oauth.generateKeyPair('ES256')
      const forged = refreshWith(
        known(KEYED_ID, oauth.PrivateKeyJwt({ key: privateKey, kid: 'one' })),
        fresh.refresh_token ?? '',
      )
      t.equal(await refusedWith(forged), '401 invalid_client')
      t.ok((await refreshWith(known(KEYED_ID, proof), fresh.refresh_token ?? '')).access_token)
    },
  )

  await t.test(
    'what describes another client, or is not there, is a page and no redirect [A-CI-06, A-CI-14]',
    async (t) => {
      for (const id of [OTHER_ID, `https://${NAME}/missing.json`])
        await t.rejects(connectStrictly(known(id), new Visitor(house)), /no way back: 400/, id)
    },
  )

  await t.test('a host that cannot prove its name describes nobody [A-CI-13]', async (t) => {
    const elsewhere = await openHouse(t, { deps: { outbound: trusting() } })
    const of = { ...known(PUBLIC_ID), options: { [oauth.customFetch]: fetchOf(elsewhere) } }
    await t.rejects(connectStrictly(of, new Visitor(elsewhere)), /no way back: 400/)
  })
})
