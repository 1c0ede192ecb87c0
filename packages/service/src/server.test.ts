import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { test } from 'tap'
import { createServer, type ReadyCheck } from './server.ts'

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

test('/metrics is Prometheus text', async (t) => {
  const metrics = createMetrics({ process: false })
  metrics.counter('gatehouse_test_total', 'A test.').inc()
  const app = createServer({ log: silentLogger, metrics, ready: [] })
  const answer = await app.inject('/metrics')
  t.match(answer.headers['content-type'], /text\/plain/)
  t.match(answer.body, /gatehouse_test_total 1/)
})
