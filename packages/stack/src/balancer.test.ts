import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { freePort } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { createBalancer } from './balancer.ts'

const listen = (t: Test, server: Server): Promise<string> => {
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  // Longer than any test: a connection that the other side keeps must not be closed under its next request.
  server.keepAliveTimeout = 120_000
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}

const routes = [{ path: '/mcp', service: 'mcp' }] as const

const balance = (t: Test, mcp: readonly string[], pick?: (count: number) => number): Promise<string> =>
  listen(
    t,
    createBalancer({ routes, targets: () => ({ auth: [], audit: [], mcp }), ...(pick === undefined ? {} : { pick }) }),
  )

test('a node that refuses the connection is passed over, with the whole body', async (t) => {
  const alive = await listen(
    t,
    createServer((request, response) => request.pipe(response)),
  )
  const dead = `http://127.0.0.1:${await freePort()}`
  const front = await balance(t, [dead, alive], () => 0)
  const body = 'x'.repeat(300_000)
  const answer = await fetch(`${front}/mcp`, { method: 'POST', body })
  t.equal(await answer.text(), body)
})

test('no node: 503 with Retry-After; no route: 404; both in JSON', async (t) => {
  const front = await balance(t, [`http://127.0.0.1:${await freePort()}`])
  const away = await fetch(`${front}/mcp`)
  t.equal(away.status, 503)
  t.ok(away.headers.get('retry-after'))
  t.match(await away.json(), { error: 'temporarily_unavailable' })
  const nowhere = await fetch(`${front}/nothing`)
  t.equal(nowhere.status, 404)
  t.match(await nowhere.json(), { error: 'not_found' })
})

test('what a node refuses comes through to the byte: status, challenge and the JSON-RPC error in the body [CF-21]', async (t) => {
  const node = await listen(
    t,
    createServer((request, response) => {
      const status = Number(request.headers['x-status'])
      const headers = { 'content-type': 'application/json', 'www-authenticate': 'Bearer x="y"', 'retry-after': '7' }
      const error = { code: -32_000 - status, message: 'Not now — später', data: { status } }
      response.writeHead(status, headers).end(JSON.stringify({ jsonrpc: '2.0', id: 'a', error }))
    }),
  )
  const front = await balance(t, [node])
  for (const status of [400, 401, 403, 404, 405, 406, 413, 415, 423, 429, 500, 503]) {
    const asked = { method: 'POST', headers: { 'x-status': String(status) }, body: '{}' }
    const [direct, through] = [await fetch(`${node}/mcp`, asked), await fetch(`${front}/mcp`, asked)]
    t.equal(through.status, status)
    for (const name of ['content-type', 'www-authenticate', 'retry-after'])
      t.equal(through.headers.get(name), direct.headers.get(name), name)
    t.equal(await through.text(), await direct.text(), String(status))
  }
})

test('a stream passes through as it is written, and its end reaches the node when the client goes', async (t) => {
  let left = () => {}
  const gone = new Promise<void>((resolve) => {
    left = resolve
  })
  const node = await listen(
    t,
    createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(': hello\n\n')
      response.once('close', () => left())
    }),
  )
  const front = await balance(t, [node])
  const leave = new AbortController()
  const answer = await fetch(`${front}/mcp`, { signal: leave.signal })
  const first = await answer.body?.getReader().read()
  t.equal(new TextDecoder().decode(first?.value), ': hello\n\n', 'before the stream has ended')
  leave.abort()
  await gone
})

test('what a client says of itself in forwarded headers does not get through', async (t) => {
  const node = await listen(
    t,
    createServer((request, response) => response.end(JSON.stringify(request.headers))),
  )
  const front = await balance(t, [node])
  const answer = await fetch(`${front}/mcp`, { headers: { 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6' } })
  const seen = (await answer.json()) as Record<string, string>
  t.equal(seen['x-forwarded-for'], '127.0.0.1')
  t.notOk(seen.forwarded)
})

test('trailers that a request announces are left out, and the balancer lives on', async (t) => {
  const node = await listen(
    t,
    createServer((request, response) => response.end(JSON.stringify(request.headers))),
  )
  const { port } = new URL(await balance(t, [node]))
  // On the wire: a client of Node refuses to announce trailers of a body that does not come in chunks.
  const answer = await new Promise<string>((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), '127.0.0.1')
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    socket.once('error', reject).once('close', () => resolve(text))
    socket.write('GET /mcp HTTP/1.1\r\nHost: a\r\nTrailer: X-Last\r\nConnection: close\r\n\r\n')
  })
  t.match(answer, 'HTTP/1.1 200')
  t.notMatch(answer, 'X-Last')
})
