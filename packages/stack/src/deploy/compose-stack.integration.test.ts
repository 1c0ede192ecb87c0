import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { ask } from '../scenarios/wire.ts'
import { callMcp } from './testing/call-mcp.ts'
import { openCollector, type Span } from './testing/collector.ts'
import { runAll } from './testing/run-all.ts'
import { readCompose, workloadsOfCompose } from './workloads.ts'

file.setTimeout(170_000)

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** What the nodes of a service logged of a trace. */
const linesOf = (folder: string, service: string, traceId: string) =>
  readdirSync(folder)
    .filter((name) => name.startsWith(service) && name.endsWith('.log'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line.includes(traceId) && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)

test('compose: its services answer a call that is one trace, from the client through mcp, its SQL and NATS to the audit log', async (t) => {
  const collector = await openCollector(t)
  const workloads = workloadsOfCompose(readCompose(join(root, 'docker-compose.yml'))).map((workload) => ({
    ...workload,
    env: { ...workload.env, ...(workload.name === 'migrate' ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }) },
  }))
  const { publicUrl, made, running, ground } = await runAll(t, workloads)
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

  for (const [name, path] of [
    ['mcp', '/mcp'],
    ['auth', '/oauth/token'],
  ] as const) {
    const line = await eventually(10_000, `the line of ${name}`, () =>
      linesOf(ground.folder, name, traceId).find(({ msg }) => msg === 'answered'),
    )
    t.match(line, { path, reqId: /./, trace_id: traceId, span_id: /^[0-9a-f]{16}$/ })
    if (name === 'mcp') t.match(line.tenant, /^ten_/)
  }

  const authorization = `Bearer ${made.adminToken}`
  const kept = await ask(`${publicUrl}/admin/v1/audit/events?limit=20`, { headers: { authorization } })
  t.match(kept.text, `00-${traceId}-`, 'the log names the trace')
})
