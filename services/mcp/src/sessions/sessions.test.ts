import { openKeyValue } from '@gatehouse/kv'
import { eventually } from '@gatehouse/testkit'
import { t as file, type Test, test } from 'tap'
import { type LegacyClient, listening, openLegacy } from '../testing/legacy-client.ts'
import { openParts, openRig } from '../testing/rig.ts'
import type { SseEvent } from '../testing/sse-client.ts'
import { talking } from '../testing/talk-catalog.ts'

const parts = await openParts()
file.teardown(() => parts.close())

/** Two nodes that share a store, as they would share Redis. */
async function twoNodes(t: Test) {
  const kv = await openKeyValue('memory:')
  const talks = [talking(), talking()] as const
  const a = await openRig(parts, { kv, catalogs: talks[0].catalogs })
  const b = await openRig(parts, { kv, catalogs: talks[1].catalogs })
  await listening(a, b)
  t.teardown(() => Promise.all([a.close(), b.close()]))
  return { a, b, kv, talks, token: await a.token() }
}
const jsonOf = async (hearing: { readonly body: Promise<string> }) => JSON.parse(await hearing.body)
const method = (name: string) => (event: SseEvent) => event.json?.method === name
const answerTo = (id: number | string) => (event: SseEvent) =>
  event.json?.id === id && ('result' in event.json || 'error' in event.json)
const call = (name: string, args: unknown = {}, meta: unknown = undefined) => ({
  name,
  arguments: args,
  ...(meta === undefined ? {} : { _meta: meta }),
})

test('a session that one node began goes on at another [S-LT-27] [S-HS-04] [CF-12]', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  t.match(client.session, /^[\x21-\x7e]{1,512}$/)
  const listed = await client.request(b, 1, 'tools/list')
  t.equal(listed.status, 200)
  t.equal((await jsonOf(listed)).result.tools.length, 5)
})

test('a question on one node is answered at another [S-LF-12] [S-LT-11] [CF-12]', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  const calling = await client.request(a, 7, 'tools/call', call('talk_ask'))
  t.match(calling.headers['content-type'], 'text/event-stream')
  t.same(calling.events.length === 0 ? await calling.next(() => true) : calling.events[0], {
    id: calling.events[0]?.id,
    retry: '1000',
    data: '',
  })
  const question = await calling.next(method('elicitation/create'))
  const answered = await client.post(b, {
    jsonrpc: '2.0',
    id: question.json.id,
    result: { action: 'accept', content: { name: 'Ada' } },
  })
  t.equal(answered.status, 202)
  const result = await calling.next(answerTo(7))
  t.same(result.json.result.structuredContent, { user: 'Ada' })
  await calling.body
})

test('a call whose connection broke is resumed at another node, which tells what was missed and the answer, once [S-LT-12] [S-LT-19] [S-LF-09] [S-HS-04]', async (t) => {
  const { a, b, talks, token } = await twoNodes(t)
  const client: LegacyClient = await openLegacy(a, token)
  const calling = await client.request(a, 7, 'tools/call', call('talk_steps', { name: 'x' }, { progressToken: 'p' }))
  const first = await calling.next(method('notifications/progress'))
  t.equal(first.json.params.message, 'begun')
  calling.leave()
  await talks[0].entered('x')
  const resumed = await client.get(b, first.id)
  t.equal(resumed.status, 200)
  talks[0].letGo('x')
  t.equal((await resumed.next(method('notifications/progress'))).json.params.progress, 2)
  const last = await resumed.next(answerTo(7))
  t.same(last.json.result.structuredContent, { done: 'x' })
  await resumed.body
  t.equal((await client.get(b, last.id)).status, 204, 'there is nothing more')
})

test('a standing stream is told of changes that any node was asked to tell of, and of no answers [S-LT-01] [S-LT-14] [S-LT-15] [S-LF-04] [L14]', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  const stream = await client.get(a)
  t.equal(stream.status, 200)
  const first = await stream.next(({ id }) => id !== undefined)
  t.equal(first.data, '')
  t.same(await jsonOf(await client.request(b, 1, 'resources/subscribe', { uri: 'notes://notes/n1' })), {
    jsonrpc: '2.0',
    id: 1,
    result: {},
  })
  await a.changeNote('acme', 'n1')
  const told = await stream.next(method('notifications/resources/updated'))
  t.same(told.json.params, { uri: 'notes://notes/n1' })
  stream.leave()
  await a.changeNote('acme', 'n1')
  const again = await client.get(b, told.id)
  t.same((await again.next(method('notifications/resources/updated'))).json.params, { uri: 'notes://notes/n1' })
  await client.request(a, 2, 'resources/unsubscribe', { uri: 'notes://notes/n1' })
  await eventually(2_000, 'the end of the subscription', async () => {
    const before = again.events.length
    await a.changeNote('acme', 'n1')
    await a.changeNote('acme', 'list')
    await again.next(method('notifications/tools/list_changed'))
    return again.events.slice(before).every((event) => event.json?.method !== 'notifications/resources/updated')
  })
  for (const { events } of [stream, again])
    t.notOk(events.some(({ json }) => json !== undefined && json.method === undefined))
  again.leave()
})

test('the end of a session is heard everywhere [S-LT-24] [S-LT-25] [S-LT-13] [S-LC-09]', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  const stream = await client.get(a)
  await stream.next(({ id }) => id !== undefined)
  t.equal((await client.end(b)).status, 204)
  await stream.body
  const after = await client.request(a, 3, 'tools/list')
  t.equal(after.status, 404)
  t.match(await jsonOf(after), { jsonrpc: '2.0', id: 3, error: { code: -32_001 } })
  t.equal((await client.end(a)).status, 404)
  t.equal((await client.get(a)).status, 404)
})
