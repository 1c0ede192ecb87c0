import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { type Test, test } from 'tap'
import { createServer } from './server.ts'

const releaseAll = (held: readonly (() => void)[]): void => {
  for (const go of held) go()
}

/** A server with a path of each sort, and one kept connection to it. */
async function open(t: Test, more: { readonly keepAliveMs?: number } = {}) {
  const server = createServer({ log: silentLogger, metrics: createMetrics({ process: false }), ready: [], ...more })
  let enter: () => void = () => undefined
  const entered = new Promise<void>((resolve) => {
    enter = resolve
  })
  const held: (() => void)[] = []
  server.get('/slow', async () => {
    enter()
    await new Promise<void>((resolve) => held.push(resolve))
    return 'done'
  })
  server.direct('/direct', ['POST'], ({ response }) => response.end('direct'))
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => {
    agent.destroy()
    return server.close()
  })
  const ask = async (method: string, path: string, on: Agent | false = agent) => {
    const asking = request({ host: '127.0.0.1', port, method, path, agent: on })
    asking.end()
    const [answer] = (await once(asking, 'response')) as [IncomingMessage]
    answer.resume()
    await once(answer, 'end')
    return answer
  }
  return { server, ask, entered, release: () => releaseAll(held) }
}

test('a server that is about to leave answers, and gives each connection up with its answer', async (t) => {
  const { server, ask } = await open(t)
  for (const [method, path] of [
    ['POST', '/direct'],
    ['GET', '/healthz'],
  ] as const) {
    t.equal((await ask(method, path)).headers.connection, 'keep-alive')
  }
  server.leave()
  for (const [method, path] of [
    ['POST', '/direct'],
    ['GET', '/healthz'],
  ] as const) {
    const answer = await ask(method, path)
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers.connection, 'close')
  }
})

test('connections are kept for longer than common balancers keep theirs, so that these close first, or for as long as is said', async (t) => {
  const { server } = await open(t)
  t.ok(server.server.keepAliveTimeout > 65_000)
  const other = await open(t, { keepAliveMs: 620_000 })
  t.equal(other.server.server.keepAliveTimeout, 620_000)
})

test('what runs when a server closes is answered before it is closed', async (t) => {
  const { server, ask, entered, release } = await open(t)
  const running = ask('GET', '/slow')
  await entered
  const closing = server.close()
  release()
  t.equal((await running).statusCode, 200)
  await closing
})

test('who has connected before a server closes is answered, although nobody has looked for it yet', async (t) => {
  const { server } = await open(t)
  const { port } = server.server.address() as AddressInfo
  const answers = Array.from({ length: 30 }, () => {
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    return new Promise<string>((resolve) => {
      let text = ''
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      socket.on('error', (error) => resolve(String(error)))
      socket.on('close', () => resolve(text))
    })
  })
  const closing = new Promise((resolve) => server.server.close(resolve))
  for (const answer of await Promise.all(answers)) t.match(answer, /^HTTP\/1\.1 200 /)
  await closing
})
