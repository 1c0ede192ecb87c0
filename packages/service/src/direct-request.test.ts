import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { eventually } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import type { Arrival } from './arrival.ts'
import { giveBody } from './direct-request.ts'
import { createServer } from './server.ts'

type Serve = (arrival: Arrival) => void

/** A server with one direct path, and one connection to it. */
async function open(t: Test, serve: Serve) {
  const server = createServer({ log: silentLogger, metrics: createMetrics({ process: false }), ready: [] })
  server.direct('/direct', ['POST'], serve)
  await server.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  socket.setEncoding('latin1')
  let heard = ''
  socket.on('data', (text) => {
    heard += text
  })
  t.teardown(() => {
    socket.destroy()
    return server.close()
  })
  const answers = (count: number) =>
    eventually(2_000, `${count} answers`, () => {
      const bodies = heard.split('HTTP/1.1 200 OK\r\n').slice(1)
      const whole = bodies.map((answer) => answer.slice(answer.indexOf('\r\n\r\n') + 4))
      return whole.length === count && whole.every((body) => body.includes('.')) ? whole : undefined
    })
  return { socket, answers, heard: () => heard }
}

/** Answers with what came, in how many pieces, and a full stop. */
const echo: Serve = ({ request, response }) => {
  const pieces: string[] = []
  giveBody(request, {
    take: (chunk) => pieces.push(chunk.toString()) > 0,
    end: () => response.end(`${pieces.join('')}.`),
  })
}

const head = (length: number | 'chunked', more = ''): string =>
  `POST /direct HTTP/1.1\r\nhost: h\r\n${more}${length === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${length}`}\r\n\r\n`

test('a body is given whole: with its head, piece by piece, in chunks, and where there is none', async (t) => {
  const { socket, answers } = await open(t, echo)
  socket.write(`${head(3)}one`)
  await answers(1)
  socket.write(`${head(6)}tw`)
  await turn()
  socket.write('o')
  await turn()
  socket.write('two')
  await answers(2)
  socket.write(`${head('chunked')}2\r\nth\r\n3\r\nree\r\n0\r\n\r\n`)
  await answers(3)
  socket.write(head(0))
  await answers(4)
  socket.write(`${head(4, 'expect: 100-continue\r\n')}four`)
  const bodies = await answers(5)
  t.same(bodies.slice(0, 3), ['one.', 'twotwo.', 'three.'])
  t.match(bodies[3], /^\.HTTP\/1\.1 100 Continue/)
  t.equal(bodies[4], 'four.')
})

test('requests that come in one packet are answered each with its own body, in their order', async (t) => {
  const { socket, answers } = await open(t, echo)
  const names = Array.from({ length: 20 }, (_, n) => `body ${n}`)
  socket.write(names.map((name) => `${head(name.length)}${name}`).join(''))
  t.same(
    await answers(20),
    names.map((name) => `${name}.`),
  )
})

test('who asks late, when some of the body or all of it is there, is given it all the same', async (t) => {
  const asked: (() => void)[] = []
  const { socket, answers } = await open(t, (arrival) => {
    asked.push(() => echo(arrival))
  })
  const ask = async () => {
    const next = await eventually(2_000, 'a request', () => asked.shift())
    next()
  }
  socket.write(`${head(7)}one`)
  await eventually(2_000, 'a request', () => asked.length > 0)
  await turn()
  await ask()
  socket.write('-two')
  await answers(1)
  socket.write(`${head(5)}three`)
  await ask()
  t.same(await answers(2), ['one-two.', 'three.'])
})

test('what is not wanted is read and dropped, and the next request of the connection is served', async (t) => {
  const ends: string[] = []
  const { socket, answers } = await open(t, ({ request, response }) => {
    giveBody(request, {
      take(chunk) {
        if (chunk.length < 10_000) return true
        response.end('too large.')
        return false
      },
      end: () => {
        ends.push('end')
        response.end('taken.')
      },
    })
  })
  socket.write(head(1_000_000))
  for (let n = 0; n < 50; n += 1) {
    socket.write('x'.repeat(20_000))
    await turn()
  }
  socket.write(`${head(5)}small`)
  t.same(await answers(2), ['too large.', 'taken.'])
  t.same(ends, ['end'])
})

test('who answers before the body is whole is given the rest of it all the same', async (t) => {
  let length = 0
  let whole = false
  const { socket, answers } = await open(t, ({ request, response }) => {
    giveBody(request, {
      take(chunk) {
        if (length === 0) response.end('answered.')
        length += chunk.length
        return true
      },
      end: () => {
        whole = true
      },
    })
  })
  socket.write(`${head(8)}some`)
  await answers(1)
  socket.write('more')
  await eventually(2_000, 'the end', () => whole)
  t.equal(length, 8)
})

test('of a client that goes before its body is whole nothing is heard, and its request is aborted', async (t) => {
  const heard: string[] = []
  let request: IncomingMessage | undefined
  const { socket } = await open(t, (arrival) => {
    request = arrival.request
    giveBody(request, { take: (chunk) => heard.push(String(chunk)) > 0, end: () => heard.push('end') })
  })
  socket.write(`${head(10)}half`)
  await eventually(2_000, 'half of it', () => heard.length > 0)
  socket.destroy()
  await eventually(2_000, 'the end of the request', () => request?.destroyed)
  t.same(heard, ['half'])
  t.equal(request?.aborted, true)
})

test('a request that was given whole is no aborted one when its client leaves the answer', async (t) => {
  let arrived: Arrival | undefined
  const { socket } = await open(t, (arrival) => {
    giveBody(arrival.request, {
      take: () => true,
      end: () => {
        arrived = arrival
      },
    })
  })
  socket.write(`${head(4)}body`)
  const { request, response } = await eventually(2_000, 'the request', () => arrived)
  socket.destroy()
  await once(response, 'close')
  t.equal(request.aborted, false)
  t.equal(request.readableEnded, true)
})

for (const [when, serve] of [
  ['was whole when it was answered', echo],
  ['was answered before it was whole, and wanted to its end', answersAtOnce(true)],
  ['was answered before it was whole, and not wanted', answersAtOnce(false)],
] as const) {
  test(`a connection that waits keeps nothing of a request that ${when}`, async (t) => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const requests: WeakRef<IncomingMessage>[] = []
    const { socket, answers } = await open(t, (arrival) => {
      requests.push(new WeakRef(arrival.request))
      serve(arrival)
    })
    socket.write(`${head(8)}some`)
    await turn()
    if (serve !== echo) await answers(1)
    socket.write('more')
    await answers(1)
    await collected(collect, requests)
    t.equal(requests[0]?.deref(), undefined)
    t.equal((socket as Socket).destroyed, false)
  })
}

function answersAtOnce(wanted: boolean): Serve {
  return ({ request, response }) =>
    giveBody(request, {
      take() {
        if (!response.writableEnded) response.end('answered.')
        return wanted
      },
      end: () => undefined,
    })
}

async function collected(collect: () => void, requests: readonly WeakRef<IncomingMessage>[]): Promise<void> {
  for (let tries = 0; tries < 20 && requests[0]?.deref() !== undefined; tries += 1) {
    await turn()
    collect()
  }
}
