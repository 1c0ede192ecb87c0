import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'tap'
import { takeBody } from './take-body.ts'

const incoming = (headers: Record<string, string> = {}) => Object.assign(new PassThrough(), { headers })
const taken = (request: PassThrough, limit: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    takeBody(request as unknown as IncomingMessage, limit, (body) => resolve(body?.toString()))
  })

test('a body is read to its end, in however many pieces it comes', async (t) => {
  for (const pieces of [[], ['{}'], ['{"a"', ':', '1}']]) {
    const request = incoming()
    const body = taken(request, 100)
    for (const piece of pieces) request.write(piece)
    request.end()
    t.equal(await body, pieces.join(''))
  }
})

test('a body is too large by its bytes, whatever its head says, and is told so once', async (t) => {
  t.equal(await taken(incoming({ 'content-length': '6' }), 5), undefined, 'before a byte of it was read')
  const request = incoming({ 'content-length': '2' })
  const heard: unknown[] = []
  takeBody(request as unknown as IncomingMessage, 5, (body) => heard.push(body?.toString()))
  for (const piece of ['abc', 'def', 'ghi']) request.write(piece)
  request.end()
  await new Promise((resolve) => request.once('close', resolve))
  t.same(heard, [undefined])
  const just = incoming({ 'content-length': '5' })
  const body = taken(just, 5)
  just.end('abcde')
  t.equal(await body, 'abcde')
})

test('of a body that was taken its request keeps nothing', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const request = incoming()
  const body = new Promise<WeakRef<Buffer>>((resolve) => {
    takeBody(request as unknown as IncomingMessage, 100, (taken) => resolve(new WeakRef(taken as Buffer)))
  })
  request.end('{}')
  const kept = await body
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  t.equal(kept.deref(), undefined)
  t.ok(request.listenerCount('data') > 0, 'the request is still there')
})

test('a body that comes byte by byte takes no more memory than its bytes twice over', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const held = () => {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const request = incoming()
  const body = taken(request, 200_000)
  const send = (pieces: number) => {
    for (let n = 0; n < pieces; n += 1) request.emit('data', Buffer.alloc(1, 'x'))
  }
  send(1_000)
  const before = held()
  send(100_000)
  const grown = held() - before
  t.ok(grown < 400_000, `${grown} bytes for 100,000`)
  request.emit('end')
  t.equal((await body)?.length, 101_000)
})
