import type { AddressInfo } from 'node:net'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { type Test, test } from 'tap'
import { createServer } from './server.ts'

const QUIET_MS = 2_000

async function open(t: Test) {
  const server = createServer({ log: silentLogger, metrics: createMetrics({ process: false }), ready: [] })
  server.direct('/direct', ['POST'], ({ response }) => response.end('direct'))
  server.get('/routed', async () => 'routed')
  await server.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => server.close())
  const { port } = server.server.address() as AddressInfo
  const ask = async (path: string): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: path === '/direct' ? 'POST' : 'GET' })
    await answer.text()
    return answer.status
  }
  return { server, ask }
}

test('a server that leaves is quiet when no request comes any more; who asks for its health does not count', async (t) => {
  const { server, ask } = await open(t)
  server.leave()
  let asked = 0
  let quiet = false
  const waited = server.quiet(QUIET_MS, 120_000).then((was) => {
    quiet = was
    return asked
  })
  const began = performance.now()
  // For longer than it would be quiet without them.
  while (performance.now() - began < 1.5 * QUIET_MS) {
    for (const path of ['/direct', '/routed']) await ask(path)
    asked += 1
  }
  t.equal(quiet, false, 'while requests come')
  while (!quiet) await ask('/readyz')
  t.equal(await waited, asked)
})

test('requests that never end are not waited for longer than was said', async (t) => {
  const { server, ask } = await open(t)
  server.leave()
  let over = false
  const waited = server.quiet(2_000, 100).finally(() => {
    over = true
  })
  while (!over) await ask('/routed')
  t.equal(await waited, false)
})
