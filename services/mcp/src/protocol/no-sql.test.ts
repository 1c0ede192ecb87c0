import { AsyncLocalStorage } from 'node:async_hooks'
import type { Database } from '@gatehouse/database'
import { eventually } from '@gatehouse/testkit'
import { t as file, type Test, test } from 'tap'
import { mcpSchema } from '../schema.ts'
import { initialize } from '../testing/legacy-client.ts'
import { openParts, openRig } from '../testing/rig.ts'
import { modernRequest, post } from '../testing/wire.ts'

const parts = await openParts()
file.teardown(() => parts.close())

/** A node of which each use of its database is kept, by the request in whose course it came; what the node does by itself is none. */
async function watchedNode(t: Test) {
  const within = new AsyncLocalStorage<true>()
  const used: string[] = []
  const note = (use: string): void => {
    if (within.getStore() === true) used.push(use)
  }
  const db = parts.host.as(mcpSchema.role)
  const watched: Database = {
    asTenant(tenant, body) {
      note('tenant')
      return db.asTenant(tenant, body)
    },
    asPlatform(purpose, body) {
      note(purpose)
      return db.asPlatform(purpose, body)
    },
    readAsPlatform(purpose, statement) {
      note(purpose)
      return db.readAsPlatform(purpose, statement)
    },
    writeAsPlatform(purpose, make) {
      note(purpose)
      return db.writeAsPlatform(purpose, make)
    },
    ping: () => db.ping(),
  }
  const rig = await openRig(parts, { db: watched })
  t.teardown(() => rig.close())
  return { rig, used, send: (...given: Sent) => within.run(true, () => post(rig, ...given)) }
}

type Sent = Parameters<typeof post> extends [unknown, ...infer Rest] ? Rest : never

const METHODS: readonly (readonly [method: string, params?: Record<string, unknown>])[] = [
  ['ping'],
  ['tools/list'],
  ['resources/list'],
  ['resources/templates/list'],
  ['resources/read', { uri: 'notes://notes' }],
  ['tools/call', { name: 'notes_list', arguments: {} }],
  ['tools/call', { name: 'notes_create', arguments: { text: 'x' } }],
  ['tools/call', { name: 'notes_create', arguments: {} }],
]

test('no request of either era asks the database, outside of what a tool does; opening a session or a stream tells of it once', async (t) => {
  const { rig, used, send } = await watchedNode(t)
  const token = await rig.token()
  for (const credential of [token, 'notes_good']) {
    for (const [method, params] of [['server/discover'] as const, ...METHODS.slice(1)]) {
      const { headers, body } = modernRequest(method, params)
      t.equal((await send(credential, body, headers)).body.jsonrpc, '2.0', method)
    }
  }
  t.same(used, [], '2026-07-28')

  const begun = await send(token, initialize())
  t.same(used.splice(0), ['presence'], 'a session is told of when it begins')
  const session = { 'mcp-session-id': String(begun.headers['mcp-session-id']), 'mcp-protocol-version': '2025-11-25' }
  for (const [method, params] of [['resources/subscribe', { uri: 'notes://notes/n1' }] as const, ...METHODS]) {
    const answer = await send(token, { jsonrpc: '2.0', id: 2, method, params }, session)
    t.equal(answer.status, 200, method)
    t.match(answer.text, '"jsonrpc"')
  }
  t.same(used, [], 'the requests of a session')

  const { headers, body } = modernRequest('subscriptions/listen', {
    notifications: { resourceSubscriptions: ['notes://notes/n1'] },
  })
  const stream = send(token, body, headers)
  await eventually(10_000, 'the stream to open', () => rig.mcp.openStreams === 1)
  t.same(used, ['presence'], 'a stream is told of when it opens')
  await rig.changeNote('acme', 'n1')
  await rig.mcp.drain({ streamsMs: 0, callsMs: 0 })
  t.match((await stream).text, 'notifications/subscriptions/acknowledged')
  t.same(new Set(used), new Set(['presence']), 'and when it ends')
})
