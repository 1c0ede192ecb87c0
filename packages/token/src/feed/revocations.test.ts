import type { Revocation } from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'
import { test } from 'tap'
import { createRevocations } from './revocations.ts'

const AT = 1_000
const reason = 'test'
const principal = (over: Partial<Principal> = {}): Principal => ({
  tenant: 't1',
  kind: 'person',
  subject: 'p1',
  client: 'c1',
  scopes: new Set(),
  roles: [],
  grant: 'g1',
  credential: 'oauth',
  credentialId: 'j1',
  issuedAt: AT,
  expiresAt: AT + 600,
  ...over,
})
const key = principal({ kind: 'key', subject: 'k1', credential: 'api-key', credentialId: 'k1' })

const cases: readonly {
  readonly what: Revocation
  readonly hits: readonly Principal[]
  readonly spares: readonly Principal[]
}[] = [
  {
    what: { kind: 'token', jti: 'j1', at: AT, reason },
    hits: [principal(), principal({ issuedAt: AT + 5 })],
    spares: [principal({ credentialId: 'j2' }), key],
  },
  {
    what: { kind: 'grant', grant: 'g1', at: AT, reason },
    hits: [principal(), principal({ credentialId: 'j2' }), principal({ issuedAt: AT + 1 })],
    spares: [principal({ grant: 'g2' })],
  },
  {
    what: { kind: 'client', client: 'c1', at: AT, reason },
    hits: [principal(), principal({ kind: 'service', subject: 'c1' })],
    spares: [principal({ client: 'c2' }), principal({ issuedAt: AT + 1 })],
  },
  {
    what: { kind: 'person', person: 'p1', at: AT, reason },
    hits: [principal(), principal({ tenant: 't2' })],
    spares: [principal({ subject: 'p2' }), principal({ issuedAt: AT + 1 }), principal({ kind: 'service' })],
  },
  {
    what: { kind: 'membership', person: 'p1', tenant: 't1', at: AT, reason },
    // Made in the same second: one that knows of this change is newer.
    hits: [principal(), principal({ rolesAt: AT - 1 })],
    spares: [
      ...[principal({ tenant: 't2' }), principal({ subject: 'p2' }), principal({ issuedAt: AT + 1 })],
      ...[principal({ rolesAt: AT }), principal({ rolesAt: AT + 1, issuedAt: AT - 1 })],
    ],
  },
  {
    what: { kind: 'key', key: 'k1', at: AT, reason },
    hits: [key],
    spares: [{ ...key, credentialId: 'k2' }, principal()],
  },
  {
    what: { kind: 'key', key: 'k1', below: 2, at: AT, reason },
    hits: [key, { ...key, credentialVersion: 1 }],
    spares: [{ ...key, credentialVersion: 2 }, { ...key, credentialId: 'k2' }, principal()],
  },
  {
    what: { kind: 'tenant-switch', person: 'p1', tenant: 't2', at: AT, reason },
    hits: [principal()],
    spares: [principal({ tenant: 't2' }), principal({ issuedAt: AT + 1 }), principal({ subject: 'p2' })],
  },
]

for (const { what, hits, spares } of cases) {
  test(`a revoked ${what.kind} hits its own credentials and no others`, (t) => {
    const revocations = createRevocations()
    for (const one of hits) t.notOk(revocations.revoked(one), 'before')
    t.ok(revocations.add(what))
    for (const one of hits) t.ok(revocations.revoked(one), 'hit')
    for (const one of spares) t.notOk(revocations.revoked(one), 'spared')
    t.notOk(revocations.add(what), 'said again, it is nothing new')
    revocations.forget(AT + 1)
    t.equal(revocations.count, 0, 'forgotten when old')
    t.end()
  })
}

test('switching back does not revive the tokens from before the first switch', (t) => {
  const revocations = createRevocations()
  revocations.add({ kind: 'tenant-switch', person: 'p1', tenant: 't2', at: AT, reason })
  revocations.add({ kind: 'tenant-switch', person: 'p1', tenant: 't1', at: AT + 10, reason })
  t.ok(revocations.revoked(principal({ issuedAt: AT })))
  t.ok(revocations.revoked(principal({ tenant: 't2', issuedAt: AT + 5 })))
  t.notOk(revocations.revoked(principal({ issuedAt: AT + 11 })))
  t.end()
})

test('a switch that says the roles moves older tokens to the tenant; what was begun for another is over [Z6]', (t) => {
  const revocations = createRevocations()
  const before = principal({ roles: ['owner'] })
  revocations.add({
    kind: 'tenant-switch',
    person: 'p1',
    tenant: 't2',
    roles: ['viewer'],
    order: AT * 1_000 + 1,
    at: AT,
    reason,
  })
  const moved = revocations.current(before)
  t.match(moved, { tenant: 't2', roles: ['viewer'], selectedAt: AT, issuedAt: AT })
  t.equal(revocations.current(before), moved, 'made once')
  t.notOk(revocations.revoked(moved))
  t.ok(revocations.revoked(before), 'a stream that began in the other tenant')
  const newer = principal({ issuedAt: AT + 1 })
  t.equal(revocations.current(newer), newer, 'a newer token says itself what was selected')
  t.notOk(revocations.revoked(newer))
  const knowing = revocations.current(principal({ issuedAt: AT - 1, rolesAt: AT + 9 }))
  revocations.add({ kind: 'membership', person: 'p1', tenant: 't2', at: AT + 1, reason })
  t.ok(revocations.revoked(knowing), 'what it knows of was a change in the other tenant')
  const service = principal({ kind: 'service', subject: 'p1' })
  t.equal(revocations.current(service), service)

  // Back in the same second; what comes late changes nothing.
  revocations.add({
    kind: 'tenant-switch',
    person: 'p1',
    tenant: 't1',
    roles: ['admin'],
    order: AT * 1_000 + 9,
    at: AT,
    reason,
  })
  t.notOk(
    revocations.add({
      kind: 'tenant-switch',
      person: 'p1',
      tenant: 't3',
      roles: [],
      order: AT * 1_000 + 5,
      at: AT,
      reason,
    }),
  )
  t.match(revocations.current(before), { tenant: 't1', roles: ['admin'] })
  t.ok(revocations.revoked(moved))
  t.notOk(revocations.revoked(revocations.current(before)))

  // What is taken back after the switch counts, what was before it does not.
  revocations.add({ kind: 'membership', person: 'p1', tenant: 't1', at: AT - 1, reason })
  t.notOk(revocations.revoked(revocations.current(before)))
  revocations.add({ kind: 'membership', person: 'p1', tenant: 't1', at: AT + 2, reason })
  t.ok(revocations.revoked(revocations.current(before)))
  t.ok(revocations.revoked({ ...revocations.current(before), grant: 'g1', issuedAt: AT - 9 }))
  revocations.forget(AT + 3)
  t.equal(revocations.count, 0)
  t.end()
})

test('what ends a person, a client, a grant or a token ends the token wherever it speaks [Z6]', (t) => {
  for (const what of [
    { kind: 'person', person: 'p1', at: AT, reason },
    { kind: 'client', client: 'c1', at: AT, reason },
    { kind: 'grant', grant: 'g1', at: AT, reason },
    { kind: 'token', jti: 'j1', at: AT, reason },
  ] as const) {
    const revocations = createRevocations()
    revocations.add({ kind: 'tenant-switch', person: 'p1', tenant: 't2', roles: ['owner'], at: AT + 5, reason })
    revocations.add(what)
    t.ok(revocations.revoked(revocations.current(principal())), what.kind)
  }
  t.end()
})

test('a later revocation stands against an earlier one that comes after it', (t) => {
  const revocations = createRevocations()
  revocations.add({ kind: 'person', person: 'p1', at: AT + 10, reason })
  t.notOk(revocations.add({ kind: 'person', person: 'p1', at: AT, reason }))
  t.ok(revocations.revoked(principal({ issuedAt: AT + 5 })))
  t.end()
})
