import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Principal } from '@gatehouse/policy'
import { freePort } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { z } from 'zod'
import { type Asker, createHttpApi, type HttpApiOptions } from './http-api.ts'
import { CredentialUnavailable } from './service-credential.ts'

const PRINCIPAL: Principal = {
  tenant: 'ten_acme',
  kind: 'person',
  subject: 'person_ada',
  client: 'https://client.example/client.json',
  scopes: new Set(['tickets:read', 'tickets:write']),
  roles: ['member', 'größe, 1'],
  credential: 'oauth',
  credentialId: 'jti_of_the_client',
  issuedAt: 0,
  expiresAt: 600,
}
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const asker = (signal = new AbortController().signal): Asker => ({ principal: PRINCIPAL, signal, traceparent })

type Answer = number | 'silence' | 'cut' | Whole

interface Whole {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

interface Seen {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** An API that gives these answers in turn, the last one on and on. */
async function scene(t: Test, answers: readonly Answer[], options: Partial<HttpApiOptions> = {}) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request
    seen.push({ line: `${method} ${url}`, headers, body: await text(request) })
    give(response, answers[Math.min(seen.length, answers.length) - 1] ?? 500)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  let tokens = 1
  const pauses: number[] = []
  const api = createHttpApi({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    credential: {
      token: async () => `service-token-${tokens}`,
      forget: () => {
        tokens += 1
      },
    },
    random: () => 0,
    pause: async (ms) => pauses.push(ms),
    ...options,
  })
  return { api, seen, pauses }
}

function give(response: ServerResponse, answer: Answer): void {
  if (answer === 'silence') return
  if (answer === 'cut') {
    // A whole header, and half of a body.
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
    response.write('{"id":', () => response.destroy())
    return
  }
  const { status, body = { id: 'tk_1' }, headers = {} } = typeof answer === 'number' ? { status: answer } : answer
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

const answer = z.object({ id: z.string() })
const READ = { method: 'GET', path: ['tickets'], answer } as const
const WRITE = { method: 'POST', path: ['tickets'], body: { title: 'x' }, answer } as const

test('the API hears our own credential and for whom we ask, and nothing of what the client sent', async (t) => {
  const { api, seen } = await scene(t, [201])
  const made = await api.request(asker(), {
    ...WRITE,
    path: ['tickets', '../ä b'],
    query: { q: 'a&b' },
    idempotencyKey: 'k1',
  })
  t.same(made, { ok: true, status: 201, body: { id: 'tk_1' } })
  const [{ line, headers, body } = { line: '', headers: {}, body: '' }] = seen
  t.equal(line, 'POST /v1/tickets/..%2F%C3%A4%20b?q=a%26b', 'a value stays one segment')
  t.equal(body, '{"title":"x"}')
  t.match(headers, {
    authorization: 'Bearer service-token-1',
    'gatehouse-tenant': 'ten_acme',
    'gatehouse-subject': 'person_ada',
    'gatehouse-subject-kind': 'person',
    'gatehouse-client': 'https://client.example/client.json',
    'gatehouse-roles': 'member,gr%C3%B6%C3%9Fe%2C%201',
    'gatehouse-scopes': 'tickets:read,tickets:write',
    'idempotency-key': 'k1',
    traceparent,
  })
  t.notMatch(JSON.stringify(headers), 'jti_of_the_client')
})

test('a refusal of the API is the tool’s to put into words', async (t) => {
  const { api } = await scene(t, [{ status: 404, body: { error: 'no such ticket' } }])
  t.same(await api.request(asker(), READ), { ok: false, status: 404, body: { error: 'no such ticket' } })
})

test('a read is tried again, with growing pauses, and at last told as unavailable', async (t) => {
  const { api, seen, pauses } = await scene(t, [503, 'cut', 502])
  await t.rejects(api.request(asker(), READ), { code: 'product.unavailable', message: /nothing was changed/ })
  t.equal(seen.length, 3)
  t.same(pauses, [100, 400])
  const better = await scene(t, [{ status: 503, headers: { 'retry-after': '1' } }, 200])
  t.match(await better.api.request(asker(), READ), { ok: true })
  t.same(better.pauses, [1_000], 'when it says when, then')
})

test('a POST goes out once: its end is not known, and the tool says so', async (t) => {
  for (const bad of [503, 'cut', 500] as const) {
    const { api, seen } = await scene(t, [bad, 201])
    const asked = api.request(asker(), { ...WRITE, idempotencyKey: 'k1' })
    await t.rejects(asked, { code: 'product.unknown', message: /Look before you try again/ })
    t.equal(seen.length, 1, String(bad))
  }
})

test('where the API honours idempotency keys a POST that has one is repeated with it, and one without is not', async (t) => {
  const keyed = await scene(t, ['cut', 201], { honoursIdempotencyKeys: true })
  t.match(await keyed.api.request(asker(), { ...WRITE, idempotencyKey: 'k1' }), { ok: true })
  t.same(
    keyed.seen.map(({ headers }) => headers['idempotency-key']),
    ['k1', 'k1'],
  )
  const without = await scene(t, ['cut', 201], { honoursIdempotencyKeys: true })
  await t.rejects(without.api.request(asker(), WRITE), { code: 'product.unknown' })
})

test('a credential that is refused is renewed once; refused again it is a fault of ours', async (t) => {
  const { api, seen } = await scene(t, [401, 201])
  t.match(await api.request(asker(), WRITE), { ok: true })
  t.same(
    seen.map(({ headers }) => headers.authorization),
    ['Bearer service-token-1', 'Bearer service-token-2'],
  )
  const refused = await scene(t, [401])
  await t.rejects(refused.api.request(asker(), WRITE), { name: 'Error', message: /answers POST with 401/ })
  t.equal(refused.seen.length, 2)
})

test('an API that is silent costs one timeout an attempt; after some it is left alone, and later tried by one [S-CX-07]', async (t) => {
  let now = 0
  const options = { timeoutMs: 500, attempts: 2, clock: { now: () => now }, circuit: { failures: 2, restMs: 1_000 } }
  const { api, seen } = await scene(t, ['silence', 'silence', 200], options)
  await t.rejects(api.request(asker(), READ), { code: 'product.unavailable' })
  t.equal(seen.length, 2)
  await t.rejects(api.request(asker(), WRITE), { code: 'product.unavailable' }, 'nothing left, so nothing was done')
  t.equal(seen.length, 2)
  now += 1_000
  t.match(await api.request(asker(), READ), { ok: true })
  t.match(await api.request(asker(), READ), { ok: true })
})

test('nobody listens: even a POST is tried again, and nothing was done', async (t) => {
  const pauses: number[] = []
  const baseUrl = `http://127.0.0.1:${await freePort()}`
  const { api } = await scene(t, [200], { baseUrl, pause: async (ms) => pauses.push(ms) })
  await t.rejects(api.request(asker(), WRITE), { code: 'product.unavailable' })
  t.equal(pauses.length, 2)
})

test('a call that ends takes its request along, and says nothing about the API', async (t) => {
  const ended = new AbortController()
  const gone = new Error('the client went away')
  const { api, seen } = await scene(t, ['silence', 200], { circuit: { failures: 1, restMs: 60_000 } })
  const asked = t.rejects(api.request(asker(ended.signal), READ), gone)
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
  ended.abort(gone)
  await asked
  t.match(await api.request(asker(), READ), { ok: true }, 'the circuit is closed')
})

test('an answer that is too long, redirects elsewhere or is not what was agreed gets nowhere', async (t) => {
  const long = await scene(t, [{ status: 200, body: { id: 'x'.repeat(2_000) } }], { maxBytes: 1_000 })
  await t.rejects(long.api.request(asker(), READ), { code: 'product.unavailable' })
  const elsewhere = await scene(t, [{ status: 307, headers: { location: 'http://127.0.0.1:1/' } }])
  await t.rejects(elsewhere.api.request(asker(), READ), { message: /answers GET with 307/ })
  t.equal(elsewhere.seen.length, 1)
  for (const body of [{ id: 1 }, 'no json']) {
    const other = await scene(t, [
      { status: 200, body, ...(typeof body === 'string' ? { headers: { 'content-type': 'text/plain' } } : {}) },
    ])
    await t.rejects(other.api.request(asker(), READ), { name: 'TypeError', message: /not what was agreed/ })
    await t.rejects(other.api.request(asker(), WRITE), { code: 'product.unknown' }, 'it was done, who knows how')
  }
})

test('a write that may have been done stays in doubt, though a later attempt never left', async (t) => {
  let asked = 0
  const token = async () => {
    asked += 1
    if (asked === 1) return 'service-token'
    throw new CredentialUnavailable('away')
  }
  const { api, seen } = await scene(t, ['cut'], { credential: { token, forget: () => undefined } })
  await t.rejects(api.request(asker(), { ...WRITE, method: 'PUT' }), { code: 'product.unknown' })
  t.equal(seen.length, 1)
})

test('no token to be had is “nothing was done”; one that auth refuses to give is a fault of ours', async (t) => {
  const without = (error: Error) =>
    scene(t, [200], { credential: { token: () => Promise.reject(error), forget: () => undefined } })
  const { api, seen } = await without(new CredentialUnavailable('away'))
  await t.rejects(api.request(asker(), WRITE), { code: 'product.unavailable' })
  t.equal(seen.length, 0)
  await t.rejects((await without(new Error('invalid_client'))).api.request(asker(), READ), {
    message: 'invalid_client',
  })
})

test('an id that would lead elsewhere is refused, and so is an address that would show the credential', async (t) => {
  const { api, seen } = await scene(t, [200])
  for (const id of ['', '.', '..', '\ud800']) {
    await t.rejects(api.request(asker(), { ...READ, path: ['tickets', id] }), { code: 'product.name' })
  }
  t.equal(seen.length, 0)
  const credential = { token: async () => '', forget: () => undefined }
  for (const baseUrl of [
    'http://api.example',
    'ftp://api.example',
    'https://me@api.example',
    'https://api.example/?a',
  ]) {
    t.throws(() => createHttpApi({ baseUrl, credential }), { name: 'TypeError' }, baseUrl)
  }
  t.ok(createHttpApi({ baseUrl: 'http://api.internal', plainHttp: true, credential }))
})

test('an API that is silent is given up though garbage is collected meanwhile', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { api, seen } = await scene(t, ['silence'], { timeoutMs: 300, attempts: 1 })
  const asked = t.rejects(api.request(asker(), READ), { code: 'product.unavailable' })
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
  for (let count = 0; count < 5; count += 1) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await asked
})
