import { loadProfile } from '@gatehouse/profiles'
import { eventually } from '@gatehouse/testkit'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { t as file, type Test, test } from 'tap'
import { routedFetch } from './routed-fetch.ts'
import { runningCluster } from './running.ts'

file.setTimeout(150_000)

const running = await runningCluster(file, loadProfile('conformance'))
const { cluster, publicUrl, secrets } = running
const WATCHED = 'test://watched-resource'

/** Any living node, at random. */
const any = (): string => {
  const nodes = cluster.mcp
  return nodes[Math.floor(Math.random() * nodes.length)]?.url ?? ''
}

interface Heard {
  readonly client: Client
  readonly updates: string[]
}

async function connect(t: Test, transport: Transport, answer: () => unknown = accept): Promise<Heard> {
  const client = new Client({ name: 'legacy', version: '1' }, { capabilities: { elicitation: {}, sampling: {} } })
  const updates: string[] = []
  client.setRequestHandler(ElicitRequestSchema, () => answer() as never)
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    role: 'assistant' as const,
    content: { type: 'text' as const, text: 'from a model' },
    model: 'm1',
  }))
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updates.push(params.uri))
  client.onerror = () => undefined
  await client.connect(transport)
  t.teardown(() => client.close())
  return { client, updates }
}
const accept = () => ({ action: 'accept', content: { username: 'ada', email: 'ada@example.com', response: 'ada' } })
const requestInit = { headers: { authorization: `Bearer ${secrets.demoApiKey}` } }

const streamable = (choose: (method: string) => string): StreamableHTTPClientTransport =>
  new StreamableHTTPClientTransport(new URL(`${publicUrl}/mcp`), { requestInit, fetch: routedFetch(publicUrl, choose) })

function sse(choose: (method: string) => string): SSEClientTransport {
  const routed = routedFetch(publicUrl, choose)
  const withKey = (url: string | URL, init: RequestInit = {}) =>
    routed(url, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), ...requestInit.headers } })
  return new SSEClientTransport(new URL(`${publicUrl}/mcp/sse`), {
    requestInit,
    fetch: withKey,
    eventSourceInit: { fetch: withKey as never },
  })
}

async function changeWatched(): Promise<void> {
  const { client } = await connect({ teardown: () => undefined } as never, streamable(any))
  await client.callTool({ name: 'test_trigger_resource_change', arguments: {} })
  await client.close()
}

for (const [name, transport] of [
  ['Streamable HTTP', streamable],
  ['HTTP+SSE', sse],
] as const) {
  test(`${name}: an official client is asked and told, though each request goes to a random node [L12] [L14] [S-LF-12] [S-OS-10]`, async (t) => {
    const { client, updates } = await connect(t, transport(any))
    await client.subscribeResource({ uri: WATCHED })
    for (let round = 0; round < 10; round += 1) {
      const asked = await client.callTool({ name: 'test_elicitation', arguments: { message: 'Who?' } })
      t.match(JSON.stringify(asked.content), /accept/)
      const sampled = await client.callTool({ name: 'test_sampling', arguments: { prompt: 'Hello' } })
      t.match(JSON.stringify(sampled.content), /from a model/)
    }
    await changeWatched()
    await eventually(5_000, 'the update', () => updates.includes(WATCHED))
    await client.unsubscribeResource({ uri: WATCHED })
  })
}

test('when the node with the standing stream is killed, the client comes back elsewhere and misses nothing', async (t) => {
  const doomed = await cluster.addNode()
  let stream = doomed.url
  const others = () => cluster.mcp.filter((node) => node !== doomed)[0]?.url ?? ''
  const { client, updates } = await connect(
    t,
    streamable((method) => (method === 'GET' ? stream : others())),
  )
  await client.subscribeResource({ uri: WATCHED })
  await changeWatched()
  await eventually(5_000, 'the first update', () => updates.length >= 1)
  const before = updates.length
  await doomed.kill()
  await cluster.removeNode(doomed)
  await changeWatched()
  stream = others()
  t.ok(await eventually(15_000, 'what changed while the client was gone', () => updates.length > before))
})

test('when the node that runs a call is killed, the client gets one answer elsewhere: its outcome is not known', async (t) => {
  const doomed = await cluster.addNode()
  let at = doomed.url
  let asked: () => void = () => undefined
  const reached = new Promise<void>((resolve) => {
    asked = resolve
  })
  const never = () => {
    asked()
    return new Promise(() => undefined)
  }
  const { client } = await connect(
    t,
    streamable(() => at),
    never,
  )
  const call = client.callTool({ name: 'test_elicitation', arguments: { message: 'Who?' } }, undefined, {
    timeout: 60_000,
  })
  const failed = call.then(
    () => undefined,
    (error: { code?: number; data?: unknown }) => error,
  )
  await reached
  await doomed.kill()
  await cluster.removeNode(doomed)
  at = any()
  t.match(await failed, { code: -32_603, data: { outcome: 'unknown' } })
  const listed = await client.listTools()
  t.ok(listed.tools.length > 0, 'the session goes on')
})
