import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { routes } from '@gatehouse/contracts'
import { loadProfile } from '@gatehouse/profiles'
import { eventually, freePort, postgres, redis, temporaryFolder } from '@gatehouse/testkit'
import { Redis } from 'ioredis'
import pg from 'pg'
import { t as file, type Test, test } from 'tap'
import { createBalancer } from '../balancer.ts'
import { runOnce } from '../cluster/run-once.ts'
import { wholePath } from '../scenarios/whole-path.ts'
import { ask } from '../scenarios/wire.ts'
import { writeFirstSecrets } from './first-secrets.ts'
import { evaluated, whyNot } from './manifests.ts'
import { type Ground, runWorkloads, type Started } from './run-workloads.ts'
import { callMcp } from './testing/call-mcp.ts'
import { openCollector, type Span } from './testing/collector.ts'
import { startGuardedNats } from './testing/guarded-nats.ts'
import { profileOf, readCompose, type Workload, workloadsOf, workloadsOfCompose } from './workloads.ts'

file.setTimeout(170_000)

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** PostgreSQL with a login a service, Redis with a password, NATS with its users: as the first secrets make them. */
async function realParts(t: Test, folder: string) {
  const [database, cache] = await Promise.all([postgres(t, { private: true }), redis(t)])
  const [nats, monitor] = [await freePort(), await freePort()]
  const streams = join(folder, 'streams')
  const places = { postgres: new URL(database.url).host, redis: new URL(cache.url).host, nats: `127.0.0.1:${nats}` }
  const secrets = join(folder, 'secrets')
  const made = await writeFirstSecrets({
    folder: secrets,
    profile: loadProfile('align'),
    places,
    nats: { port: nats, monitor, folder: streams },
  })
  const secret = (path: string): string => readFileSync(join(secrets, path), 'utf8')
  const owner = new pg.Client({ connectionString: database.url })
  await owner.connect()
  await owner.query(`create role gatehouse_owner superuser login password '${secret('postgres/owner-password')}'`)
  await owner.query('create database gatehouse owner gatehouse_owner')
  await owner.query(secret('postgres/logins.sql'))
  await owner.end()
  const keys = new Redis(cache.url)
  await keys.config('SET', 'requirepass', /requirepass (\S+)/.exec(secret('redis/redis.conf'))?.[1] ?? '')
  keys.disconnect()
  await startGuardedNats(t, join(secrets, 'nats/nats.conf'), secret('migrate/nats-url'))
  return { secrets, made, secret, database: new URL(database.url).host }
}

function listening(t: Test, server: Server): Promise<string> {
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(`http://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`)
    })
  })
}

async function runAll(t: Test, workloads: readonly Workload[], profile?: Ground['profile']) {
  const folder = temporaryFolder(t)
  const parts = await realParts(t, folder)
  const running: Started[] = []
  const targets = () => ({ auth: urlsOf('auth'), mcp: urlsOf('mcp'), audit: urlsOf('audit') })
  const urlsOf = (name: string) =>
    running.filter(({ workload }) => workload.name === name).map(({ process }) => process.url)
  const publicUrl = await listening(t, createBalancer({ routes: routes(loadProfile('align')), targets }))
  t.teardown(async () => {
    for (const { process } of running.reverse()) await process.stop()
  })
  const ground = {
    secrets: parts.secrets,
    folder,
    publicUrl,
    freePort,
    surroundings: process.env,
    ...(profile && { profile }),
  }
  await runWorkloads(workloads, ground, (one) => running.push(one))
  return { ...parts, publicUrl, running, ground }
}

test('compose: its services answer a call that is one trace, from the client through mcp, its SQL and NATS to the audit log', async (t) => {
  const collector = await openCollector(t)
  const workloads = workloadsOfCompose(readCompose(join(root, 'docker-compose.yml'))).map((workload) => ({
    ...workload,
    env: { ...workload.env, ...(workload.name === 'migrate' ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }) },
  }))
  const { publicUrl, made, running } = await runAll(t, workloads)
  t.same(
    running.map(({ process }) => process.name),
    ['auth', 'mcp-1', 'mcp-2', 'audit'],
  )
  const ofOther = await callMcp(publicUrl, made.demoApiKey, 'resources/read', { uri: 'align://projects' })
  const { projects } = JSON.parse(ofOther.result.contents[0].text) as { projects: { id: string }[] }
  const [traceId, clientSpan] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']
  const title = 'A title that no trace shows'
  const called = await callMcp(
    publicUrl,
    made.demoApiKey,
    'tools/call',
    { name: 'entry.create', arguments: { projectId: projects[0]?.id, title, type: 'bug_report' } },
    `00-${traceId}-${clientSpan}-01`,
  )
  t.notOk(called.result.isError)
  await ask(`${publicUrl}/oauth/token`, {
    method: 'POST',
    headers: { traceparent: `00-${traceId}-${clientSpan}-01`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=nothing',
  })

  const expected = [
    'tools/call entry.create',
    'store audit event',
    'publish domain',
    'process domain',
    'POST /oauth/token',
  ]
  const spans = await eventually(30_000, 'the whole trace', () => {
    const found = collector.spans().filter((span) => span.traceId === traceId)
    return expected.every((name) => found.some((span) => span.name === name)) &&
      found.filter(({ name }) => name === 'process domain').length === 2
      ? found
      : undefined
  })
  const named = (name: string) => spans.filter((span) => span.name === name)
  const [call] = named('tools/call entry.create')
  const parentOf = (span: Span | undefined) => spans.find(({ spanId }) => spanId === span?.parentSpanId)
  const path = (span: Span | undefined): readonly string[] =>
    span === undefined ? [] : [...path(parentOf(span)), `${span.service} ${span.name}`]
  t.match(call, { service: 'gatehouse-mcp', parentSpanId: clientSpan })
  t.same(path(named('store audit event')[0]), [
    'gatehouse-mcp tools/call entry.create',
    'gatehouse-mcp publish audit',
    'gatehouse-audit store audit event',
  ])
  for (const heard of named('process domain')) {
    t.same(path(heard), [
      'gatehouse-mcp tools/call entry.create',
      'gatehouse-mcp postgresql transaction',
      'gatehouse-mcp publish domain',
      'gatehouse-mcp process domain',
    ])
  }
  const statements = spans.filter(
    (span) => span.name === 'postgresql insert' && path(span)[0]?.endsWith('entry.create'),
  )
  t.ok(
    statements.some(({ facts }) => String(facts['db.query.text']).includes('tracker')),
    'the statements of the catalog',
  )
  t.match(named('POST /oauth/token')[0], { service: 'gatehouse-auth', parentSpanId: clientSpan })
  const told = JSON.stringify(collector.spans())
  for (const secret of [title, made.demoApiKey, made.adminToken, projects[0]?.id ?? '-']) t.notMatch(told, secret)

  const authorization = `Bearer ${made.adminToken}`
  const kept = await ask(`${publicUrl}/admin/v1/audit/events?limit=20`, { headers: { authorization } })
  t.match(kept.text, `00-${traceId}-`, 'the log names the trace')
})

test('Kubernetes: so do its pods, as logins that own nothing, and nothing of theirs for the platform is routed', {
  skip: whyNot() ?? false,
}, async (t) => {
  const manifests = [...evaluated('k8s/overlays/local'), ...evaluated('k8s/overlays/local/migrate')]
  const { publicUrl, made, running, secret, secrets, ground, database } = await runAll(
    t,
    workloadsOf(manifests),
    profileOf(manifests),
  )
  // Whom a company would invite: the migration step of production makes no demo.
  const demo = {
    GATEHOUSE_DEMO: '1',
    GATEHOUSE_DEMO_PASSWORD: made.demoPassword,
    GATEHOUSE_DEMO_API_KEY: made.demoApiKey,
  }
  const urls = { DATABASE_URL: secret('migrate/database-url'), NATS_URL: secret('migrate/nats-url') }
  await runOnce(
    'packages/stack/src/migrate.ts',
    { ...demo, ...urls, GATEHOUSE_SECRET: made.master },
    ground.surroundings,
  )
  await wholePath(t, { publicUrl, password: made.demoPassword, adminToken: made.adminToken })

  for (const { process } of running) {
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      t.equal((await ask(`${process.url}${path}`)).status, 404, `${process.name}${path}`)
    }
  }
  for (const [login, foreign] of [
    ['auth', 'mcp.tasks'],
    ['mcp', 'auth.people'],
    ['audit', 'auth.people'],
  ] as const) {
    const client = new pg.Client({ connectionString: readFileSync(join(secrets, login, 'database-url'), 'utf8') })
    await client.connect()
    t.equal(client.host, database.split(':')[0])
    await t.rejects(client.query(`select from ${foreign}`), { code: '42501' }, `${login} does not see ${foreign}`)
    await t.rejects(client.query(`set role gatehouse_${login === 'auth' ? 'mcp' : 'auth'}`), { code: '42501' })
    await client.query(`set role gatehouse_${login}`)
    await t.rejects(client.query(`create table ${login}.x ()`), { code: '42501' }, `${login} owns nothing`)
    await client.end()
  }
  for (const { process } of running) t.equal(await process.stop(40_000), '0', `${process.name} ends in order`)
})
