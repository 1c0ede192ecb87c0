import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBus } from '@gatehouse/bus'
import { AUDIT_DURABLE, type BusUserName, STREAMS } from '@gatehouse/contracts'
import { eventually, freePort, type Scope, temporaryFolder } from '@gatehouse/testkit'
import { connect, type NatsConnection, nanos } from 'nats'
import { t as file, test } from 'tap'
import { natsConfig } from './nats-config.ts'
import { startGuardedNats } from './testing/guarded-nats.ts'

file.setTimeout(120_000)

/** A real server with the users of the house. */
async function guardedNats(t: Scope): Promise<(name: BusUserName) => string> {
  const folder = temporaryFolder(t)
  const port = await freePort()
  const password = (name: BusUserName) => `pw-of-${name}`
  const configuration = join(folder, 'nats.conf')
  writeFileSync(
    configuration,
    natsConfig(password, { port, monitor: await freePort(), folder: join(folder, 'streams') }),
  )
  const urlOf = (name: BusUserName) => `nats://${name}:${password(name)}@127.0.0.1:${port}`
  await startGuardedNats(t, configuration, urlOf('auth'))
  return urlOf
}

const urlOf = await guardedNats(file)
const migrating = await openBus(urlOf('migrate'), {})
await migrating.ensureStreams(Object.values(STREAMS))
await migrating.close()

const open = async (t: Scope, name: BusUserName) => {
  const bus = await openBus(urlOf(name), { name })
  t.teardown(() => bus.close())
  return bus
}

/** A client that does what it likes, and the violations that the server tells it. */
async function stranger(t: Scope, name: BusUserName): Promise<{ nats: NatsConnection; violations: string[] }> {
  const { username, password, host } = new URL(urlOf(name))
  const nats = await connect({
    servers: host,
    user: username,
    pass: password,
    inboxPrefix: `_INBOX.${name}`,
  })
  const violations: string[] = []
  void (async () => {
    for await (const { data, permissionContext } of nats.status()) {
      if (permissionContext !== undefined) violations.push(permissionContext.subject)
      else if (String(data).includes('PERMISSIONS')) violations.push(String(data))
    }
  })()
  t.teardown(() => nats.close())
  return { nats, violations }
}

const message = (subject: string, id: string) => ({ subject, id, data: '{}' })

test('each user does its work: auth tells, mcp and audit hear; mcp and auth record, audit takes and seals', async (t) => {
  const [auth, mcp, audit, company] = await Promise.all(
    (['auth', 'mcp', 'audit', 'company'] as const).map((name) => open(t, name)),
  )
  if (!auth || !mcp || !audit || !company) throw new Error('not opened')
  const heard = new Map<string, string[]>()
  const hear = (who: string) => {
    heard.set(who, [])
    return ({ subject }: { subject: string }) => void heard.get(who)?.push(subject)
  }
  const followers = await Promise.all([
    auth.follow(
      STREAMS.authState.name,
      { filter: 'auth.state.tenant.*', from: 'last-per-subject' },
      hear('auth state'),
    ),
    auth.follow(STREAMS.authDelta.name, { filter: 'auth.delta.>', from: 'first' }, hear('auth delta')),
    mcp.follow(STREAMS.authState.name, { from: 'last-per-subject' }, hear('mcp state')),
    mcp.follow(STREAMS.authDelta.name, { from: 'first' }, hear('mcp delta')),
    mcp.follow(STREAMS.domain.name, { from: 'new' }, hear('mcp domain')),
    audit.follow(STREAMS.authDelta.name, { from: 'first' }, hear('audit delta')),
    audit.follow(STREAMS.auditHeads.name, { from: 'first' }, hear('audit heads')),
  ])
  const taken: string[] = []
  const consumer = await audit.consume(STREAMS.audit.name, { durable: AUDIT_DURABLE }, async (messages) => {
    taken.push(...messages.map(({ subject }) => subject))
  })
  await auth.publish(message('auth.state.tenant.acme', 's1'))
  await auth.publish(message('auth.delta.tick', 'd1'))
  await auth.publish(message('audit.auth-1', 'a1'))
  await mcp.publish(message('audit.mcp-1', 'a2'))
  await mcp.publish(message('domain.acme.entry.created', 'e1'))
  await company.publish(message('domain.acme.invoice.paid', 'e2'))
  await audit.publish(message('audit-heads.abc', 'h1'))
  const expected: Readonly<Record<string, readonly string[]>> = {
    'auth state': ['auth.state.tenant.acme'],
    'auth delta': ['auth.delta.tick'],
    'mcp state': ['auth.state.tenant.acme'],
    'mcp delta': ['auth.delta.tick'],
    'mcp domain': ['domain.acme.entry.created', 'domain.acme.invoice.paid'],
    'audit delta': ['auth.delta.tick'],
    'audit heads': ['audit-heads.abc'],
  }
  await eventually(
    10_000,
    'everybody to hear',
    () =>
      Object.entries(expected).every(([who, subjects]) => heard.get(who)?.length === subjects.length) &&
      taken.length === 2,
  )
  t.same(Object.fromEntries(heard), expected)
  t.same(taken.sort(), ['audit.auth-1', 'audit.mcp-1'])
  await Promise.all([consumer.stop(), ...followers.map((follower) => follower.stop())])
})

/** What would be believed by everybody if anybody could say it. */
const FORGED: readonly (readonly [subject: string, refused: readonly BusUserName[]])[] = [
  ['auth.state.tenant.acme', ['mcp', 'audit', 'migrate', 'company']],
  ['auth.state.role.admin', ['mcp', 'audit', 'migrate', 'company']],
  ['auth.delta.tick', ['mcp', 'audit', 'migrate', 'company']],
  ['audit-heads.abc', ['auth', 'mcp', 'migrate', 'company']],
  ['audit.mcp-1', ['audit', 'migrate', 'company']],
  ['domain.acme.entry.created', ['auth', 'audit', 'migrate']],
]

test('a forged message is refused and stored nowhere, whoever else of the house sends it', async (t) => {
  const control = await open(t, 'auth')
  const stored: string[] = []
  for (const stream of [STREAMS.authState, STREAMS.authDelta]) {
    const follower = await control.follow(stream.name, { from: 'new' }, ({ subject, data }) => {
      if (Buffer.from(data).toString() === 'forged') stored.push(subject)
    })
    t.teardown(() => follower.stop())
  }
  for (const [subject, refused] of FORGED) {
    for (const name of refused) {
      const { nats, violations } = await stranger(t, name)
      nats.publish(subject, 'forged')
      await nats.flush()
      await eventually(5_000, `${name} to be told`, () => violations.length > 0)
      t.match(violations[0], new RegExp(subject.replaceAll('.', '\\.')), `${name}: ${subject}`)
    }
  }
  await control.publish(message('auth.delta.tick', 'after'))
  t.same(stored, [])
})

/** Ways to change or empty a log, and to hear what is for another. */
const MISUSED: readonly (readonly [name: BusUserName, subject: string])[] = [
  ['mcp', '$JS.API.STREAM.PURGE.AUTH_DELTA'],
  ['mcp', '$JS.API.STREAM.DELETE.AUDIT'],
  ['mcp', '$JS.API.STREAM.MSG.DELETE.AUTH_STATE'],
  ['mcp', `$JS.API.CONSUMER.MSG.NEXT.AUDIT.${AUDIT_DURABLE}`],
  ['mcp', `$JS.API.CONSUMER.DELETE.AUDIT.${AUDIT_DURABLE}`],
  ['audit', '$JS.API.STREAM.PURGE.AUDIT'],
  ['auth', '$JS.API.CONSUMER.CREATE.AUDIT'],
  ['company', '$JS.API.CONSUMER.CREATE.DOMAIN'],
  ['company', '$JS.API.CONSUMER.CREATE.AUTH_STATE'],
  ['migrate', '$JS.API.STREAM.PURGE.AUDIT'],
]

test('no service can empty a stream, take what is for another, or hear its answers', async (t) => {
  for (const [name, subject] of MISUSED) {
    const { nats, violations } = await stranger(t, name)
    nats.publish(subject, '{}')
    await nats.flush()
    await eventually(5_000, `${name} to be told`, () => violations.length > 0)
    t.match(violations[0], subject, `${name}: ${subject}`)
  }
  for (const place of ['_INBOX.>', '_INBOX.auth.>', 'auth.>', 'audit.>', 'domain.>']) {
    const { nats, violations } = await stranger(t, 'mcp')
    nats.subscribe(place, { callback: () => undefined })
    await nats.flush()
    await eventually(5_000, 'mcp to be told', () => violations.length > 0)
    t.match(violations[0], place, `mcp hears nothing at ${place}`)
  }
})

test('no service has the server say for it what it may not say: a consumer delivers into no other stream', async (t) => {
  const { nats } = await stranger(t, 'mcp')
  const [auth, mcp] = await Promise.all([open(t, 'auth'), open(t, 'mcp')])
  const config = { deliver_subject: 'auth.state.tenant.forged', ack_policy: 'none', deliver_policy: 'all' }
  await nats.request('$JS.API.CONSUMER.CREATE.DOMAIN', JSON.stringify({ stream_name: 'DOMAIN', config }))
  await mcp.publish(message('domain.acme.entry.created', 'carried'))
  await auth.publish(message('auth.state.tenant.after', 'after-carried'))
  const heard: string[] = []
  const follower = await auth.follow(
    STREAMS.authState.name,
    { from: 'first' },
    ({ subject }) => void heard.push(subject),
  )
  t.teardown(() => follower.stop())
  await eventually(10_000, 'what auth said', () => heard.includes('auth.state.tenant.after'))
  t.notOk(heard.includes('auth.state.tenant.forged'))
})

test('an answer of JetStream still comes within the time that it is waited for', async (t) => {
  const { nats } = await stranger(t, 'mcp')
  const info = await nats.request('$JS.API.STREAM.INFO.DOMAIN', '', { timeout: 2_000 })
  t.match(info.json(), { config: { max_age: nanos(24 * 3_600_000) } })
})

test('auth may make the two streams of the feed anew, and no other', async (t) => {
  const auth = await open(t, 'auth')
  await auth.recreateStreams([STREAMS.authState, STREAMS.authDelta])
  t.match(await auth.publish(message('auth.delta.tick', 'after')), { sequence: 1 })
  const { nats, violations } = await stranger(t, 'auth')
  const subject = `$JS.API.STREAM.DELETE.${STREAMS.audit.name}`
  nats.publish(subject, '')
  await eventually(5_000, 'auth to be told', () => violations.length > 0)
  t.match(violations[0], subject)
})
