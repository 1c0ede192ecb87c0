import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { routes, type ServiceName } from '@gatehouse/contracts'
import { loadProfile } from '@gatehouse/profiles'
import { eventually, temporaryFolder } from '@gatehouse/testkit'
import { t as file, type Test, test } from 'tap'
import { NO_NGINX, startNginxBalancer } from '../cluster/nginx.ts'
import { ask } from '../scenarios/wire.ts'

const SOON = 30_000
const skip = NO_NGINX
/** After so many seconds without a word a node is given up; a stream says something so often in a little more than that. */
const SILENT_S = 3
const SAID = 12
file.setTimeout(120_000)

type Answering = (incoming: IncomingMessage, outgoing: ServerResponse) => void

interface Upstream {
  readonly server: Server
  /** Requests that reached it. */
  readonly seen: IncomingMessage[]
}

/** nginx with the files of compose, before processes that do as a test says. */
async function open(t: Test, more: { readonly silent?: number } = {}) {
  const targets: Record<ServiceName, string[]> = { auth: [], mcp: [], audit: [] }
  const folder = temporaryFolder(t)
  const nginx = await startNginxBalancer({
    folder,
    port: 0,
    routes: routes(loadProfile('align')),
    targets: () => targets,
    ...more,
  })
  t.teardown(() => nginx.close())
  return {
    url: nginx.url,
    log: () => readFileSync(nginx.logFile, 'utf8'),
    /** One more process of a service. `undefined`: nobody listens there. */
    async upstream(service: ServiceName, answering: Answering | undefined): Promise<Upstream> {
      const { host, port } = await nginx.place(service)
      const seen: IncomingMessage[] = []
      const server = createServer((incoming, outgoing) => {
        seen.push(incoming)
        answering?.(incoming, outgoing)
      })
      if (answering !== undefined) {
        await new Promise<void>((resolve) => server.listen(port, host, resolve))
        t.teardown(() => {
          server.closeAllConnections()
          return new Promise((resolve) => server.close(resolve))
        })
      }
      targets[service].push(`http://${host}:${port}`)
      return { server, seen }
    },
  }
}

const well: Answering = (incoming, outgoing) => {
  incoming.resume()
  incoming.on('end', () => outgoing.end('{"well":true}'))
}
/** Takes the whole request, and dies of it. */
const dying: Answering = (incoming) => {
  incoming.resume()
  incoming.on('end', () => incoming.socket.destroy())
}
const REPEATED = 20
/** One after the other: what comes while nginx asks for a name goes to one address together. */
async function times<T>(body: () => Promise<T>): Promise<T[]> {
  const found: T[] = []
  while (found.length < REPEATED) found.push(await body())
  return found
}

test('nginx as in compose: a call that a node took and did not answer is sent to no other; one that no node took is', {
  skip,
}, async (t) => {
  const { url, upstream } = await open(t)
  const [dies, lives] = [await upstream('mcp', dying), await upstream('mcp', well)]
  const calls = await times(() => ask(`${url}/mcp`, { method: 'POST', body: '{"a":"call"}' }))
  const lost = calls.filter(({ status }) => status === 502).length
  t.ok(dies.seen.length > 0 && lives.seen.length > 0, 'both were asked')
  t.equal(lost, dies.seen.length, 'what was sent to the one that dies is answered 502')
  t.equal(lost + lives.seen.length, REPEATED, 'and sent once')
  dies.server.close()
  await eventually(SOON, 'nobody to listen there', () => !dies.server.listening)
  const passed = await times(() => ask(`${url}/mcp`, { method: 'POST', body: '{"a":"call"}' }))
  t.ok(
    passed.every(({ status }) => status === 200),
    'who does not listen is passed over',
  )
})

test('nginx as in compose: what may be repeated is asked of another node', { skip }, async (t) => {
  const { url, upstream } = await open(t)
  const dies = await upstream('auth', dying)
  await upstream('auth', well)
  const asked = await times(() => ask(`${url}/.well-known/oauth-authorization-server`))
  t.ok(dies.seen.length > 0)
  t.ok(asked.every(({ status }) => status === 200))
})

test('nginx as in compose: a stream is passed on frame by frame, a request too, and when a client goes its node is told', {
  skip,
}, async (t) => {
  const { url, upstream } = await open(t)
  let stream: ServerResponse | undefined
  const { seen } = await upstream('mcp', (incoming, outgoing) => {
    incoming.resume()
    incoming.on('end', () => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
      outgoing.write('data: first\n\n')
      stream = outgoing
    })
  })
  const { hostname, port } = new URL(url)
  const asking = request({ hostname, port, method: 'POST', path: '/mcp', headers: { host: new URL(url).host } })
  asking.on('error', () => undefined)
  asking.write('{"begun"')
  await eventually(SOON, 'the node to have the head of a request that is not whole', () => seen.length === 1)
  asking.end(':1}')
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  const frames: string[] = []
  answer.on('data', (chunk: Buffer) => frames.push(chunk.toString()))
  await eventually(SOON, 'the first frame', () => frames.join('') === 'data: first\n\n')
  stream?.write('data: second\n\n')
  await eventually(SOON, 'the second, while the stream goes on', () => frames.join('').includes('second'))
  let gone = false
  stream?.once('close', () => {
    gone = true
  })
  asking.destroy()
  await eventually(SOON, 'the node to be told', () => gone)
  t.equal(answer.headers['content-type'], 'text/event-stream')
})

test('nginx as in compose: a node that hangs is given up after its time, its call sent to no other; a stream that goes on saying something is not', {
  skip,
}, async (t) => {
  const { url, upstream } = await open(t, { silent: SILENT_S })
  const hangs = await upstream('mcp', (incoming, outgoing) => {
    if (incoming.headers.accept !== 'text/event-stream') return
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    let said = 0
    const saying = setInterval(
      () => {
        said += 1
        outgoing.write(': keep-alive\n\n')
        if (said < SAID) return
        clearInterval(saying)
        outgoing.end()
      },
      (SILENT_S * 1_000 * 1.2) / SAID,
    )
  })
  const [call, stream] = await Promise.all([
    ask(`${url}/mcp`, { method: 'POST', body: '{}', withinMs: SOON }),
    ask(`${url}/mcp`, { headers: { accept: 'text/event-stream' }, withinMs: SOON }),
  ])
  t.equal(call.status, 504)
  t.equal(hangs.seen.filter(({ method }) => method === 'POST').length, 1)
  t.equal(stream.text, ': keep-alive\n\n'.repeat(SAID))
})

test('nginx as in compose: a query and an answer may have as long a head as the services take, and a log tells no query', {
  skip,
}, async (t) => {
  const { url, upstream, log } = await open(t)
  const state = 's'.repeat(12_000)
  const { seen } = await upstream('auth', (_incoming, outgoing) => {
    outgoing.writeHead(303, { location: `https://client.example/callback?state=${state}` }).end()
  })
  await upstream('mcp', dying)
  const redirected = await ask(`${url}/oauth/authorize?state=${state}`)
  t.equal(redirected.status, 303)
  t.equal(seen[0]?.url, `/oauth/authorize?state=${state}`)
  t.ok(redirected.headers.location?.endsWith(state))
  t.match(seen[0]?.headers, {
    host: new URL(url).host,
    'x-forwarded-host': new URL(url).host,
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
  })
  const forged = { 'x-forwarded-for': '10.0.0.1', 'x-forwarded-host': 'elsewhere.example' }
  await ask(`${url}/oauth/token`, { headers: forged })
  t.match(seen[1]?.headers, { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': new URL(url).host })
  t.equal((await ask(`${url}/mcp?api_key=align_secret`, { method: 'POST' })).status, 502)
  await eventually(SOON, 'its line', () => log().includes('"POST /mcp" 502'))
  t.notMatch(log(), /align_secret|ssss/)
})

test('nginx as in compose: it answers for nobody but the hosts that were named', { skip }, async (t) => {
  const { url, upstream } = await open(t)
  await upstream('mcp', well)
  t.equal((await ask(`${url}/mcp`, { headers: { host: 'elsewhere.example' } })).status, 404)
  t.same((await ask(`${url}/up`, { headers: { host: '127.0.0.1:8080' } })).json(), { status: 'up' })
  t.equal((await ask(`${url}/nothing`)).status, 404)
  t.equal((await ask(`${url}/mcp`)).status, 200)
})
