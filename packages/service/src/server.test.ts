import { connect } from 'node:net'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { test } from 'tap'
import type { ReadyCheck } from './health.ts'
import { createServer } from './server.ts'

const server = (ready: readonly ReadyCheck[] = []) =>
  createServer({ log: silentLogger, metrics: createMetrics({ process: false }), ready })

test('/readyz names what is missing and answers 503; /healthz does not mind', async (t) => {
  const app = server([
    { name: 'database', check: async () => {} },
    { name: 'bus', check: async () => Promise.reject(new Error('no answer')) },
  ])
  t.equal((await app.inject('/healthz')).statusCode, 200)
  const ready = await app.inject('/readyz')
  t.equal(ready.statusCode, 503)
  t.same(ready.json(), { status: 'not ready', missing: [{ name: 'bus', error: 'no answer' }] })
})

test('a fault of ours is a 500 that tells nothing but the request id', async (t) => {
  const app = server()
  app.get('/broken', async () => {
    throw new Error('the password is hunter2')
  })
  const answer = await app.inject({ url: '/broken', headers: { 'x-request-id': 'abc-1' } })
  t.equal(answer.statusCode, 500)
  t.match(answer.json(), { error: 'server_error', request_id: 'abc-1' })
  t.notMatch(answer.body, 'hunter2')
  t.equal(answer.headers['x-request-id'], 'abc-1')
})

test('a request id that is not well formed is replaced', async (t) => {
  const answer = await server().inject({ url: '/healthz', headers: { 'x-request-id': 'a b"<script>' } })
  t.match(answer.headers['x-request-id'], /^[0-9a-f-]{36}$/)
})

test('an unknown path is a 404 in JSON', async (t) => {
  const answer = await server().inject('/nothing')
  t.equal(answer.statusCode, 404)
  t.match(answer.json(), { error: 'not_found' })
})

test('another method than those of a path is 405 with Allow, whatever part of the service has the path [A-TP-07]', async (t) => {
  const app = server()
  await app.register(async (part) => {
    part.get('/things/:id', async () => 'thing')
    part.delete('/things/:id', async () => 'gone')
    part.post('/things/:id/parts', async () => 'part')
    part.get('/a.b', async () => 'dotted')
  })
  for (const [method, url, allow] of [
    ['POST', '/healthz', 'GET, HEAD'],
    ['OPTIONS', '/metrics', 'GET, HEAD'],
    ['PUT', '/things/1?x=/things', 'GET, HEAD, DELETE'],
    ['POST', '/things/a%20b', 'GET, HEAD, DELETE'],
    ['GET', '/things/1/parts', 'POST'],
  ] as const) {
    const answer = await app.inject({ method, url })
    t.equal(answer.statusCode, 405, `${method} ${url}`)
    t.equal(answer.headers.allow, allow)
    t.match(answer.json(), { error: 'invalid_request', request_id: String })
  }
  for (const url of ['/things', '/things/1/2', '/aXb', '/things/', '/things/1/parts/2', '/']) {
    const answer = await app.inject({ method: 'POST', url })
    t.equal(answer.statusCode, 404, url)
    t.notOk('allow' in answer.headers)
  }
})

test('/metrics is Prometheus text', async (t) => {
  const metrics = createMetrics({ process: false })
  metrics.counter('gatehouse_test_total', 'A test.').inc()
  const app = createServer({ log: silentLogger, metrics, ready: [] })
  const answer = await app.inject('/metrics')
  t.match(answer.headers['content-type'], /text\/plain/)
  t.match(answer.body, /gatehouse_test_total 1/)
})

test('what cannot be read as HTTP, as a path or as UTF-8 is refused in JSON with a request id', async (t) => {
  const app = server()
  t.teardown(() => app.close())
  app.post('/echo', async ({ body }) => body)
  const json = { 'content-type': 'application/json' }
  const bytes = await app.inject({
    method: 'POST',
    url: '/echo',
    headers: json,
    payload: Buffer.from('"\xff"', 'latin1'),
  })
  t.equal(bytes.statusCode, 400)
  t.match(bytes.json(), { error: 'invalid_request', request_id: String })
  t.equal((await app.inject({ method: 'POST', url: '/echo', headers: json, payload: '{"a":"é"}' })).body, '{"a":"é"}')
  const path = await app.inject('/%zz<script>')
  t.equal(path.statusCode, 400)
  t.match(path.json(), { error: 'invalid_request', request_id: path.headers['x-request-id'] })
  t.notMatch(path.body, '<script')
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  for (const [sent, status] of [
    ['nonsense\r\n\r\n', '400'],
    [`GET / HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(65_536)}\r\n\r\n`, '431'],
  ]) {
    const answer = await onSocket(Number(port), String(sent))
    t.ok(answer.startsWith(`HTTP/1.1 ${status} `))
    t.match(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), { error: 'invalid_request', request_id: String })
  }
})

test('what cannot be read is never answered in the place of a request that came before it', async (t) => {
  const app = server()
  t.teardown(() => app.close())
  let release: () => void = () => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  app.get('/slow/:n', async ({ params }) => {
    await released
    return { answers: (params as { n: string }).n }
  })
  app.get('/stream', (_, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/plain' })
    reply.raw.write('begun')
    void released.then(() => reply.raw.end(', ended'))
  })
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`
  const garbage = 'nonsense\r\n\r\n'
  let read = 0
  app.server.on('clientError', () => {
    read += 1
    if (read === 3) release()
  })
  const [one, two, streamed] = await Promise.all([
    onSocket(Number(port), get('/slow/1') + garbage),
    onSocket(Number(port), get('/slow/1') + get('/slow/2') + garbage),
    onSocket(Number(port), get('/stream') + garbage),
  ])
  const statuses = (said: string) => [...said.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
  t.same(statuses(one), ['200', '400'])
  t.match(one, /{"answers":"1"}HTTP/)
  t.same(statuses(two), ['200', '200', '400'])
  t.match(two, /{"answers":"2"}HTTP/)
  t.same(statuses(streamed), ['200', '400'])
  t.match(streamed, /begun\r\n7\r\n, ended\r\n0\r\n\r\nHTTP/)
})

/** Everything that the server says to these bytes until it closes. */
function onSocket(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket
      .on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
      .on('close', () => resolve(said))
      .on('error', reject)
  })
}

test('half a request does not hold its connection for ever', async (t) => {
  const app = server()
  t.teardown(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.ok(app.server.requestTimeout > 0 && app.server.requestTimeout <= 60_000)
})
