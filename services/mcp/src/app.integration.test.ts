import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { isDeepStrictEqual } from 'node:util'
import { openBus } from '@gatehouse/bus'
import { openKeyValue } from '@gatehouse/kv'
import { eventually, nats, redis } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { listenOn, type Message, openListen } from './testing/listening.ts'
import { openPartsOn, openRig, PROFILE } from './testing/rig.ts'
import { modern, modernRequest } from './testing/wire.ts'

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

test("nodes share a credential's window through Redis, and each counts its share alone while it is away [L19] [S-HS-06]", async (t) => {
  const kv = await openKeyValue(redisServer.url)
  t.teardown(() => kv.close())
  const over = { kv, profile: { ...PROFILE, limits: { requestsPerMinute: 4 } }, limits: { presenceBeatMs: 50 } }
  const nodes = [await openRig(parts, over), await openRig(parts, over)] as const
  t.teardown(() => Promise.all(nodes.map((node) => node.close())))
  const token = await nodes[0].token()
  const left = async (node: (typeof nodes)[number]) =>
    (await modern(node, token, 'tools/list')).headers['x-ratelimit-remaining']
  t.same([await left(nodes[0]), await left(nodes[1]), await left(nodes[0]), await left(nodes[1])], ['3', '2', '1', '0'])
  t.equal((await modern(nodes[1], token, 'tools/list')).status, 429)
  await redisServer.crash()
  const alone = await eventually(10_000, 'the nodes to know of each other', async () => {
    const answer = await modern(nodes[0], await nodes[0].token(), 'tools/list')
    return answer.headers['x-ratelimit-limit'] === '2' && answer
  })
  t.equal(alone.headers['x-ratelimit-remaining'], '1')
  const others = await nodes[0].token()
  const admitted = []
  for (const node of [...nodes, ...nodes, ...nodes, ...nodes]) {
    const { status } = await modern(node, others, 'tools/list')
    if (status === 200) admitted.push(node.node)
    else t.equal(status, 429)
  }
  t.same(admitted, [nodes[0].node, nodes[1].node, nodes[0].node, nodes[1].node], 'each its share, together the limit')
  await redisServer.start()
  await eventually(10_000, 'the nodes to count together again', async () => {
    const fresh = await nodes[0].token()
    const counts = [await modern(nodes[0], fresh, 'tools/list'), await modern(nodes[1], fresh, 'tools/list')]
    return counts[1]?.headers['x-ratelimit-remaining'] === '2'
  })
})

const PER_MINUTE = 600
const AT_ONCE = 20

/** A request over a kept connection, as a client sends it. */
async function listTools(port: number, token: string, id: number, agent: Agent): Promise<Told> {
  const { headers, body } = modernRequest('tools/list', {}, id)
  const asking = request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/mcp',
    agent,
    headers: {
      ...headers,
      host: 'mcp.example',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
    },
  })
  asking.end(JSON.stringify(body))
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  const said = JSON.parse(await text(response))
  return { id, status: response.statusCode ?? 0, headers: response.headers, said }
}

interface Told {
  readonly id: number
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly said: { readonly id?: unknown; readonly result?: unknown; readonly error?: unknown }
}

/** What is wrong with an answer as it stands by itself. */
function faultsOf({ id, status, headers, said }: Told): readonly string[] {
  const [, left, seconds] = /^"credential";r=(\d+);t=(\d+)$/.exec(String(headers.ratelimit)) ?? []
  const ahead = Number(headers['x-ratelimit-reset']) - Date.now() / 1_000
  const wait = Number(headers['retry-after'])
  const refusal = { code: 429, message: `Too many requests. Wait ${wait} s.`, data: { retryAfterSeconds: wait } }
  const holds: Readonly<Record<string, boolean>> = {
    status: status === 200 || status === 429,
    id: said.id === id,
    limit: headers['x-ratelimit-limit'] === String(PER_MINUTE),
    policy: headers['ratelimit-policy'] === `"credential";q=${PER_MINUTE};w=60`,
    remaining: left !== undefined && headers['x-ratelimit-remaining'] === left,
    reset: ahead <= 61,
    body: status === 200 ? said.result !== undefined : isDeepStrictEqual(said.error, refusal),
    'retry-after': status === 200 ? headers['retry-after'] === undefined : headers['retry-after'] === seconds,
    'nothing left': status === 200 || left === '0',
  }
  return Object.keys(holds).filter((name) => holds[name] === false)
}

test('under load from all sides two nodes let through what the limit says, and every answer says how it stands [L19, S-TL-12]', async (t) => {
  const profile = { ...PROFILE, limits: { requestsPerMinute: PER_MINUTE } }
  const nodes = await Promise.all(
    [1, 2].map(async () => {
      const kv = await openKeyValue(redisServer.url)
      await kv.ping()
      const rig = await openRig(parts, { kv, profile })
      t.teardown(async () => {
        await rig.close()
        await kv.close()
      })
      return { rig, port: await listenOn(rig) }
    }),
  )
  const token = (await nodes[0]?.rig.token()) ?? ''
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  t.teardown(() => agent.destroy())
  const told: Told[] = []
  let sent = 0
  const send = async (): Promise<void> => {
    while (sent < PER_MINUTE * 1.1) {
      sent += 1
      told.push(await listTools(nodes[sent % 2]?.port ?? 0, token, sent, agent))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, send))

  t.same(told.flatMap((one) => faultsOf(one).map((fault) => `${fault}: ${JSON.stringify(one)}`)).slice(0, 3), [])
  const first = Math.min(...told.map(({ headers }) => Number(headers['x-ratelimit-reset'])))
  // Seconds are rounded: the same end may be told as two. A machine that is very slow comes into the next window.
  const window = told.filter(({ headers }) => Number(headers['x-ratelimit-reset']) <= first + 1)
  const admitted = window.filter(({ status }) => status === 200)
  t.ok(admitted.length >= PER_MINUTE * 0.99 && admitted.length <= PER_MINUTE, `${admitted.length} were admitted`)
  t.ok(window.length > admitted.length, `${window.length - admitted.length} were not`)
  const lefts = admitted.map(({ headers }) => Number(headers['x-ratelimit-remaining'])).sort((one, two) => two - one)
  t.same(
    lefts,
    Array.from({ length: admitted.length }, (_, at) => PER_MINUTE - 1 - at),
    'each took one of what was left',
  )
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
