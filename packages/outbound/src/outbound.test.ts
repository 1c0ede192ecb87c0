import type { RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type Test, test } from 'tap'
import { connectDirectly } from './connect.ts'
import { createOutbound, type Fault, type OutboundOptions } from './outbound.ts'
import { selfSigned } from './testing/certificate.ts'
import { jsonHost, openWeb, PUBLIC } from './testing/web.ts'

const LIMIT = { maxBytes: 5_000 }
const head =
  (status: number, headers: Record<string, string | string[]>, body = '{}'): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body)
const JSON_HEAD = { 'content-type': 'application/json' }

/** What a hostile host may answer, and what comes of it. */
const ANSWERS: readonly (readonly [what: string, answer: RequestListener, fault: Fault])[] = [
  ['301 to a private address', head(301, { location: 'https://10.0.0.1/' }), 'redirect'],
  ['302 to the same host', head(302, { location: '/other' }), 'redirect'],
  ['303', head(303, { location: '/' }), 'redirect'],
  ['307 to http', head(307, { location: 'http://169.254.169.254/latest' }), 'redirect'],
  ['308', head(308, { location: '/' }), 'redirect'],
  ['304 without a copy', head(304, {}), 'redirect'],
  ['201', head(201, JSON_HEAD), 'status'],
  ['204', head(204, {}), 'status'],
  ['206', head(206, JSON_HEAD), 'status'],
  ['403 of a bot wall', head(403, JSON_HEAD), 'status'],
  ['404', head(404, JSON_HEAD), 'status'],
  ['500', head(500, JSON_HEAD), 'status'],
  ['a page', head(200, { 'content-type': 'text/html' }), 'type'],
  ['JSON that says it is text', head(200, { 'content-type': 'text/plain' }), 'type'],
  ['no type', head(200, {}), 'type'],
  ['a type that only begins as JSON', head(200, { 'content-type': 'application/jsonp' }), 'type'],
  ['JSON in another character set', head(200, { 'content-type': 'application/json; charset=utf-7' }), 'type'],
  ['gzip although not asked for', head(200, { ...JSON_HEAD, 'content-encoding': 'gzip' }), 'encoding'],
  [
    'a gzip bomb',
    (_request, response) =>
      void response
        .writeHead(200, { ...JSON_HEAD, 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(1 << 20, ' '))),
    'encoding',
  ],
  ['brotli', head(200, { ...JSON_HEAD, 'content-encoding': 'br' }), 'encoding'],
  ['two encodings', head(200, { ...JSON_HEAD, 'content-encoding': 'identity, gzip' }), 'encoding'],
  ['one byte too many', head(200, JSON_HEAD, `"${'x'.repeat(4_999)}"`), 'too-large'],
  [
    'a body without an end',
    (_request, response) => {
      response.writeHead(200, JSON_HEAD)
      const more = () => void (response.destroyed || response.write('[1,'.repeat(1_000), () => setImmediate(more)))
      more()
    },
    'too-large',
  ],
  [
    'a length that is told too large',
    (_request, response) => void response.writeHead(200, { ...JSON_HEAD, 'content-length': '9999999' }).write('{'),
    'too-large',
  ],
  ['headers without an end', head(200, { ...JSON_HEAD, 'x-much': 'x'.repeat(20_000) }), 'broken'],
  [
    'a body that breaks off',
    (_request, response) => {
      response.writeHead(200, { ...JSON_HEAD, 'content-length': '100' })
      response.write('{"a":1}', () => response.destroy())
    },
    'broken',
  ],
  ['no answer', (_request, response) => void response.destroy(), 'broken'],
  ['not JSON', head(200, JSON_HEAD, '<html>'), 'malformed'],
  ['nothing', head(200, JSON_HEAD, ''), 'malformed'],
  ['a member twice', head(200, JSON_HEAD, '{"client_id":"a","client_id":"b"}'), 'malformed'],
  ['nested without an end', head(200, JSON_HEAD, '['.repeat(2_400) + ']'.repeat(2_400)), 'malformed'],
]

test('a hostile answer gives a fault of its own, after one request and no second connection [A-CI-03, A-CI-04, A-CI-05, A-CI-12]', async (t) => {
  for (const [what, answer, fault] of ANSWERS) {
    const web = await openWeb(t, { 'a.example': answer, 'b.example': jsonHost({}) })
    const got = await createOutbound(web.options).getJson('https://a.example/x', LIMIT)
    t.match(got, { ok: false, fault }, what)
    t.same(web.requests, ['a.example/x'], what)
  }
})

test('a slow head and a slow body end at the one deadline [A-CI-13]', async (t) => {
  const slow: Record<string, RequestListener> = {
    'no head': () => {},
    'no body': (_request, response) => void response.writeHead(200, JSON_HEAD).flushHeaders(),
    'a drop at a time': (_request, response) => {
      response.writeHead(200, JSON_HEAD)
      const drip = setInterval(() => response.write(' '), 5)
      response.on('close', () => clearInterval(drip))
    },
    'interim answers': (_request, response) => {
      const drip = setInterval(() => response.writeProcessing(), 5)
      response.on('close', () => clearInterval(drip))
    },
  }
  for (const [what, answer] of Object.entries(slow)) {
    const web = await openWeb(t, { 'a.example': answer })
    const outbound = createOutbound({ ...web.options, limits: { totalMs: 100 } })
    t.match(await outbound.getJson('https://a.example/x', LIMIT), { ok: false, fault: 'timeout' }, what)
  }
  const silent = createOutbound({ resolve: () => new Promise(() => {}), limits: { totalMs: 20 } })
  t.match(await silent.getJson('https://a.example/x', LIMIT), { ok: false, fault: 'timeout' }, 'the lookup')
  const stuck = createOutbound({
    resolve: async () => [PUBLIC],
    connect: (_target, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    limits: { totalMs: 20 },
  })
  t.match(await stuck.getJson('https://a.example/x', LIMIT), { ok: false, fault: 'timeout' }, 'the connection')
})

/** Addresses that a name may lead to, of which none may be connected to. */
const ADDRESSES: readonly (readonly string[])[] = [
  ['127.0.0.1'],
  ['10.1.2.3'],
  ['172.20.0.1'],
  ['192.168.0.1'],
  ['169.254.169.254'],
  ['100.100.100.200'],
  ['0.0.0.0'],
  ['::1'],
  ['::ffff:10.0.0.1'],
  ['64:ff9b::a00:1'],
  ['2002:a00:1::'],
  ['fd00:ec2::254'],
  ['fe80::1%lo'],
  [PUBLIC, '10.0.0.1'],
  ['10.0.0.1', PUBLIC],
  ['not an address'],
]

test('a name that leads inside, by one of its addresses even, is never connected to [A-CI-10, A-CI-11, S-SB-11]', async (t) => {
  for (const addresses of ADDRESSES) {
    const web = await openWeb(t, { 'a.example': jsonHost({}) })
    const outbound = createOutbound({ ...web.options, resolve: async () => addresses })
    t.match(await outbound.getJson('https://a.example/x', LIMIT), { ok: false, fault: 'address' }, addresses.join())
    t.same(web.connections, [], addresses.join())
  }
})

test('an address in the place of a name is judged as well, in every spelling [A-CI-10]', async (t) => {
  const web = await openWeb(t)
  const outbound = createOutbound({ ...web.options, resolve: () => Promise.reject(t.fail('was looked up')) })
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '[::ffff:7f00:1]',
    '169.254.169.254',
    '①②⑦.0.0.1',
  ])
    t.match(await outbound.getJson(`https://${host}/x`, LIMIT), { ok: false, fault: 'address' }, host)
  t.same(web.connections, [])
})

test('the connection goes to the address that was judged, also when the name leads inside a moment later [A-CI-10, S-SB-11]', async (t) => {
  const web = await openWeb(t, { 'a.example:8443': jsonHost({ good: true }) })
  const answers = [[PUBLIC], ['127.0.0.1']]
  const outbound = createOutbound({ ...web.options, resolve: async () => answers.shift() ?? [] })
  t.match(await outbound.getJson('https://a.example:8443/x', LIMIT), { ok: true, value: { good: true } })
  t.same(web.connections, [{ address: PUBLIC, port: 8443, name: 'a.example' }])
  t.match(await outbound.getJson('https://a.example:8443/x', LIMIT), { fault: 'address' })
})

test('only https, without user name or fragment; http on this machine only where that is allowed', async (t) => {
  const web = await openWeb(t, { 'localhost:1': jsonHost(1) })
  const strict = createOutbound(web.options)
  for (const url of [
    'http://a.example/x',
    'http://localhost:1/x',
    'https://user@a.example/x',
    'https://:secret@a.example/x',
    'https://a.example/x#f',
    'https://a.example/x#',
    'ftp://a.example/x',
    'file:///etc/passwd',
    'data:application/json,{}',
    'javascript:1',
    'https://',
    'x',
    '',
    `https://a.example/${'x'.repeat(2_100)}`,
  ])
    t.match(await strict.getJson(url, LIMIT), { ok: false, fault: 'url' }, url.slice(0, 40))
  const loose = createOutbound({ ...web.options, resolve: async () => ['127.0.0.1'], loopback: true })
  t.match(await loose.getJson('http://localhost:1/x', LIMIT), { ok: true, value: 1 })
  t.match(await loose.getJson('http://a.example/x', LIMIT), { fault: 'url' })
  const inside = createOutbound({ ...web.options, resolve: async () => ['10.0.0.1'], loopback: true })
  t.match(await inside.getJson('https://a.example/x', LIMIT), { fault: 'address' })
})

test('nothing of ours goes along: no credential, cookie, or wish for an encoding [A-CI-13]', async (t) => {
  let headers: object = {}
  const web = await openWeb(t, {
    'a.example': (request, response) => {
      headers = request.headers
      response.writeHead(200, { 'content-type': 'application/cimd+json; charset=utf-8', 'set-cookie': 'a=b' }).end('{}')
    },
  })
  const outbound = createOutbound(web.options)
  t.match(await outbound.getJson('https://a.example/x?y=1', LIMIT), { ok: true })
  t.match(await outbound.getJson('https://a.example/x?y=1', LIMIT), { ok: true })
  t.same(headers, {
    host: 'a.example',
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'Gatehouse',
    connection: 'close',
  })
})

test('a thousand requests for one URL are one fetch; many URLs of one host do not all run at once [A-OP-01, A-CI-13]', async (t) => {
  const waiting: (() => void)[] = []
  const web = await openWeb(t, {
    'a.example': (request, response) => void waiting.push(() => jsonHost(request.url)(request, response)),
  })
  const outbound = createOutbound(web.options)
  const many = Array.from({ length: 1_000 }, () => outbound.getJson('https://a.example/one', LIMIT))
  const others = [2, 3, 4].map((n) => outbound.getJson(`https://a.example/${n}`, LIMIT))
  t.match(await outbound.getJson('https://a.example/5', LIMIT), { ok: false, fault: 'busy' })
  await until(() => waiting.length === 4)
  for (const answer of waiting.splice(0)) answer()
  t.equal(
    (await Promise.all(many)).every((got) => got.ok && got.value === '/one'),
    true,
  )
  await Promise.all(others)
  t.equal(web.requests.length, 4)
  const again = outbound.getJson('https://a.example/5', LIMIT)
  await until(() => waiting.length === 1)
  waiting[0]?.()
  t.match(await again, { ok: true, value: '/5' }, 'what is over makes room')
})

test('a failure is not remembered [A-CI-16]', async (t) => {
  const web = await openWeb(t, { 'a.example': head(500, {}) })
  const outbound = createOutbound(web.options)
  t.match(await outbound.getJson('https://a.example/x', LIMIT), { fault: 'status', status: 500 })
  web.hosts.set('a.example', jsonHost({ mended: true }))
  t.match(await outbound.getJson('https://a.example/x', LIMIT), { value: { mended: true } })
})

test('the next address is tried where the first cannot be reached', async (t) => {
  const web = await openWeb(t, { 'a.example': jsonHost(1) })
  const tried: string[] = []
  const outbound = createOutbound({
    resolve: async () => ['2606:4700::1111', PUBLIC],
    connect: async (target, signal) => {
      tried.push(target.address)
      if (target.address.includes(':')) throw new Error('no route')
      return web.options.connect(target, signal)
    },
  })
  t.match(await outbound.getJson('https://a.example/x', LIMIT), { ok: true })
  t.same(tried, ['2606:4700::1111', PUBLIC])
})

/** A real TLS server on this machine that names itself `name`. */
async function tlsServer(t: Test, name: string) {
  const { cert, key } = selfSigned(name)
  const server = createTlsServer({ cert, key, minVersion: 'TLSv1.2' }, (request, response) => {
    const { servername } = request.socket as unknown as { servername: string }
    jsonHost({ host: request.headers.host, servername })(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const { port } = server.address() as AddressInfo
  const through = (ca?: string): OutboundOptions => ({
    resolve: async () => [PUBLIC],
    connect: (target, signal) => connectDirectly(ca)({ ...target, address: '127.0.0.1' }, signal),
  })
  return { cert, port, through }
}

test('over TLS the other side proves the name, not the address [A-CI-13]', async (t) => {
  const server = await tlsServer(t, 'a.example')
  const url = `https://a.example:${server.port}/x`
  const trusted = createOutbound(server.through(server.cert))
  t.match(await trusted.getJson(url, LIMIT), {
    ok: true,
    value: { host: `a.example:${server.port}`, servername: 'a.example' },
  })
  t.match(await createOutbound(server.through()).getJson(url, LIMIT), { fault: 'connect' }, 'nobody vouches for it')
  t.match(await trusted.getJson(`https://b.example:${server.port}/x`, LIMIT), { fault: 'connect' }, 'another name')
  t.match(await trusted.getJson(`https://8.8.8.8:${server.port}/x`, LIMIT), { fault: 'connect' }, 'an address')
})

test('a port that is closed, or that speaks no TLS, is a fault and ends nothing', async (t) => {
  const server = createTcpServer(
    (socket) =>
      void socket
        .on('error', () => {})
        .resume()
        .end('220 mail\r\n'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const outbound = createOutbound({ resolve: async () => ['127.0.0.1'], loopback: true })
  t.match(await outbound.getJson(`https://localhost:${port}/x`, LIMIT), { fault: 'connect' })
  t.match(await outbound.getJson(`http://localhost:${port}/x`, LIMIT), { fault: 'broken' })
  await new Promise((resolve) => server.close(resolve))
  t.match(await outbound.getJson(`https://localhost:${port}/x`, LIMIT), { fault: 'connect' })
})

test('property: whatever a URL or an answer holds, the answer is a value', async (t) => {
  const web = await openWeb(t, {})
  const outbound = createOutbound({ ...web.options, resolve: async () => [] })
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string(), fc.webUrl({ withFragments: true, withQueryParameters: true })),
      async (url) => {
        const got = await outbound.getJson(url, LIMIT)
        return !got.ok && ['url', 'name', 'address', 'connect'].includes(got.fault)
      },
    ),
  )
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 200, max: 599 }), async (body, status) => {
      web.hosts.set('a.example', (_request, response) => void response.writeHead(status, JSON_HEAD).end(body))
      const got = await createOutbound(web.options).getJson('https://a.example/x', LIMIT)
      return got.ok ? status === 200 : true
    }),
    { numRuns: 50 },
  )
  t.pass('held')
})

async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setImmediate(resolve))
}
