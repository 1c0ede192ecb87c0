import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { defineCatalog, defineResource, defineTool } from '@gatehouse/catalog'
import { createHttpApi, type HttpApi } from '@gatehouse/catalog/http-api'
import { decodeJwt } from 'jose'
import { t as file, type Test, test } from 'tap'
import { z } from 'zod'
import { openParts, openRig } from '../testing/rig.ts'
import { modern } from '../testing/wire.ts'

const parts = await openParts()
file.teardown(() => parts.close())

interface Product {
  readonly api: HttpApi
}

const answer = z.object({ id: z.string() })
const productCatalog = defineCatalog<Product>({
  name: 'product',
  schema: { name: 'product', role: 'gatehouse_mcp', migrations: new URL('../testing/none/', import.meta.url) },
  tools: [
    defineTool<Product>()({
      name: 'product_open',
      title: 'Open',
      description: 'Opens a ticket at the product.',
      scopes: ['notes:read'],
      effect: 'writes',
      input: z.object({ title: z.string() }),
      output: answer,
      run: async ({ title }, call) => {
        const made = await call.api.request(call, { method: 'POST', path: ['tickets'], body: { title }, answer })
        return made.body as z.output<typeof answer>
      },
    }),
  ],
  resources: [
    defineResource<Product>()({
      name: 'tickets',
      path: 'tickets',
      title: 'Tickets',
      description: 'All tickets.',
      mimeType: 'application/json',
      scopes: ['notes:read'],
      subscribable: false,
      read: async (_variables, call) =>
        (await call.api.request(call, { method: 'GET', path: ['tickets'], answer })).body,
    }),
  ],
  changes: [],
  open: () => () => ({}) as Product,
  demo: async () => undefined,
})

const OWN_TOKEN = 'own-token-for-the-product'

/** A product that keeps what it was sent, to the byte. */
async function product(t: Test) {
  const sent: string[] = []
  const server = createServer(async (request, response) => {
    const { method, url, rawHeaders } = request
    sent.push([`${method} ${url}`, ...rawHeaders, await text(request)].join('\n'))
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      // As one that is careless: it says again how it was asked.
      JSON.stringify({ id: 'tk_1', authorization: request.headers.authorization }),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const api = createHttpApi({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    credential: { token: async () => OWN_TOKEN, forget: () => undefined },
  })
  return { sent, api }
}

test('what a catalog asks of an HTTP API holds nothing of the credential that the client sent, but for whom it asks, and the client nothing of what the product was shown [S-AU-19, S-EL-15]', async (t) => {
  const { sent, api } = await product(t)
  const rig = await openRig(parts, { catalogs: [{ catalog: productCatalog, domain: () => ({ api }) }] })
  t.teardown(() => rig.close())
  const token = await rig.token({ sub: 'person_ada' })
  const { jti = '' } = decodeJwt(token)
  const [, payload = '', signature = ''] = token.split('.')
  const cases = [
    { credential: token, subject: 'person_ada', secrets: [token, payload, signature, jti] },
    { credential: 'notes_good', subject: 'key1', secrets: ['notes_good'] },
  ]
  for (const { credential, subject, secrets } of cases) {
    sent.length = 0
    const called = await modern(rig, credential, 'tools/call', { name: 'product_open', arguments: { title: 'x' } })
    t.match(called, { status: 200, body: { result: { structuredContent: { id: 'tk_1' } } } })
    const read = await modern(rig, credential, 'resources/read', { uri: 'notes://tickets' })
    t.match(read.body, { result: {} })
    t.equal(sent.length, 2)
    t.same(
      [called, read].filter(({ text, headers }) => `${JSON.stringify(headers)}${text}`.includes(OWN_TOKEN)),
      [],
    )
    for (const request of sent) {
      t.match(request, `Bearer ${OWN_TOKEN}`)
      t.match(request, `gatehouse-subject\n${subject}\n`)
      t.same(
        secrets.filter((secret) => request.includes(secret)),
        [],
      )
    }
  }
})
