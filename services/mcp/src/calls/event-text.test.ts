import { type CloudEvent, envelopeOf, OUTCOMES, ToolCalled, type ToolCalledData } from '@gatehouse/contracts'
import fc from 'fast-check'
import { test } from 'tap'
import { eventText } from './event-text.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('', '"', '\\', '\u007f', '\u2028', '</'),
)
const optional = fc.option(text, { nil: undefined })
const data: fc.Arbitrary<ToolCalledData> = fc
  .record({
    tool: text,
    argumentsSha256: fc.constant('a'.repeat(64)),
    actor: fc.record(
      { kind: fc.constantFrom('person', 'key', 'service'), id: text, client: text, grant: text },
      { requiredKeys: ['kind', 'id'] },
    ),
    protocolVersion: fc.constantFrom('2025-11-25', '2026-07-28'),
    requestId: text,
    node: text,
    outcome: fc.constantFrom(...OUTCOMES),
    reason: optional,
    durationMs: fc.nat(),
  })
  .map(({ reason, ...rest }) => (reason === undefined ? rest : { ...rest, reason }) as ToolCalledData)
const now = new Date('2026-03-02T09:30:00.123Z')

test('the text of a call’s event is read as the event, whatever stands in it', async (t) => {
  fc.assert(
    fc.property(data, text, optional, (called, tenant, traceparent) => {
      const event = envelopeOf(ToolCalled, { source: '/services/mcp', tenant, now, traceparent }, called)
      t.strictSame(JSON.parse(eventText(event)), JSON.parse(JSON.stringify(event)), { quiet: true })
    }),
    { numRuns: 500 },
  )
})

test('an event of another kind is the JSON of it', async (t) => {
  const event: CloudEvent = {
    ...envelopeOf(ToolCalled, { source: '/x', tenant: 't', now }, {} as never),
    type: 'other',
    data: [1],
  }
  t.equal(eventText(event), JSON.stringify(event))
})

test('the text of a call’s event has every member that its schema knows', async (t) => {
  const whole: ToolCalledData = {
    tool: 'x',
    argumentsSha256: 'a'.repeat(64),
    actor: { kind: 'person', id: 'p' },
    protocolVersion: '2026-07-28',
    requestId: 'r',
    node: 'n',
    outcome: 'failed',
    reason: 'deadline',
    durationMs: 1,
  }
  const event = envelopeOf(ToolCalled, { source: '/services/mcp', tenant: 't', now, traceparent: 'x' }, whole)
  const read = JSON.parse(eventText(event)) as CloudEvent<ToolCalledData>
  t.same(Object.keys(read.data).sort(), Object.keys(ToolCalled.schema.shape).sort())
  t.same(Object.keys(read).sort(), Object.keys(event).sort())
})
