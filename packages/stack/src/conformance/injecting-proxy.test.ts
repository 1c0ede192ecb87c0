import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Test, test } from 'tap'
import { startInjectingProxy } from './injecting-proxy.ts'
import { framesOf } from './request-frames.ts'

const POST = 'POST /mcp HTTP/1.1\r\nhost: evil.example\r\nMCP-NAME:   a tool  \r\nContent-Length: 4\r\n\r\nbody'
const TOLD = POST.replace('1.1\r\n', '1.1\r\nAuthorization: Bearer t\r\n')

const rewritten = (chunks: readonly string[], authorization: string | undefined = 'Bearer t'): string => {
  const rewrite = framesOf(() => authorization)
  return chunks.map((chunk) => rewrite(Buffer.from(chunk)).toString()).join('')
}

test('each request of a connection gets the credential, and nothing else of it changes [CF-20]', async (t) => {
  t.equal(rewritten([POST]), TOLD)
  t.equal(rewritten([POST + POST]), TOLD + TOLD)
  t.equal(rewritten([...(POST + POST)]), TOLD + TOLD, 'byte by byte')
  t.equal(rewritten(['GET / HTTP/1.1\r\n\r\n', POST]), `GET / HTTP/1.1\r\nAuthorization: Bearer t\r\n\r\n${TOLD}`)
})

test('a request with a credential of its own keeps it, and without one to add nothing is added', async (t) => {
  const own = POST.replace('host:', 'authorization: Basic x\r\nhost:')
  t.equal(rewritten([own]), own)
  const rewrite = framesOf(() => undefined)
  t.equal(rewrite(Buffer.from(POST)).toString(), POST)
})

test('a body that looks like a head passes as it is, in chunks too', async (t) => {
  const inner = 'GET / HTTP/1.1\r\n\r\n'
  const long = `POST / HTTP/1.1\r\ncontent-length: ${inner.length}\r\n\r\n`
  t.ok(rewritten([long + inner]).endsWith(`\r\n\r\n${inner}`))
  const chunked = 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n'
  t.ok(rewritten([chunked, inner]).endsWith(`\r\n\r\n${inner}`))
})

/** A server that keeps what it is sent and lets the test answer. */
async function listening(t: Test) {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { server, sockets, target: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } }
}

test('what the server sends arrives as it comes, and either end closes the other', async (t) => {
  const { server, sockets, target } = await listening(t)
  const proxy = await startInjectingProxy()
  t.teardown(() => proxy.close())
  Object.assign(proxy, { target, authorization: 'Bearer t' })
  const client = connect(proxy.port, '127.0.0.1')
  client.write(POST)
  if (sockets.length === 0) await once(server, 'connection')
  const [upstream] = sockets
  if (upstream === undefined) throw new Error('nobody came')
  t.equal(String((await once(upstream, 'data'))[0]), TOLD)
  upstream.write('data: 1\n\n')
  t.equal(String((await once(client, 'data'))[0]), 'data: 1\n\n', 'before the answer ended')
  // Without an orderly end.
  client.resetAndDestroy()
  await once(upstream, 'close')
  t.ok(upstream.destroyed)
})

test('without a place to go a connection is closed', async (t) => {
  const proxy = await startInjectingProxy()
  t.teardown(() => proxy.close())
  const client = connect(proxy.port, '127.0.0.1')
  await once(client, 'close')
  t.pass('closed')
})
