import { test } from 'tap'
import { DELTA_SUBJECTS } from './auth-events.ts'
import { auditHeadSubject, auditSubject, domainSubject, isSubjectToken, STREAMS, stateSubject } from './streams.ts'

/** NATS subject matching: `>` at the end stands for one or more tokens. */
const covers = (pattern: string, subject: string) =>
  subject.startsWith(pattern.replace(/>$/, '')) && pattern !== subject

test('every subject that is made lies in its stream, and in no other', async (t) => {
  for (const [subject, stream] of [
    [domainSubject('acme', 'entry.created'), 'DOMAIN'],
    [auditSubject('node-1'), 'AUDIT'],
    [auditHeadSubject('tenant/a.b *'), 'AUDIT_HEADS'],
    [stateSubject('tenant', 'acme'), 'AUTH_STATE'],
    ['auth.delta.tick', 'AUTH_DELTA'],
  ] as const) {
    const holders = Object.values(STREAMS).filter(({ subjects }) =>
      subjects.some((pattern) => covers(pattern, subject)),
    )
    t.same(
      holders.map(({ name }) => name),
      [stream],
      subject,
    )
  }
})

test('subjects are pinned: permissions of the bus rest on them', async (t) => {
  t.equal(domainSubject('acme', 'entry.created'), 'domain.acme.entry.created')
  t.equal(auditSubject('node-1'), 'audit.node-1')
  t.equal(auditHeadSubject('platform'), 'audit-heads.cGxhdGZvcm0')
  t.equal(stateSubject('role', 'r1'), 'auth.state.role.r1')
})

test('each thing that is taken back has a subject of its own, whatever its id looks like', async (t) => {
  const about = { at: 1, reason: 'test' }
  t.equal(DELTA_SUBJECTS.revoked({ kind: 'grant', grant: 'gr_1', ...about }), 'auth.delta.grant.gr_1')
  const url = DELTA_SUBJECTS.revoked({ kind: 'client', client: 'https://client.example/metadata.json', ...about })
  t.match(url, /^auth\.delta\.client\.[A-Za-z0-9_-]{43}$/)
  const switched = (tenant: string) => DELTA_SUBJECTS.revoked({ kind: 'tenant-switch', person: 'p', tenant, ...about })
  t.not(switched('a'), switched('b'), 'a switch back does not forget what the first one took')
})

test('a subject token has no dots, wildcards or white space', async (t) => {
  for (const good of ['acme', 'ten_1', 'a-b', 'A9', 'x'.repeat(128)]) t.ok(isSubjectToken(good), good)
  for (const bad of ['', 'a.b', '*', '>', 'a b', 'a\n', 'ä', 'x'.repeat(129)]) t.notOk(isSubjectToken(bad), bad)
})

test('revocations are remembered for as long as a day-long token may live', async (t) => {
  t.ok(STREAMS.authDelta.maxAgeSeconds > 24 * 3600)
  t.notOk('maxAgeSeconds' in STREAMS.authState, 'the state has no age')
  t.equal(STREAMS.authState.maxMessagesPerSubject, 1)
})
