import type { IncomingMessage } from 'node:http'
import { type KeyValue, openKeyValue } from '@gatehouse/kv'
import { eventually } from '@gatehouse/testkit'
import {
  ResourceUpdatedNotificationSchema,
  SubscriptionsAcknowledgedNotificationSchema,
  SubscriptionsListenResultSchema,
} from '@modelcontextprotocol/core'
import { t as file, test } from 'tap'
import { listenOn, type Message, openListen } from '../testing/listening.ts'
import { openParts, openRig, TENANTS } from '../testing/rig.ts'
import { modern } from '../testing/wire.ts'

const parts = await openParts()
file.teardown(() => parts.close())

const ID = 'io.modelcontextprotocol/subscriptionId'
const acknowledged = ({ method }: Message) => method === 'notifications/subscriptions/acknowledged'
const updated = (uri?: string) => (message: Message) =>
  message.method === 'notifications/resources/updated' && (uri === undefined || message.params?.uri === uri)
const completed = ({ result }: Message) => result !== undefined
const seconds = () => Math.floor(Date.now() / 1_000)

test('subscriptions/listen over a socket', async (suite) => {
  const rig = await openRig(parts)
  suite.teardown(() => rig.close())
  const port = await listenOn(rig)
  const token = await rig.token()
  const notes = { resourceSubscriptions: ['notes://notes'] }

  await suite.test(
    'the first frame acknowledges what is honoured, with the id of the request [S-SU-02] [S-SU-04] [S-SU-11] [S-TR-17] [S-CP-04]',
    async (t) => {
      const asked = ['notes://notes/n1', 'notes://nothing', 'javascript:alert(1)']
      const stream = await openListen(port, token, { toolsListChanged: true, resourceSubscriptions: asked }, 42)
      const first = await stream.next(() => true)
      t.equal(stream.status, 200)
      t.match(stream.headers, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
        'x-ratelimit-limit': /^\d+$/,
      })
      t.same(first, {
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: { _meta: { [ID]: 42 }, notifications: { resourceSubscriptions: ['notes://notes/n1'] } },
      })
      t.ok(SubscriptionsAcknowledgedNotificationSchema.safeParse(first).success)
      stream.leave()
    },
  )

  await suite.test(
    'a change is heard by those who listen to its URI, and by no other workspace [S-SU-01] [S-SU-03] [S-RS-13] [S-SU-05]',
    async (t) => {
      const foreign = await openListen(port, await rig.token({ tenant_id: 'globex', sub: 'p2' }), notes)
      const other = await openListen(port, token, { resourceSubscriptions: ['notes://notes/other'] })
      const stream = await openListen(port, token, { resourceSubscriptions: ['notes://notes/n7'] }, 'listen-1')
      for (const each of [foreign, other, stream]) await each.next(acknowledged)
      await rig.changeNote('acme', 'n7')
      const heard = await stream.next(updated())
      t.same(heard.params, { _meta: { [ID]: 'listen-1' }, uri: 'notes://notes/n7' })
      t.ok(ResourceUpdatedNotificationSchema.safeParse(heard).success)
      await rig.changeNote('acme', 'other')
      await other.next(updated('notes://notes/other'))
      await rig.changeNote('globex', 'n7')
      await foreign.next(updated('notes://notes'))
      t.equal(foreign.messages.filter(updated()).length, 1, 'its own change alone')
      t.equal(stream.messages.filter(updated()).length, 1)
      for (const each of [foreign, other, stream]) each.leave()
    },
  )

  await suite.test("an event whose tenant is not its subject's is heard by nobody", async (t) => {
    const acme = await openListen(port, token, {
      resourceSubscriptions: ['notes://notes/forged', 'notes://notes/after'],
    })
    const globex = await openListen(port, await rig.token({ tenant_id: 'globex' }), {
      resourceSubscriptions: ['notes://notes/forged', 'notes://notes/after'],
    })
    await rig.changeNote('acme', 'forged', 'globex')
    await rig.changeNote('acme', 'after')
    await rig.changeNote('globex', 'after')
    for (const each of [acme, globex]) {
      await each.next(updated('notes://notes/after'))
      t.equal(each.messages.filter(updated('notes://notes/forged')).length, 0)
      each.leave()
    }
  })

  await suite.test('what changed shortly before is announced after the acknowledgement', async (t) => {
    await rig.changeNote('acme', 'early')
    const witness = await openListen(port, token, { resourceSubscriptions: ['notes://notes/early'] })
    await witness.next(updated('notes://notes/early'))
    const stream = await openListen(port, token, {
      resourceSubscriptions: ['notes://notes/early', 'notes://notes/quiet'],
    })
    t.equal((await stream.next(() => true)).method, 'notifications/subscriptions/acknowledged')
    t.equal((await stream.next(() => true)).params?.uri, 'notes://notes/early')
    await rig.changeNote('acme', 'quiet')
    t.equal((await stream.next(() => true)).params?.uri, 'notes://notes/quiet')
    witness.leave()
    stream.leave()
  })

  await suite.test(
    'URIs that need more scope are left out; 403 only when nothing is left for want of it [S-SU-13] [S-AU-29]',
    async (t) => {
      const reader = await rig.token({ scope: 'notes:read' })
      const both = await openListen(port, reader, { resourceSubscriptions: ['notes://drafts', 'notes://notes'] })
      t.same((await both.next(acknowledged)).params?.notifications, { resourceSubscriptions: ['notes://notes'] })
      both.leave()
      const drafts = { notifications: { resourceSubscriptions: ['notes://drafts'] } }
      const refused = await modern(rig, reader, 'subscriptions/listen', drafts)
      t.equal(refused.status, 403)
      t.match(String(refused.headers['www-authenticate']), /error="insufficient_scope".*scope="notes:read notes:write"/)
      const key = await modern(rig, 'notes_good', 'subscriptions/listen', drafts)
      t.match(key.body, { error: { code: -32_602, message: /notes:write/ } })
    },
  )

  await suite.test('a filter that is none is -32602 [S-SU-16]', async (t) => {
    const broken = [
      undefined,
      [],
      { resourceSubscriptions: 'notes://notes' },
      { resourceSubscriptions: [1] },
      { toolsListChanged: 1 },
    ]
    for (const notifications of broken) {
      const answer = await modern(rig, token, 'subscriptions/listen', { notifications })
      t.equal(answer.status, 200)
      t.match(answer.body, { id: 1, error: { code: -32_602 } })
    }
  })

  await suite.test(
    'a revoked grant ends its streams with their result within a second, and no others [S-SU-08] [S-SU-13] [S-HS-07]',
    async (t) => {
      const doomed = await openListen(port, await rig.token({ grant_id: 'doomed' }), notes, 'd')
      const other = await openListen(port, token, notes)
      for (const each of [doomed, other]) await each.next(acknowledged)
      await rig.revoke({ kind: 'grant', grant: 'doomed', at: seconds(), reason: 'test' })
      const last = await doomed.next(completed)
      t.match(last, { id: 'd', result: { resultType: 'complete', _meta: { [ID]: 'd' } } })
      t.ok(SubscriptionsListenResultSchema.safeParse(last.result).success)
      await doomed.closed
      await rig.changeNote('acme', 'after-revocation')
      await other.next(updated('notes://notes'))
      other.leave()
    },
  )

  await suite.test('a suspended workspace loses its streams within a second', async (t) => {
    const [acme] = TENANTS
    if (acme === undefined) throw new Error('no tenant')
    const stream = await openListen(port, token, notes)
    await stream.next(acknowledged)
    await rig.setTenant({ ...acme, status: 'suspended' })
    t.ok(await stream.next(completed))
    await stream.closed
    await rig.setTenant(acme)
    await eventually(1_000, 'the workspace is back', () => parts.feed.view.tenant(acme.tenant)?.status === 'active')
  })

  await suite.test('a stream ends when its token expires [S-SU-08]', async (t) => {
    const stream = await openListen(port, await rig.token({ exp: seconds() + 2 }), notes)
    await stream.next(acknowledged)
    t.ok(await stream.next(completed, 4_000))
    await stream.closed
  })
})

test('a node that closes ends every stream with its result alone, then the connection [S-SU-08] [S-SU-09] [S-HS-05]', async (t) => {
  const rig = await openRig(parts)
  const port = await listenOn(rig)
  const streams = await Promise.all(
    ['a', 'b'].map(async (id) => openListen(port, await rig.token(), { resourceSubscriptions: ['notes://notes'] }, id)),
  )
  for (const stream of streams) await stream.next(acknowledged)
  const closing = rig.close()
  for (const [at, stream] of streams.entries()) {
    t.equal((await stream.next(completed)).id, ['a', 'b'][at])
    await stream.closed
    t.ok(stream.messages.at(-1)?.result, 'nothing after it')
    t.notMatch(stream.raw(), 'notifications/cancelled')
  }
  await closing
})

test('streams and their URIs are bounded, and a closed one makes room [S-SU-15] [S-SU-07]', async (t) => {
  const rig = await openRig(parts, { limits: { streamsPerPrincipal: 2, streamsPerNode: 3, urisPerStream: 2 } })
  t.teardown(() => rig.close())
  const port = await listenOn(rig)
  const token = await rig.token()
  const notifications = { resourceSubscriptions: ['notes://notes'] }
  const ask = async (credential: string) => modern(rig, credential, 'subscriptions/listen', { notifications })
  const first = await openListen(port, token, notifications)
  const second = await openListen(port, token, notifications)
  const over = await ask(token)
  t.equal(over.status, 429)
  t.match(over.body, { id: 1, error: { code: 429 } })
  t.match(over.headers['retry-after'], /^\d+$/)
  const third = await openListen(port, await rig.token({ sub: 'person2' }), notifications)
  t.equal((await ask(await rig.token({ sub: 'person3' }))).status, 503)
  const many = { resourceSubscriptions: ['notes://notes', 'notes://notes/1', 'notes://notes/2'] }
  t.match((await modern(rig, token, 'subscriptions/listen', { notifications: many })).body, {
    error: { code: -32_602 },
  })

  first.leave()
  const gone = Date.now() + 1_000
  let again = await openListen(port, token, notifications)
  while (again.status !== 200 && Date.now() < gone) again = await openListen(port, token, notifications)
  t.equal(again.status, 200)
  for (const stream of [second, third, again]) stream.leave()
})

test('one workspace cannot take all room of a node', async (t) => {
  const rig = await openRig(parts, { limits: { streamsPerTenant: 2 } })
  t.teardown(() => rig.close())
  const port = await listenOn(rig)
  const notifications = { resourceSubscriptions: ['notes://notes'] }
  for (const sub of ['p1', 'p2']) {
    const stream = await openListen(port, await rig.token({ sub }), notifications)
    t.equal(stream.status, 200)
    t.teardown(() => stream.leave())
  }
  const over = await modern(rig, await rig.token({ sub: 'p3' }), 'subscriptions/listen', { notifications })
  t.equal(over.status, 429)
  t.match(over.body.error, { message: /workspace/ })
  t.match(over.headers['retry-after'], /^\d+$/)
  const other = await openListen(port, await rig.token({ tenant_id: 'globex' }), notifications)
  t.equal(other.status, 200, 'another workspace has its own')
  other.leave()
})

test('an open stream keeps neither the credential nor any other header of its request', async (t) => {
  const rig = await openRig(parts)
  t.teardown(() => rig.close())
  const port = await listenOn(rig)
  const requests: IncomingMessage[] = []
  rig.server.server.on('request', (request: IncomingMessage) => requests.push(request))
  const stream = await openListen(port, await rig.token(), { resourceSubscriptions: ['notes://notes'] }, 's')
  await stream.next(acknowledged)
  t.same(
    requests.map(({ headers, rawHeaders }) => ({ headers, rawHeaders })),
    [{ headers: {}, rawHeaders: [] }],
  )
})

test('a node that is about to end says so, opens no stream, ends those it has one by one, and answers calls meanwhile [S-HS-05] [S-SU-08]', async (t) => {
  const rig = await openRig(parts)
  t.teardown(() => rig.close())
  const port = await listenOn(rig)
  const token = await rig.token()
  const notifications = { resourceSubscriptions: ['notes://notes'] }
  const streams = await Promise.all(
    Array.from({ length: 20 }, (_, id) => openListen(port, token, notifications, `s${id}`)),
  )
  for (const stream of streams) await stream.next(acknowledged)
  t.equal((await rig.server.inject('/readyz')).statusCode, 200)
  const began = Date.now()
  const ends: number[] = []
  for (const stream of streams) void stream.closed.then(() => ends.push(Date.now() - began))
  const drained = rig.mcp.drain({ streamsMs: 1_500, callsMs: 1_000 })
  const ready = await rig.server.inject('/readyz')
  t.equal(ready.statusCode, 503)
  t.match(ready.json(), { missing: [{ name: 'staying' }] })
  t.equal((await modern(rig, token, 'subscriptions/listen', { notifications })).status, 503)
  t.equal((await modern(rig, token, 'tools/list')).status, 200)
  await drained
  for (const stream of streams) {
    await stream.closed
    t.ok(stream.messages.at(-1)?.result, 'each has its result')
  }
  t.ok(Number(ends.at(-1)) - Number(ends[0]) > 40, `not all at once: from ${ends[0]} to ${ends.at(-1)} ms`)
  t.equal(rig.mcp.openStreams, 0)
  t.equal((await modern(rig, token, 'tools/list')).status, 200, 'until the server closes')
})

test('a node that has ended says what it could not bring to its end', async (t) => {
  const clean = await openRig(parts)
  t.same(await clean.mcp.close(), [])
  await clean.close()
  const recorder = { record: async () => true, reachable: () => true, close: async () => undefined, waiting: 2 }
  const rig = await openRig(parts, { recorder })
  t.match(await rig.mcp.close(), [/audit events/])
  await rig.close()
})

test('streams that are asked for at once are bounded too [S-SU-15]', async (t) => {
  const own = await openKeyValue('memory:')
  t.teardown(() => own.close())
  const waiting: (() => void)[] = []
  // The answers to all of them come in one read of the store's socket.
  const kv: KeyValue = {
    ...own,
    async increment(key, by, windowMs) {
      await new Promise<void>((resolve) => {
        if (waiting.push(resolve) === 12) for (const answer of waiting) answer()
      })
      return own.increment(key, by, windowMs)
    },
  }
  const rig = await openRig(parts, { kv, limits: { streamsPerPrincipal: 2 } })
  t.teardown(() => rig.close())
  const port = await listenOn(rig)
  const token = await rig.token()
  const notifications = { resourceSubscriptions: ['notes://notes'] }
  const opened = await Promise.all(Array.from({ length: 12 }, () => openListen(port, token, notifications)))
  t.equal(opened.filter(({ status }) => status === 200).length, 2)
  t.equal(opened.filter(({ status }) => status === 429).length, 10)
  for (const stream of opened) stream.leave()
})

test('when the domain stream was made anew every subscribed URI is announced, and changes are heard again', async (t) => {
  const rig = await openRig(parts)
  t.teardown(() => rig.close())
  const asked = ['notes://notes', 'notes://notes/n1']
  const stream = await openListen(await listenOn(rig), await rig.token(), { resourceSubscriptions: asked })
  await stream.next(acknowledged)
  await rig.changeNote('acme', 'other')
  await stream.next(updated('notes://notes'))
  await rig.recreateDomain()
  t.ok(await stream.next(updated('notes://notes/n1'), 3_000))
  await rig.changeNote('acme', 'n1')
  t.ok(await stream.next(updated('notes://notes/n1'), 3_000))
  stream.leave()
})

test('a stream that is quiet is kept alive by comments [S-TR-18]', async (t) => {
  const rig = await openRig(parts, { limits: { keepAliveMs: 1_000 } })
  t.teardown(() => rig.close())
  const stream = await openListen(await listenOn(rig), await rig.token(), {})
  t.same((await stream.next(acknowledged)).params?.notifications, {})
  const ends = Date.now() + 3_000
  while (!stream.raw().includes(': keep-alive\n\n') && Date.now() < ends) {
    await new Promise((resolve) => stream.response.once('data', resolve))
  }
  t.match(stream.raw(), /: keep-alive\n\n/)
  stream.leave()
})
