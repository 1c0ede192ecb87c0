import { randomBytes } from 'node:crypto'
import { systemClock } from '@gatehouse/contracts'
import { type KeyValue, openKeyValue } from '@gatehouse/kv'
import { silentLogger } from '@gatehouse/telemetry'
import { eventually } from '@gatehouse/testkit'
import { t as file, type Test, test } from 'tap'
import { sealersOf } from '../sealers.ts'
import { type LegacyClient, listening, openLegacy } from '../testing/legacy-client.ts'
import { openParts, openRig, type Rig } from '../testing/rig.ts'
import type { SseEvent } from '../testing/sse-client.ts'
import { talking } from '../testing/talk-catalog.ts'
import { META, modernRequest, post } from '../testing/wire.ts'
import { openSession } from './session-id.ts'
import { createStreamLogs, nameOf } from './stream-log.ts'

const parts = await openParts()
file.teardown(() => parts.close())

async function twoNodes(t: Test, over: Parameters<typeof openRig>[1] = {}) {
  const kv = await openKeyValue('memory:')
  const [one, two] = [talking(), talking()]
  const a = await openRig(parts, { kv, ...over, catalogs: one.catalogs })
  const b = await openRig(parts, { kv, ...over, catalogs: two.catalogs })
  await listening(a, b)
  t.teardown(() => Promise.all([a.close(), b.close()]))
  return { a, b, one, two, kv, token: await a.token() }
}
const saying = (name: string) => (event: SseEvent) => event.json?.method === name
const answerTo = (id: number) => (event: SseEvent) => event.json?.id === id && event.json.method === undefined
const withId = ({ id }: SseEvent) => id !== undefined
const steps = (name: string, id = 7) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'talk_steps', arguments: { name }, _meta: { progressToken: name } },
})
const UPDATED = saying('notifications/resources/updated')
const subscribe = (client: LegacyClient, rig: Rig, id: string) =>
  client.request(rig, 1, 'resources/subscribe', { uri: `notes://notes/${id}` })

test('a stream begins with an id to come back with, where the revision knows events without data; ids are unique, the answer is last [S-LT-08] [S-LT-09] [S-LT-10] [S-LT-18]', async (t) => {
  const { a, one, token } = await twoNodes(t)
  for (const version of ['2025-11-25', '2025-06-18', '2025-03-26']) {
    const client = await openLegacy(a, token, version)
    const calling = await client.post(a, steps(version))
    const first = await calling.next(() => true)
    if (version === '2025-11-25') t.match(first, { id: /^p\./, retry: '1000', data: '' })
    else t.equal(first.json.method, 'notifications/progress')
    one.letGo(version)
    const last = await calling.next(answerTo(7))
    const ids = calling.events.map(({ id }) => id)
    t.equal(new Set(ids).size, ids.length, 'ids are unique')
    t.ok(last.id)
    await calling.body
  }
})

test('a server may let the connection go; the client comes back for the answer [S-LT-09] [S-LT-12] [S-LT-19]', async (t) => {
  const { a, b, one, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'talk_release' } }
  const calling = await client.post(a, call)
  const first = await calling.next(withId)
  t.match(first, { data: '', retry: '1000' })
  await calling.body
  const polling = await client.get(b, first.id)
  one.letGo('a')
  const answer = await polling.next(answerTo(1))
  t.same(answer.json.result.structuredContent, { done: 'a' })
  await polling.body
})

test('the newest reader of a stream is the one: those before it are ended, and each message goes to one [S-LT-17]', async (t) => {
  const { a, b, one, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  const calling = await client.post(a, steps('x'))
  const first = await calling.next(withId)
  const second = await client.get(a, first.id)
  await second.next(saying('notifications/progress'))
  const third = await client.get(b, first.id)
  await second.body
  one.letGo('x')
  await third.next(answerTo(7))
  await Promise.all([third.body, calling.body])
  t.equal(second.events.filter(answerTo(7)).length + calling.events.filter(answerTo(7)).length, 0)
})

test('ids of events: unknown, foreign and broken ones are 400, and tell nothing [S-LT-20]', async (t) => {
  const { a, b, one, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  const calling = await client.post(a, steps('x'))
  const first = await calling.next(withId)
  const other = await openLegacy(a, token)
  for (const [who, id] of [
    [other, first.id],
    [client, 'p.AAAAAAAAAAAA.1'],
    [client, `${String(first.id).slice(0, -1)}9`],
    [client, 'garbage'],
  ] as const) {
    const answer = await who.get(b, id)
    t.equal(answer.status, 400, String(id))
    t.notMatch(await answer.body, 'progress')
  }
  one.letGo('x')
  await calling.body
})

test('a request whose node is lost is answered once, at the node that is asked for it: its outcome is not known [S-HS-04]', async (t) => {
  const { a, b, kv, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  const { sealers, close } = await sealersOf(parts.rings, { clock: systemClock, log: silentLogger })
  t.teardown(close)
  const facts = await openSession(sealers.session, client.session)
  const log = { session: String(facts?.id), name: randomBytes(9).toString('base64url') }
  const logs = createStreamLogs(kv)
  await logs.begin(log, 'lostlostlos', [7])
  await logs.append(log, 1, '{"jsonrpc":"2.0","method":"notifications/progress","params":{}}')
  const [one, two] = [await client.get(a, `p.${log.name}.0`), await client.get(b, `p.${log.name}.0`)]
  const answer = await two.next(answerTo(7), 10_000)
  t.match(answer.json.error, { code: -32_603, data: { outcome: 'unknown' } })
  await Promise.all([one.body, two.body])
  t.equal(one.events.filter(answerTo(7)).length, 0)
  t.match(await logs.finish(log, '{}'), { kind: 'over' }, 'a node that was only slow cannot answer any more')
})

test('the client cancels at any node: the work is told, and no answer comes [S-LF-08]', async (t) => {
  const { a, b, one, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  const calling = await client.post(a, steps('x'))
  await one.entered('x')
  const other = await openLegacy(a, token)
  const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } }
  t.equal((await other.post(b, cancel)).status, 202, 'another session reaches nothing')
  t.equal((await client.post(b, cancel)).status, 202)
  await calling.body
  t.equal(calling.events.filter(answerTo(7)).length, 0)
})

test('a question is asked of clients that declared it, refused by others, and withdrawn when the call is over [S-LF-11] [S-LF-12] [S-LC-06] [S-LF-15]', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const silent = await openLegacy(a, token, '2025-11-25', {})
  const refused = await silent.request(a, 1, 'tools/call', { name: 'talk_ask' })
  t.notMatch(await refused.body, 'elicitation/create')
  const spring = await openLegacy(a, token, '2025-03-26')
  t.notMatch(await (await spring.request(a, 1, 'tools/call', { name: 'talk_ask' })).body, 'elicitation/create')

  const client = await openLegacy(a, token)
  const calling = await client.request(a, 1, 'tools/call', { name: 'talk_ask' })
  const question = await calling.next(saying('elicitation/create'))
  const reply = { jsonrpc: '2.0', id: question.json.id, result: { action: 'decline' } }
  const other = await openLegacy(a, token)
  for (const node of [a, b]) t.equal((await other.post(node, reply)).status, 202, "another session's answer is none")
  await client.post(b, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
  const withdrawn = await calling.next(saying('notifications/cancelled'))
  t.equal(withdrawn.json.params.requestId, question.json.id)
  await calling.body
})

test('model and roots are asked together under ids of their own, and answered in any order at any node [S-LF-10] [S-LF-12]', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  const calling = await client.request(a, 1, 'tools/call', { name: 'talk_sample' })
  const sampling = await calling.next(saying('sampling/createMessage'))
  const roots = await calling.next(saying('roots/list'))
  t.not(sampling.json.id, roots.json.id)
  await client.post(b, { jsonrpc: '2.0', id: roots.json.id, result: { roots: [{ uri: 'file:///a' }] } })
  const said = { role: 'assistant', content: { type: 'text', text: 'Hi' }, model: 'm1' }
  await client.post(a, { jsonrpc: '2.0', id: sampling.json.id, result: said })
  t.same((await calling.next(answerTo(1))).json.result.structuredContent, { model: 'm1', roots: 1 })
})

test('an array of requests is answered as one, by JSON or on one stream; responses may come in arrays [S-LT-04] [S-LT-07]', async (t) => {
  const { a, b, one, token } = await twoNodes(t)
  const client = await openLegacy(a, token, '2025-03-26', { sampling: {}, roots: {} })
  const list = (id: number) => ({ jsonrpc: '2.0', id, method: 'tools/list' })
  const both = await client.post(b, [list(1), { jsonrpc: '2.0', method: 'notifications/initialized' }, list(2)])
  t.same(
    JSON.parse(await both.body)
      .map(({ id }: { id: number }) => id)
      .sort(),
    [1, 2],
  )
  const mixed = await client.post(a, [
    list(3),
    steps('x', 4),
    { ...list(5), method: 'tools/call', params: { name: 'talk_sample' } },
  ])
  const questions = [await mixed.next(saying('sampling/createMessage')), await mixed.next(saying('roots/list'))]
  const said = { role: 'assistant', content: { type: 'text', text: 'Hi' }, model: 'm1' }
  const results = [said, { roots: [] }]
  const answers = questions.map(({ json }, at) => ({ jsonrpc: '2.0', id: json.id, result: results[at] }))
  t.equal((await client.post(b, answers)).status, 202)
  one.letGo('x')
  await mixed.body
  for (const id of [3, 4, 5]) t.equal(mixed.events.filter(answerTo(id)).length, 1, `answer to ${id}`)
  const later = await openLegacy(a, token, '2025-06-18')
  t.equal((await later.post(a, [list(1)])).status, 400)
})

test('of several standing streams the newest is the one, on whichever node [S-LT-16] [S-LT-17]', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  await subscribe(client, a, 'n1')
  const first = await client.get(a)
  await first.next(withId)
  const second = await client.get(b)
  await second.next(withId)
  await first.body
  await a.changeNote('acme', 'n1')
  await second.next(UPDATED)
  const third = await client.get(b)
  await second.body
  await a.changeNote('acme', 'n1')
  await third.next(UPDATED)
  t.equal(first.events.filter(UPDATED).length, 0)
  third.leave()
})

test('who comes back is told of what changed meanwhile, once for each, and of nothing that it knows', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  for (const id of ['r1', 'r2', 'r3']) await subscribe(client, b, id)
  // Hears at the other node what was published last: then that node knows all of it.
  const witness = await openLegacy(b, token)
  await subscribe(witness, b, 'r4')
  const watching = await witness.get(b)
  await watching.next(withId)
  const first = await client.get(a)
  await first.next(withId)
  await a.changeNote('acme', 'r1')
  const told = await first.next(UPDATED)
  first.leave()
  await a.changeNote('acme', 'r2')
  await a.changeNote('acme', 'r2')
  await a.changeNote('globex', 'r3')
  await a.changeNote('acme', 'r4')
  await watching.next(UPDATED)
  watching.leave()
  const second = await client.get(b, told.id)
  t.equal((await second.next(UPDATED)).json.params.uri, 'notes://notes/r2')
  await a.changeNote('acme', 'r3')
  t.equal((await second.next(UPDATED)).json.params.uri, 'notes://notes/r3')
  t.same(second.events.filter(UPDATED).length, 2)
  second.leave()
})

test('who comes back after the window, or when it was lost, is told of everything that it subscribed to', async (t) => {
  const { a, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  for (const id of ['w1', 'w2']) await subscribe(client, a, id)
  const old = `g.1.${(Date.now() - 3_600_000).toString(36)}.x`
  const ahead = `g.999999.${Date.now().toString(36)}.x`
  for (const id of [old, ahead]) {
    const stream = await client.get(a, id)
    const uris = [await stream.next(UPDATED), await stream.next(UPDATED)].map(({ json }) => json.params.uri)
    t.same(uris.sort(), ['notes://notes/w1', 'notes://notes/w2'])
    stream.leave()
    await stream.body
  }
})

test('who leaves before it was told anything is told when it comes back', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  await subscribe(client, a, 'early')
  const witness = await (await openLegacy(a, token)).get(b)
  await a.changeNote('acme', 'early')
  await a.changeNote('acme', 'list')
  await witness.next(saying('notifications/tools/list_changed'))
  witness.leave()
  const first = await client.get(a)
  const { id } = await first.next(withId)
  first.leave()
  const second = await client.get(b, id)
  t.equal((await second.next(UPDATED)).json.params.uri, 'notes://notes/early')
  second.leave()
})

test('a quiet stream is kept alive, and its id young, so that little is told again [S-LT-21]', async (t) => {
  const { a, b, token } = await twoNodes(t, { limits: { keepAliveMs: 1_000 } })
  const client = await openLegacy(a, token)
  await subscribe(client, a, 'idle')
  const stream = await client.get(a)
  const first = await stream.next(withId)
  await b.changeNote('globex', 'elsewhere')
  const later = await stream.next(({ id, data }) => id !== undefined && id !== first.id && data === '')
  t.match(later.id, /^g\.[1-9]/)
  t.equal(stream.headers['x-accel-buffering'], 'no')
  const old = await openLegacy(a, token, '2025-06-18')
  const quiet = await old.get(a)
  await quiet.next((event) => Object.keys(event).length === 0)
  t.notOk(
    quiet.events.some(({ data }) => data === ''),
    'which older clients do not know',
  )
  stream.leave()
  quiet.leave()
})

test('an answer is fetched when its node hears again after what was told to it was lost', async (t) => {
  const kv = await openKeyValue('memory:')
  const deaf = { now: false }
  const lost: (() => void)[] = []
  const [one, two] = [talking(), talking()]
  const losing: KeyValue = {
    ...kv,
    subscribe(channel, listener) {
      lost.push(listener.lost)
      return kv.subscribe(channel, {
        lost: listener.lost,
        message: (text) => {
          if (!deaf.now) listener.message(text)
        },
      })
    },
  }
  const a = await openRig(parts, { kv: losing, catalogs: one.catalogs })
  const b = await openRig(parts, { kv, catalogs: two.catalogs })
  await listening(a, b)
  t.teardown(() => Promise.all([a.close(), b.close()]))
  const client = await openLegacy(a, await a.token())
  const stream = await client.get(a)
  await stream.next(withId)
  const calling = await client.request(a, 1, 'tools/call', { name: 'talk_ask' })
  const question = await calling.next(saying('elicitation/create'))
  deaf.now = true
  const result = { action: 'accept', content: { name: 'Ada' } }
  t.equal((await client.post(b, { jsonrpc: '2.0', id: question.json.id, result })).status, 202)
  await subscribe(client, b, 'heard')
  deaf.now = false
  for (const heard of lost) heard()
  t.same((await calling.next(answerTo(1))).json.result.structuredContent, { user: 'Ada' })
  await eventually(5_000, 'the subscription to be known', async () => {
    await a.changeNote('acme', 'heard')
    return stream.events.some(UPDATED)
  })
  stream.leave()
})

test('answers to what nobody asked are accepted and kept nowhere', async (t) => {
  const { a, b, kv, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  const calling = await client.request(a, 1, 'tools/call', { name: 'talk_ask' })
  const question = await calling.next(saying('elicitation/create'))
  const [, log] = String(question.json.id).split('.')
  const { sealers, close } = await sealersOf(parts.rings, { clock: systemClock, log: silentLogger })
  t.teardown(close)
  const key = nameOf({ session: String((await openSession(sealers.session, client.session))?.id), name: String(log) })
  const before = [...(await kv.readMap(key)).keys()]
  const result = { action: 'decline' }
  t.equal((await client.post(b, { jsonrpc: '2.0', id: `lostlostlos.${log}.99`, result })).status, 202)
  t.same([...(await kv.readMap(key)).keys()], before)
  t.equal((await client.post(b, { jsonrpc: '2.0', id: question.json.id, result })).status, 202)
  await calling.next(answerTo(1))
})

test('a client that does not answer in time is not waited for, unless it says that it works on it [S-LC-08] [S-LF-09]', async (t) => {
  const { a, b, token } = await twoNodes(t, { limits: { askMs: 400 } })
  const client = await openLegacy(a, token)
  const calling = await client.request(a, 1, 'tools/call', { name: 'talk_ask' })
  const question = await calling.next(saying('elicitation/create'))
  t.equal(question.json.params._meta.progressToken, question.json.id)
  const began = performance.now()
  for (let progress = 1; progress <= 6; progress += 1) {
    const params = { progressToken: question.json.id, progress }
    await client.post(progress % 2 === 0 ? a : b, { jsonrpc: '2.0', method: 'notifications/progress', params })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const late = await calling.next(answerTo(1))
  t.ok(performance.now() - began > 600, 'its time began anew')
  t.match(late.json.result, { isError: true, content: [{ text: /did not answer in time/ }] })
})

test('a page is shown with an id of its own, to clients that know pages [S-LF-13]', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const client = await openLegacy(a, token, '2025-11-25', { elicitation: { form: {}, url: {} } })
  const calling = await client.request(a, 1, 'tools/call', { name: 'talk_page' })
  const { json } = await calling.next(saying('elicitation/create'))
  t.match(json.params, { mode: 'url', url: 'https://notes.example/page', elicitationId: json.id })
  await client.post(b, { jsonrpc: '2.0', id: json.id, result: { action: 'accept' } })
  t.same((await calling.next(answerTo(1))).json.result.structuredContent, { action: 'accept' })
})

test('one tool asks in both eras: over a stream, and by a result that is asked for again [S-LF-17]', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const declared = { ...META, 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }
  const { headers, body } = modernRequest('tools/call', { name: 'talk_ask', arguments: {} })
  const ask = async (more: Record<string, unknown>) =>
    (await post(b, token, { ...body, params: { ...body.params, ...more, _meta: declared } }, headers)).body.result
  const asked = await ask({})
  t.equal(asked.resultType, 'input_required')
  const [key] = Object.keys(asked.inputRequests)
  const answer = { action: 'accept', content: { name: 'Ada' } }
  const done = await ask({ inputResponses: { [String(key)]: answer }, requestState: asked.requestState })
  t.same(done.structuredContent, { user: 'Ada' })
  const client = await openLegacy(a, token)
  const calling = await client.request(a, 1, 'tools/call', { name: 'talk_ask' })
  const { json } = await calling.next(saying('elicitation/create'))
  await client.post(b, { jsonrpc: '2.0', id: json.id, result: answer })
  t.same((await calling.next(answerTo(1))).json.result.structuredContent, { user: 'Ada' })
})

test('changes of lists come without being asked for [S-LF-16]', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  const stream = await client.get(b)
  await stream.next(withId)
  await a.changeNote('globex', 'list')
  await a.changeNote('acme', 'list')
  t.same((await stream.next(saying('notifications/tools/list_changed'))).json, {
    jsonrpc: '2.0',
    method: 'notifications/tools/list_changed',
  })
  t.equal(stream.events.filter(saying('notifications/tools/list_changed')).length, 1)
  stream.leave()
})

test('streams end when what proved their client is taken back, or its workspace is suspended [S-HS-07]', async (t) => {
  const { a, b } = await twoNodes(t)
  const opened = async (claims: Record<string, unknown>) => {
    const client = await openLegacy(a, await a.token(claims))
    const stream = await client.get(b)
    await stream.next(withId)
    return stream
  }
  const revoked = await opened({ grant_id: 'taken-back', jti: 'j-taken' })
  const kept = await opened({})
  await a.revoke({
    kind: 'grant',
    grant: 'taken-back',
    at: Math.floor(Date.now() / 1_000) + 60,
    reason: 'a test',
  } as never)
  await revoked.body
  t.equal(
    await Promise.race([kept.body.then(() => 'ended'), new Promise((resolve) => setImmediate(() => resolve('open')))]),
    'open',
  )
  kept.leave()
})

test('what a stream left behind is not there any more', async (t) => {
  const { a, token } = await twoNodes(t)
  const client = await openLegacy(a, token)
  await subscribe(client, a, 'gone')
  for (let round = 0; round < 3; round += 1) {
    const stream = await client.get(a)
    await stream.next(withId)
    stream.leave()
    await stream.body
  }
  await eventually(2_000, 'the streams to be let go', async () => {
    const metrics = await a.server.inject({ url: '/metrics' })
    return metrics.statusCode === 404 || !/gatehouse_mcp_streams [1-9]/.test(metrics.body)
  })
})
