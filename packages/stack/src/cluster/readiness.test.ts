import { createServer } from 'node:http'
import { eventually, freePort } from '@gatehouse/testkit'
import { test } from 'tap'
import { watchReadiness } from './readiness.ts'

const SOON = 30_000

test('a node that says that it leaves is left out until it says that it is ready, also while it says nothing', async (t) => {
  const port = await freePort()
  let asked = 0
  const node = (status: number, text: string) => {
    const server = createServer((_request, response) => {
      asked += 1
      response.writeHead(status, { connection: 'close' }).end(text)
    })
    const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
    return new Promise<() => Promise<void>>((resolve) => server.listen(port, '127.0.0.1', () => resolve(close)))
  }
  const [leaver, dead] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${await freePort()}`]
  const readiness = watchReadiness(() => [leaver, dead])
  t.teardown(() => readiness.stop())
  t.same(readiness.ready, [leaver, dead])
  const end = await node(503, '{"missing":[{"name":"staying"}]}')
  await eventually(SOON, 'it to be left out', () => readiness.ready.length === 1)
  await end()
  const starts = await node(503, '{"missing":[{"name":"feed"}]}')
  asked = 0
  await eventually(SOON, 'it to be asked again', () => asked > 2)
  t.same(readiness.ready, [dead], 'who said nothing is tried')
  await starts()
  const ended = await node(200, '{}')
  await eventually(SOON, 'it to be back', () => readiness.ready.length === 2)
  await ended()
})
