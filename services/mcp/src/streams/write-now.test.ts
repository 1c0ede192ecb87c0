import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { writeNow } from './write-now.ts'

/** An answer that was begun by nobody yet, and the socket of who asked for it, which reads nothing yet. */
async function answering(t: Test) {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => {
    client.destroy()
    server.close()
  })
  client.write('GET / HTTP/1.1\r\nhost: h\r\n\r\n')
  const [, raw] = (await once(server, 'request')) as [unknown, ServerResponse]
  return { client, raw }
}

test('what is written to a stream has left before the next one is written to, in one piece', async (t) => {
  const { client, raw } = await answering(t)
  const pieces: string[] = []
  client.on('data', (piece) => pieces.push(String(piece)))
  raw.writeHead(200, { 'content-type': 'text/event-stream' }).write('begins')
  const waiting = () => raw.socket?.writableLength
  await once(client, 'data')
  await turn()

  raw.write('as Node does it')
  t.not(waiting(), 0, 'until the end of the turn')
  await once(client, 'data')
  await turn()

  pieces.length = 0
  t.equal(writeNow(raw, 'at once'), true)
  t.equal(waiting(), 0)
  await once(client, 'data')
  t.same(pieces, ['7\r\nat once\r\n'])
})

test('a reader that is behind is seen as one', async (t) => {
  const { client, raw } = await answering(t)
  const text = 'x'.repeat(100_000)
  let keepsUp = true
  for (let written = 0; keepsUp && written < 1_000; written += 1) keepsUp = writeNow(raw, text)
  t.equal(keepsUp, false, 'it reads nothing')
  client.resume()
  await once(raw, 'drain')
  t.equal(writeNow(raw, 'goes on'), true)
})
