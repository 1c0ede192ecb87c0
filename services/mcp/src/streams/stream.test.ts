import type { ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import type { Requirement } from '@gatehouse/policy'
import { test } from 'tap'
import { Frames } from './frames.ts'
import { type HubStream, ListenStream } from './stream.ts'

const NOTHING: Requirement = { scopes: [], permissions: [] }
const WRITE: Requirement = { scopes: ['write'], permissions: [] }

/** A stream whose reader takes nothing until it is told to: the pipe holds 64 bytes. */
const openStream = () => {
  const pipe = new PassThrough({ writableHighWaterMark: 64, readableHighWaterMark: 64 })
  const ready: HubStream[] = []
  const gone: HubStream[] = []
  const stream = new ListenStream(
    {
      id: 'c1',
      raw: pipe as unknown as ServerResponse,
      frames: new Frames(7, { name: 'n', version: '1' }),
      principal: {
        tenant: 'acme',
        kind: 'person',
        subject: 'p',
        scopes: new Set(),
        roles: [],
        credential: 'oauth',
        credentialId: 'j',
        issuedAt: 0,
        expiresAt: 1,
      },
      uris: new Map([
        ['n://a', NOTHING],
        ['n://b', WRITE],
      ]),
    },
    { now: () => 5, ready: (each) => ready.push(each), gone: (each) => gone.push(each) },
  )
  const take = async (): Promise<string> => {
    let text = ''
    pipe.on('data', (chunk) => {
      text += chunk
    })
    pipe.resume()
    await new Promise((resolve) => setImmediate(resolve))
    pipe.removeAllListeners('data').pause()
    return text
  }
  return { pipe, stream, ready, gone, take }
}
const everything = () => true

test('updates of one URI that come together are one frame', async (t) => {
  const { stream, take } = openStream()
  for (let at = 0; at < 100; at += 1) stream.mark('n://a')
  stream.flush(everything)
  t.equal((await take()).split('resources/updated').length - 1, 1)
  stream.flush(everything)
  t.equal(await take(), '', 'nothing is marked any more')
})

test('what may not be read any more is not sent [S-SU-13]', async (t) => {
  const { stream, take } = openStream()
  stream.mark('n://a')
  stream.mark('n://b')
  stream.flush((requirement) => requirement !== WRITE)
  const text = await take()
  t.match(text, /n:\/\/a/)
  t.notMatch(text, /n:\/\/b/)
})

test('a slow reader costs no more than its URIs, and gets what it missed once it has caught up', async (t) => {
  const { stream, ready, take } = openStream()
  stream.mark('n://a')
  stream.flush(everything)
  t.equal(stream.behindSince, 5, 'the pipe is full')
  for (let at = 0; at < 10_000; at += 1) {
    stream.mark('n://a')
    stream.mark('n://b')
    stream.flush(everything)
    stream.keepAlive()
  }
  t.equal((await take()).split('event: message').length - 1, 1, 'nothing was written meanwhile')
  t.equal(stream.behindSince, undefined)
  t.same(ready, [stream])
  stream.flush(everything)
  t.equal((await take()).split('resources/updated').length - 1, 2)
})

test('an end is the result frame, once; after it nothing is written', async (t) => {
  const { pipe, stream, gone, take } = openStream()
  stream.mark('n://a')
  stream.end()
  stream.end()
  stream.mark('n://b')
  stream.flush(everything)
  stream.keepAlive()
  const text = await take()
  t.equal(text.split('event: message').length - 1, 1)
  t.match(text, /"id":7,"result":\{"resultType":"complete"/)
  pipe.destroy()
  if (!pipe.closed) await new Promise((resolve) => pipe.once('close', resolve))
  t.same(gone, [stream])
})
