import fc from 'fast-check'
import { test } from 'tap'
import {
  AUDIT_TYPES,
  AUDITED,
  AUDITED_BY_TYPE,
  auditName,
  closedAsUnknown,
  derivedEventId,
  ToolBegun,
  ToolCalled,
} from './audit-events.ts'
import { dataOf, sealEvent } from './event.ts'

const about = { source: '/services/mcp', tenant: 'acme', now: new Date('2026-03-02T09:30:00Z') }
const begun = sealEvent(ToolBegun, about, {
  call: '0191e0a0-0000-7000-8000-000000000001',
  leaseSeconds: 90,
  tool: 'entry.create',
  argumentsSha256: 'a'.repeat(64),
  actor: { kind: 'person', id: 'p1', client: 'c1' },
  protocolVersion: '2026-07-28',
  requestId: 'r1',
  node: 'n1',
})

test('who closes a call of which nothing more was heard makes the same event, whoever it is', async (t) => {
  const closed = closedAsUnknown(begun)
  t.same(closed, closedAsUnknown(begun))
  t.not(closed.id, begun.data.call, 'what is heard later all the same has an id of its own')
  t.match(dataOf(ToolCalled, closed), {
    outcome: 'unknown',
    reason: 'result.missing',
    durationMs: 90_000,
    tool: 'entry.create',
  })
  t.equal(closed.time, '2026-03-02T09:31:30.000Z')
  t.equal(closed.tenantid, 'acme')
})

test('derived ids are UUIDs of version 8, and other parts have other ones', async () => {
  const parts = fc.array(fc.string(), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other)
      const id = derivedEventId(...one)
      return (
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id) &&
        (id === derivedEventId(...other)) === same
      )
    }),
  )
})

test('the types of audited facts are pinned', async (t) => {
  t.same(
    Object.values(AUDITED).map(({ type }) => type),
    [
      'gatehouse.mcp.connected.v1',
      'gatehouse.mcp.disconnected.v1',
      'gatehouse.mcp.turned-away.v1',
      'gatehouse.auth.sign-in.v1',
      'gatehouse.auth.sign-out.v1',
      'gatehouse.auth.consent.v1',
      'gatehouse.auth.token-issued.v1',
      'gatehouse.auth.token-refused.v1',
      'gatehouse.auth.refresh-reused.v1',
      'gatehouse.auth.access-revoked.v1',
      'gatehouse.auth.key-created.v1',
      'gatehouse.auth.key-changed.v1',
      'gatehouse.auth.key-revoked.v1',
      'gatehouse.auth.client-registered.v1',
      'gatehouse.auth.client-changed.v1',
      'gatehouse.auth.client-deleted.v1',
      'gatehouse.auth.administered.v1',
      'gatehouse.auth.password-changed.v1',
      'gatehouse.auth.organisation-switched.v1',
      'gatehouse.auth.keyring-rotated.v1',
    ],
  )
  t.equal(AUDITED_BY_TYPE.get('gatehouse.auth.sign-in.v1'), 'signedIn')
})

test('kinds have short names, each one kind; what the log of a tenant calls MCP is pinned', async (t) => {
  t.same(
    [ToolCalled, AUDITED.connected, AUDITED.disconnected, AUDITED.keyCreated].map(({ type }) => auditName(type)),
    ['mcp_tool_call', 'mcp_connected', 'mcp_disconnected', 'auth_key_created'],
  )
  t.equal(AUDIT_TYPES.size, Object.keys(AUDITED).length + 2)
  for (const [name, type] of AUDIT_TYPES) t.equal(auditName(type), name)
  t.equal(auditName('com.example.thing'), 'com_example_thing', 'kinds of later versions and of others have one too')
})
