import { openBus } from '@gatehouse/bus'
import { openKeyValue } from '@gatehouse/kv'
import { eventually, heapUsed, nats, redis } from '@gatehouse/testkit'
import { t as file, type Test, test } from 'tap'
import { counted, heldBeyond, heldIn } from '../testing/held.ts'
import { listening, openLegacy, urlOf } from '../testing/legacy-client.ts'
import { ORIGIN, openPartsOn, openRig, PROFILE, type Rig, SSE_PATHS, SSE_RESOURCE } from '../testing/rig.ts'
import { hear, type SseEvent } from '../testing/sse-client.ts'
import { talking } from '../testing/talk-catalog.ts'

file.setTimeout(150_000)
const natsServer = await nats(file)
const parts = await openPartsOn(await openBus(natsServer.url))
file.teardown(() => parts.close())

const profile = { ...PROFILE, paths: { ...PROFILE.paths, ...SSE_PATHS } }
const saying = (name: string) => (event: SseEvent) => event.json?.method === name
const withId = ({ id }: SseEvent) => id !== undefined
const UPDATED = saying('notifications/resources/updated')

/** Nodes with connections of their own to one Redis. */
async function nodes(t: Test, url: string, count: number) {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const talk = talking()
      const kv = await openKeyValue(url)
      const watched = counted(parts.feed.view, kv)
      const rig = await openRig(parts, { kv: watched.kv, feed: watched.feed, profile, catalogs: talk.catalogs })
      await listening(rig)
      t.teardown(async () => {
        await rig.close()
        await kv.close()
      })
      return { rig, talk, watched }
    }),
  )
}

test('a Redis that comes back empty takes no session and no subscription of an open stream with it', async (t) => {
  const server = await redis(t)
  const [one, two] = await nodes(t, server.url, 2)
  if (one === undefined || two === undefined) throw new Error('two nodes were asked for')
  const client = await openLegacy(one.rig, await one.rig.token())
  const stream = await client.get(one.rig)
  await stream.next(withId)
  await client.request(two.rig, 1, 'resources/subscribe', { uri: 'notes://notes/n1' })
  const calling = await client.request(one.rig, 7, 'tools/call', { name: 'talk_ask' })
  const question = await calling.next(saying('elicitation/create'))

  await server.crash()
  t.equal((await client.request(two.rig, 2, 'tools/list')).status, 503)
  await one.rig.changeNote('acme', 'n1')
  await stream.next(UPDATED)
  await server.start()
  await eventually(
    15_000,
    'sessions to go on',
    async () => (await client.request(two.rig, 3, 'tools/list')).status === 200,
  )

  const reply = { jsonrpc: '2.0', id: question.json.id, result: { action: 'accept', content: { name: 'Ada' } } }
  t.equal((await client.post(one.rig, reply)).status, 202)
  const answered = await calling.next(({ json }) => json?.id === 7)
  t.same(answered.json.result.structuredContent, { user: 'Ada' })
  // What the node with the stream had in memory is in the store again: another node goes on with it.
  await eventually(15_000, 'the subscription at another node', async () => {
    const again = await client.get(two.rig)
    await again.next(withId)
    await one.rig.changeNote('acme', 'n1')
    const told = await again.next(UPDATED, 1_000).catch(() => undefined)
    again.leave()
    return told !== undefined
  })
})

test('an answer that is posted to another node is there in milliseconds', async (t) => {
  const server = await redis(t)
  const [one, two] = await nodes(t, server.url, 2)
  if (one === undefined || two === undefined) throw new Error('two nodes were asked for')
  const client = await openLegacy(one.rig, await one.rig.token())
  const waits = async () => {
    const calling = await client.request(one.rig, 7, 'tools/call', { name: 'talk_ask' })
    const question = await calling.next(saying('elicitation/create'))
    const reply = { jsonrpc: '2.0', id: question.json.id, result: { action: 'accept', content: { name: 'Ada' } } }
    const sent = performance.now()
    t.equal((await client.post(two.rig, reply)).status, 202)
    await calling.next(({ json }) => json?.id === 7)
    return performance.now() - sent
  }
  const times = []
  for (let round = 0; round < 20; round += 1) times.push(await waits())
  times.sort((a, b) => a - b)
  t.ok((times[10] ?? 1_000) < 100, `half of the answers were there within ${Math.round(times[10] ?? 0)} ms`)
})

test('5,000 connections that break off leave no streams, no handle, no listener and no memory', async (t) => {
  const server = await redis(t)
  const [node] = await nodes(t, server.url, 1)
  if (node === undefined) throw new Error('a node was asked for')
  const { rig, talk, watched } = node
  talk.letGo('x')
  const client = await openLegacy(rig, await rig.token())
  for (const id of ['a', 'b', 'c']) await client.request(rig, 1, 'resources/subscribe', { uri: `notes://notes/${id}` })
  const sseToken = await rig.token({ aud: SSE_RESOURCE })
  const call = { name: 'talk_steps', arguments: { name: 'x' }, _meta: { progressToken: 1 } }
  const breaks = [
    async () => (await client.get(rig)).leave(),
    async () => (await client.request(rig, 7, 'tools/call', call)).leave(),
    async () => (await openSse(rig, sseToken)).leave(),
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

const openSse = (rig: Rig, token: string) =>
  hear(`${new URL(urlOf(rig)).origin}${SSE_PATHS.sse}`, {
    headers: { host: new URL(ORIGIN).host, authorization: `Bearer ${token}` },
  })
