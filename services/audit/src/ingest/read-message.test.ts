import type { IncomingMessage } from '@gatehouse/bus'
import { ToolBegun } from '@gatehouse/contracts'
import { test } from 'tap'
import { toolCalled } from '../sample-events.ts'
import { readMessage } from './read-message.ts'

const message = (data: string | Uint8Array): IncomingMessage => ({
  subject: 'audit.n1',
  sequence: 7,
  time: new Date(0),
  data: typeof data === 'string' ? new TextEncoder().encode(data) : data,
  headers: {},
  delivery: 1,
})
const good = toolCalled()

test('a group gives a row for each of its events', (t) => {
  const read = readMessage(message(JSON.stringify({ events: [good, toolCalled()] })))
  t.equal(read.good.length, 2)
  t.equal(read.dead.length, 0)
  t.match(read.good[0]?.row, {
    id: good.id,
    tenant: 't1',
    time: new Date(good.time),
    type: 'gatehouse.mcp.tool-called.v1',
    node: 'n1',
    actorKind: 'person',
    actorId: 'p1',
    client: 'c1',
    grant: 'g1',
    tool: 'entry.create',
    outcome: 'succeeded',
    reason: null,
    durationMs: 12,
    requestId: 'r1',
  })
  t.end()
})

test('a single envelope is a row too', (t) => {
  t.equal(readMessage(message(JSON.stringify(good))).good[0]?.row.id, good.id)
  t.end()
})

test('a kind of event from a newer node is kept with what every envelope tells', (t) => {
  const newer = { ...good, type: 'gatehouse.mcp.tool-called.v9', data: { anything: 1 } }
  t.match(readMessage(message(JSON.stringify(newer))).good[0]?.row, { type: newer.type, tenant: 't1', tool: null })
  t.end()
})

const whole: readonly (readonly [string, string | Uint8Array])[] = [
  ['no JSON', '{'],
  ['no UTF-8', Uint8Array.of(0xff, 0xfe)],
  ['a list', '[]'],
  ['a bare value', '"x"'],
  ['a group without a list', '{"events":7}'],
  ['a group of more than ten thousand', `{"events":[${'0,'.repeat(10_000)}0]}`],
]
for (const [name, data] of whole) {
  test(`set aside as a whole: ${name}`, (t) => {
    const read = readMessage(message(data))
    t.equal(read.good.length, 0)
    t.match(read.dead, [{ origin: { sequence: 7, part: 0 }, reason: 'message.unreadable' }])
    t.end()
  })
}

const parts: readonly (readonly [string, string, unknown])[] = [
  ['no envelope', 'envelope.invalid', { hello: 'world' }],
  ['no object', 'envelope.invalid', 7],
  ['no tenant', 'envelope.invalid', { ...good, tenantid: '' }],
  ['an id that is no UUID', 'id.not-uuid', { ...good, id: 'one' }],
  ['data that does not fit its kind', 'data.invalid', { ...good, data: { tool: 1 } }],
  ['a beginning that does not fit its kind', 'data.invalid', { ...good, type: ToolBegun.type }],
]
for (const [name, reason, value] of parts) {
  test(`set aside alone, without its neighbours: ${name}`, (t) => {
    const read = readMessage(message(JSON.stringify({ events: [good, value, toolCalled()] })))
    t.equal(read.good.length, 2)
    t.match(read.dead, [{ origin: { part: 2 }, reason }])
    t.same(JSON.parse(new TextDecoder().decode(read.dead[0]?.payload)), value)
    t.end()
  })
}
