import { openBus } from '@gatehouse/bus'
import { openKeyValue } from '@gatehouse/kv'
import { eventually, nats, redis } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { listenOn, type Message, openListen } from './testing/listening.ts'
import { openPartsOn, openRig, PROFILE } from './testing/rig.ts'
import { modern } from './testing/wire.ts'

const natsServer = await nats(file)
const redisServer = await redis(file)
const parts = await openPartsOn(await openBus(natsServer.url))
file.teardown(() => parts.close())
const acknowledged = ({ method }: Message) => method === 'notifications/subscriptions/acknowledged'
const updated = (uri: string) => (message: Message) => message.params?.uri === uri

test('a change is heard on every node within half a second [S-SU-14] [S-HS-03] [S-BP-11]', async (t) => {
  const nodes = [await openRig(parts), await openRig(parts)]
  t.teardown(() => Promise.all(nodes.map((node) => node.close())))
  const [first] = nodes
  const token = (await first?.token()) ?? ''
  const streams = await Promise.all(
    nodes.map(async (node) => openListen(await listenOn(node), token, { resourceSubscriptions: ['notes://notes/n1'] })),
  )
  for (const stream of streams) await stream.next(acknowledged)
  await first?.changeNote('acme', 'n1')
  for (const stream of streams) {
    t.ok(await stream.next(updated('notes://notes/n1'), 500))
    stream.leave()
  }
  const lists = await Promise.all(nodes.map((node) => modern(node, token, 'tools/list')))
  t.equal(lists[0]?.text, lists[1]?.text, 'and their lists are the same to the byte')
})

test("nodes share a credential's window through Redis, and each counts alone while it is away [L19] [S-HS-06]", async (t) => {
  const kv = await openKeyValue(redisServer.url)
  t.teardown(() => kv.close())
  const profile = { ...PROFILE, limits: { requestsPerMinute: 3 } }
  const nodes = [await openRig(parts, { kv, profile }), await openRig(parts, { kv, profile })] as const
  t.teardown(() => Promise.all(nodes.map((node) => node.close())))
  const token = await nodes[0].token()
  const left = async (node: (typeof nodes)[number]) =>
    (await modern(node, token, 'tools/list')).headers['x-ratelimit-remaining']
  t.same([await left(nodes[0]), await left(nodes[1]), await left(nodes[0])], ['2', '1', '0'])
  t.equal((await modern(nodes[1], token, 'tools/list')).status, 429)
  await redisServer.crash()
  t.equal((await modern(nodes[0], token, 'tools/list')).status, 200)
  t.equal((await modern(nodes[1], token, 'tools/list')).status, 200)
  await redisServer.start()
  await eventually(10_000, 'the nodes to count together again', async () => {
    const fresh = await nodes[0].token()
    const counts = [await modern(nodes[0], fresh, 'tools/list'), await modern(nodes[1], fresh, 'tools/list')]
    return counts[1]?.headers['x-ratelimit-remaining'] === '1'
  })
})

test('while NATS is away nothing is done that could not be recorded; afterwards all goes on without a restart', async (t) => {
  // What was running when NATS went away waits so long for its record.
  const rig = await openRig(parts, { limits: { callMs: 1_500 } })
  t.teardown(() => rig.close())
  const token = await rig.token()
  const stream = await openListen(await listenOn(rig), token, { resourceSubscriptions: ['notes://notes/n5'] })
  t.teardown(() => stream.leave())
  await stream.next(acknowledged)
  const create = () => modern(rig, token, 'tools/call', { name: 'notes_create', arguments: { text: 'x' } })
  t.equal((await create()).status, 200)

  await natsServer.stop()
  const refused = await eventually(10_000, 'the call to be refused', async () => {
    const answer = await create()
    return answer.status === 503 && answer
  })
  t.match(refused.body.error, { code: -32_603, message: /nothing was done/ })
  const ran = rig.ran.length
  t.equal((await create()).status, 503)
  t.equal(rig.ran.length, ran, 'nothing ran')
  t.equal((await modern(rig, token, 'tools/list')).status, 200)

  await natsServer.start()
  await eventually(15_000, 'calls to be carried out again', async () => (await create()).status === 200)
  await rig.changeNote('acme', 'n5')
  t.ok(await stream.next(updated('notes://notes/n5'), 5_000), 'the open stream hears again')
  const events = await rig.auditEvents()
  t.equal(
    events.filter(({ data }) => data.outcome === 'succeeded').length,
    rig.ran.length,
    'each call that ran is recorded once',
  )
  t.ok(
    events.some(({ data }) => data.reason === 'audit.unavailable'),
    'and so are the refusals',
  )
})
