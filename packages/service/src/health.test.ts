import { type AddressInfo, createServer as createSocket } from 'node:net'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { test } from 'tap'
import { healthOf } from './health.ts'
import type { Closeable } from './run.ts'
import { createServer } from './server.ts'

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createSocket()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const PATHS = ['/healthz', '/readyz', '/metrics']

test('on a port of their own the three paths are nowhere else, from the start of the process to its end', async (t) => {
  const metrics = createMetrics({ process: false })
  const port = await freePort()
  const opened: Closeable[] = []
  const health = await healthOf({ HOST: '127.0.0.1', HEALTH_PORT: port }, { log: silentLogger, metrics }, (thing) => {
    opened.push(thing)
    return thing
  })
  t.teardown(async () => {
    for (const thing of opened) await thing.close()
  })
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  t.equal((await ask('/healthz')).status, 200)
  t.match(await ask('/readyz'), { status: 503, text: /the service starts/ })

  let holds = true
  const check = async () => {
    if (!holds) throw new Error('away')
  }
  const server = createServer({ log: silentLogger, metrics, ready: [{ name: 'bus', check }], health })
  for (const path of PATHS) t.equal((await server.inject(path)).statusCode, 404, path)
  t.match(await ask('/readyz'), { status: 200, text: /"ready"/ })
  t.match((await ask('/metrics')).text, 'gatehouse_ready{check="bus"} 1')
  holds = false
  t.match(await ask('/readyz'), { status: 503, text: /"bus","error":"away"/ })
  t.match((await ask('/metrics')).text, 'gatehouse_ready{check="bus"} 0')

  holds = true
  await server.close()
  t.equal((await ask('/healthz')).status, 200, 'a process that closes lives')
  t.match(await ask('/readyz'), { status: 503, text: /the service ends/ })
})

test('without one they are where everything is', async (t) => {
  const metrics = createMetrics({ process: false })
  const options = { log: silentLogger, metrics }
  t.equal(await healthOf({ HOST: '127.0.0.1' }, options, (thing) => thing), undefined)
  const server = createServer({ ...options, ready: [] })
  for (const path of PATHS) t.equal((await server.inject(path)).statusCode, 200, path)
})

test('answers are timed by route and class of status, without what stands in the path', async (t) => {
  const metrics = createMetrics({ process: false })
  const server = createServer({ log: silentLogger, metrics, ready: [] })
  server.get('/things/:id', async () => 'thing')
  await server.inject('/things/secret-1')
  await server.inject('/nothing/secret-2')
  const { body } = await metrics.expose()
  t.match(body, 'gatehouse_http_request_seconds_count{method="GET",route="/things/:id",status="2xx"} 1')
  t.match(body, 'gatehouse_http_request_seconds_count{method="GET",route="none",status="4xx"} 1')
  t.notMatch(body, 'secret')
})
