import { type KeyValue, KeyValueUnavailable, openKeyValue } from '@gatehouse/kv'
import { t as file, type Test, test } from 'tap'
import { initialize, type LegacyClient, listening, openLegacy, postTo } from '../testing/legacy-client.ts'
import { openParts, openRig } from '../testing/rig.ts'
import type { Hearing } from '../testing/sse-client.ts'
import { talking } from '../testing/talk-catalog.ts'

const parts = await openParts()
file.teardown(() => parts.close())

/** A store that can be cut off. */
async function cuttableStore() {
  const kv = await openKeyValue('memory:')
  const state = { cut: false }
  const through =
    <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      if (state.cut) throw new KeyValueUnavailable(new Error('cut'))
      return call(...given)
    }
  const cuttable: KeyValue = {
    ...kv,
    get: through(kv.get),
    set: through(kv.set),
    increment: through(kv.increment),
    readMap: through(kv.readMap),
    changeMap: through(kv.changeMap),
    publish: through(kv.publish),
    ping: through(kv.ping),
  }
  return { kv: cuttable, state }
}

async function node(t: Test, over: Parameters<typeof openRig>[1] = {}) {
  const rig = await openRig(parts, { catalogs: talking().catalogs, ...over })
  await listening(rig)
  t.teardown(() => rig.close())
  return { rig, token: await rig.token() }
}
const errorOf = async (hearing: Hearing) => JSON.parse(await hearing.body).error
const LIST = { jsonrpc: '2.0', id: 5, method: 'tools/list' }

test('a session id is visible ASCII of at most 512 characters, and never the same [S-LT-22] [S-SB-10]', async (t) => {
  const { rig, token } = await node(t)
  const long = 'ü'.repeat(500)
  const answer = await postTo(rig, token, {
    ...initialize(),
    params: { ...initialize().params, clientInfo: { name: long, version: long } },
  })
  const ids = new Set([String(answer.headers['mcp-session-id'])])
  for (const version of ['2025-11-25', '2025-06-18', '2025-03-26'])
    ids.add((await openLegacy(rig, token, version)).session)
  t.equal(ids.size, 4)
  for (const id of ids) t.match(id, /^[\x21-\x7e]{100,512}$/)
})

test('a session of somebody else, one that nobody gave out and one that is too old are all 404 -32001 [S-LT-24] [S-LT-28] [S-SB-10] [L14]', async (t) => {
  const clock = { ms: Date.now(), now: () => clock.ms }
  const { rig, token } = await node(t, { clock })
  const { session } = await openLegacy(rig, token)
  const unknown = async (as: string, id: string) => {
    const answer = await postTo(rig, as, LIST, { 'mcp-session-id': id })
    t.equal(answer.status, 404)
    const body = JSON.parse(await answer.body)
    t.match(body, { id: 5, error: { code: -32_001 } })
  }
  await unknown(await rig.token({ sub: 'other' }), session)
  await unknown(await rig.token({ tenant_id: 'globex' }), session)
  await unknown(await rig.token({ client_id: 'another' }), session)
  await unknown(token, `${session.slice(0, -1)}${session.endsWith('A') ? 'B' : 'A'}`)
  await unknown(token, 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6')
  await unknown(token, 'x'.repeat(5_000))
  t.equal(
    (await postTo(rig, await rig.token({ jti: 'next' }), LIST, { 'mcp-session-id': session })).status,
    200,
    'a renewed token',
  )
  clock.ms += 86_400_000
  await unknown(token, session)
})

test('the session says which revision it speaks, whatever header comes after it; one that is none is refused [S-LT-30] [S-LT-31] [S-LT-32] [S-LT-33]', async (t) => {
  const { rig, token } = await node(t)
  const { session } = await openLegacy(rig, token, '2025-06-18')
  const listed = async (version: string | undefined) => {
    const answer = await postTo(rig, token, LIST, { 'mcp-session-id': session, 'mcp-protocol-version': version })
    return { status: answer.status, body: JSON.parse(await answer.body) }
  }
  const [without, other] = [await listed(undefined), await listed('2025-11-25')]
  t.same(await listed('2025-06-18'), without, 'as clients send it, which initialize came without')
  t.ok(without.body.result.tools[0].outputSchema, 'which 2025-03-26 does not have')
  t.same(other, without)
  t.equal((await listed('1999-01-01')).status, 400)
})

test('initialize inside a session is refused, and so is one in an array [S-LT-26] [S-LT-05]', async (t) => {
  const { rig, token } = await node(t)
  const { session } = await openLegacy(rig, token, '2025-03-26')
  const again = await postTo(rig, token, initialize(), { 'mcp-session-id': session })
  t.equal(again.status, 400)
  t.equal((await errorOf(again)).code, -32_600)
  const array = await postTo(rig, token, [initialize(), LIST], { 'mcp-session-id': session })
  t.equal(array.status, 400)
})

test('what needs no session works without one; what does is 400, and there is no stream [S-LT-23] [S-LT-29]', async (t) => {
  const { rig, token } = await node(t)
  t.equal((await postTo(rig, token, LIST)).status, 200)
  const level = await postTo(rig, token, {
    jsonrpc: '2.0',
    id: 1,
    method: 'logging/setLevel',
    params: { level: 'info' },
  })
  t.equal(level.status, 400)
  t.match((await errorOf(level)).message, /Mcp-Session-Id/)
  const client = await openLegacy(rig, token)
  t.equal((await client.get(rig, undefined, { 'mcp-session-id': undefined })).status, 405)
  t.equal(
    (await client.get(rig, undefined, { 'mcp-protocol-version': '2026-07-28' })).status,
    405,
    'the stateless era has none',
  )
})

test('the credential is asked for before the session is looked at, on GET and DELETE too [CF-5] [S-LA-05] [S-SB-08] [S-LA-01]', async (t) => {
  const { rig, token } = await node(t)
  const client = await openLegacy(rig, token)
  const none = { authorization: undefined }
  for (const answer of [
    await client.get(rig, undefined, { ...none, 'mcp-protocol-version': '2024-11-05' }),
    await client.post(rig, LIST, none),
  ]) {
    t.equal(answer.status, 401)
    t.match(answer.headers['www-authenticate'], 'resource_metadata=')
  }
})

test('while the store is away sessions are 503 with Retry-After and nothing else changes; afterwards they go on', async (t) => {
  const { kv, state } = await cuttableStore()
  const { rig, token } = await node(t, { kv })
  const client = await openLegacy(rig, token)
  const ended = await openLegacy(rig, token)
  t.equal((await ended.end(rig)).status, 204)
  state.cut = true
  const away = async (answer: Hearing) => {
    t.equal(answer.status, 503)
    t.match(answer.headers['retry-after'], /^\d+$/)
    t.match(await errorOf(answer), { code: -32_603 })
  }
  await away(await client.post(rig, LIST))
  await away(await ended.post(rig, LIST))
  await away(await client.get(rig))
  await away(await client.end(rig))
  await away(await postTo(rig, token, initialize()))
  t.equal((await postTo(rig, token, LIST)).status, 200, 'without a session')
  state.cut = false
  t.equal((await client.post(rig, LIST)).status, 200)
  t.equal((await ended.post(rig, LIST)).status, 404, 'what had ended stays ended')
})

test('a page of another origin may use no session [S-LT-02]', async (t) => {
  const { rig, token } = await node(t)
  const client = await openLegacy(rig, token)
  const evil = { origin: 'https://evil.example' }
  t.equal((await client.post(rig, LIST, evil)).status, 403)
  t.equal((await client.get(rig, undefined, evil)).status, 403)
})

test('a level is set for the session; one that is none is refused [S-LF-03]', async (t) => {
  const { rig, token } = await node(t)
  const client = await openLegacy(rig, token)
  const set = async (level: unknown) => (await client.request(rig, 1, 'logging/setLevel', { level })).body
  t.equal(await set('info'), '{"jsonrpc":"2.0","id":1,"result":{}}')
  t.match(JSON.parse(await set('loud')).error, { code: -32_602 })
  t.equal(await (await client.request(rig, 2, 'ping')).body, '{"jsonrpc":"2.0","id":2,"result":{}}')
})

test('subscriptions: what is not there, may not be read or does not change is refused [S-LF-04] [S-LF-05] [L14]', async (t) => {
  const { rig, token } = await node(t, { limits: { urisPerStream: 2 } })
  const client = await openLegacy(rig, token)
  const subscribe = async (of: LegacyClient, uri: string) => {
    const answer = await of.request(rig, 1, 'resources/subscribe', { uri })
    return { status: answer.status, ...JSON.parse(await answer.body) }
  }
  t.match(await subscribe(client, 'notes://nothing'), { status: 200, error: { code: -32_002 } })
  t.match(await subscribe(client, 'notes://still'), { status: 200, error: { code: -32_602 } })
  for (const id of ['a', 'b', 'c', 'd', 'e', 'e']) t.same((await subscribe(client, `notes://notes/${id}`)).result, {})
  t.match(await subscribe(client, 'notes://notes/f'), { error: { code: -32_602, message: /too many/ } })
  const reader = await openLegacy(rig, await rig.token({ scope: 'notes:none' }))
  t.equal((await subscribe(reader, 'notes://notes/a')).status, 403)
})

test('both media types have to be acceptable for what needs them [S-LT-03] [S-LT-14]', async (t) => {
  const { rig, token } = await node(t)
  const client = await openLegacy(rig, token)
  t.equal((await client.post(rig, LIST, { accept: 'text/html' })).status, 406)
  t.equal((await client.get(rig, undefined, { accept: 'application/json' })).status, 406)
  t.equal((await client.post(rig, { jsonrpc: '2.0', method: 'notifications/initialized' })).status, 202)
})
