import { defineCatalog, defineResource, onEvent } from '@gatehouse/catalog'
import { openKeyValue } from '@gatehouse/kv'
import { eventually, heapUsed } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { counted, heldBeyond, heldIn } from '../testing/held.ts'
import { openLegacy } from '../testing/legacy-client.ts'
import { listenOn, openListen, postAndLeave } from '../testing/listening.ts'
import { NoteChanged } from '../testing/notes-catalog.ts'
import { bytesOf, openRaw } from '../testing/raw-client.ts'
import { ORIGIN, openParts, openRig } from '../testing/rig.ts'
import { modernRequest } from '../testing/wire.ts'

file.setTimeout(170_000)
const parts = await openParts()
file.teardown(() => parts.close())

test('5,000 calls and subscriptions of the stateless revision that break off leave no handle, no listener and no memory [S-CX-01, S-CX-04]', async (t) => {
  const watched = counted(parts.feed.view, await openKeyValue('memory:'))
  // The tool heeds nothing: what nobody waits for any more ends with its deadline.
  const rig = await openRig(parts, { feed: watched.feed, kv: watched.kv, limits: { callMs: 1_000 } })
  t.teardown(() => rig.close())
  const port = await listenOn(rig)
  const token = await rig.token()
  const called = modernRequest('tools/call', { name: 'notes_wait', arguments: {} })
  const read = modernRequest('resources/read', { uri: 'notes://notes' })
  const breaks = [
    async () => postAndLeave(port, token, called.headers, called.body)(),
    async () => {
      const leave = postAndLeave(port, token, called.headers, called.body)
      await new Promise(setImmediate)
      leave()
    },
    async () => postAndLeave(port, token, read.headers, read.body)(),
    async () =>
      (await openListen(port, token, { resourceSubscriptions: ['notes://notes', 'notes://notes/n1'] })).leave(),
  ]
  const rounds = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, at) => breaks[(done + at) % breaks.length]?.()))
    }
    await eventually(15_000, 'the node to be quiet', () => rig.mcp.openStreams === 0)
  }
  await rounds(500)
  const look = () => heldIn(rig, watched)
  const [heap, held] = [heapUsed(), look()]
  await rounds(5_000)
  t.same(await heldBeyond(held, look), {}, 'nothing is held that was not held before')
  const grown = heapUsed() - heap
  t.ok(grown < 5_000_000, `${grown} bytes more`)
})

const PATHS = Array.from({ length: 900 }, (_, at) => `long/${'x'.repeat(900)}${at}`)

/** One change of which makes more stale than the buffers of a connection hold, after a few. */
const longCatalog = defineCatalog<object>({
  name: 'long',
  schema: { name: 'long', role: 'gatehouse_mcp', migrations: new URL('./none/', import.meta.url) },
  tools: [],
  resources: [
    defineResource<object>()({
      name: 'long',
      path: 'long/{id}',
      title: 'Long',
      description: 'Its URI is long.',
      mimeType: 'text/plain',
      scopes: ['notes:read'],
      subscribable: true,
      read: async () => 'x',
    }),
  ],
  changes: [onEvent(NoteChanged, () => PATHS)],
  open: () => () => ({}),
  demo: async () => undefined,
})

test('readers that take nothing are cut off, whichever the kind of their stream, and one that reads is told of all the while [S-SU-15]', async (t) => {
  const rig = await openRig(parts, {
    catalogs: [{ catalog: longCatalog, domain: () => ({}) }],
    limits: { slowReaderMs: 500 },
  })
  t.teardown(() => rig.close())
  const port = await listenOn(rig)
  const token = await rig.token()
  const uris = PATHS.map((path) => `notes://${path}`)
  const client = await openLegacy(rig, token)
  for (const uri of uris.slice(0, 500)) await client.request(rig, 1, 'resources/subscribe', { uri })
  const common = { host: new URL(ORIGIN).host, authorization: `Bearer ${token}`, accept: 'text/event-stream' }
  const { headers, body } = modernRequest('subscriptions/listen', { notifications: { resourceSubscriptions: uris } })
  const subscribes = { ...common, ...headers, accept: '*/*', 'content-type': 'application/json' }
  // Nobody listens for what comes on these connections, so that nothing is taken from them.
  const slow = [
    { method: 'POST', path: '/mcp', headers: Object.entries(subscribes), body: Buffer.from(JSON.stringify(body)) },
    { method: 'GET', path: '/mcp', headers: Object.entries({ ...common, 'mcp-session-id': client.session }) },
  ].map((request) => {
    const { socket } = openRaw(port)
    socket.write(bytesOf(request))
    t.teardown(() => socket.destroy())
    return socket
  })
  const quick = await openListen(port, token, { resourceSubscriptions: uris.slice(0, 1) })
  await eventually(5_000, 'all to be open', () => rig.mcp.openStreams === 3)
  const before = quick.messages.length
  await eventually(60_000, 'the slow readers to be cut off', async () => {
    await rig.changeNote('acme', 'n1')
    return rig.mcp.openStreams === 1
  })
  const heard = quick.messages.length - before
  t.ok(heard > 3, `the other was told ${heard} times`)
  t.equal(slow.length, 2)
  quick.leave()
})
