import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Test, test } from 'tap'
import { createLogger } from './logger.ts'
import { openTracing, type Tracing } from './tracing.ts'

interface Sent {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly status?: { readonly code?: number }
  readonly attributes: readonly { readonly key: string }[]
}

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** Tracing to a collector, and the spans that this has got when the tracing is closed. */
async function open(t: Test, ratio = 1): Promise<{ tracing: Tracing; sent(): Promise<readonly Sent[]> }> {
  const spans: Sent[] = []
  const collector = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString())
    for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans)
    t.equal(request.url, '/v1/traces')
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await once(collector.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => collector.close())
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`
  const tracing = await openTracing({ service: 'test', endpoint, ratio })
  if (tracing === undefined) throw new Error('there is an address')
  return {
    tracing,
    async sent() {
      await tracing.close()
      return spans
    },
  }
}

test('without an address there is no tracing', async (t) => {
  t.equal(await openTracing({ service: 'test', endpoint: undefined, ratio: 1 }), undefined)
})

test('a span is the child of who asked, and what is done inside of it is its child, across what is awaited', async (t) => {
  const { tracing, sent } = await open(t)
  const result = await tracing.span('outer', { parent: PARENT }, async () => {
    await Promise.resolve()
    return tracing.span('inner', {}, async () => 7)
  })
  t.equal(result, 7)
  t.equal(tracing.traceparent(), undefined, 'and nothing of it is left')
  const spans = await sent()
  const outer = spans.find(({ name }) => name === 'outer')
  t.match(outer, { traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331' })
  t.match(
    spans.find(({ name }) => name === 'inner'),
    { traceId: outer?.traceId, parentSpanId: outer?.spanId },
  )
})

test('what fails is a failed span, without the words of its error, and fails as before', async (t) => {
  const { tracing, sent } = await open(t)
  await t.rejects(
    tracing.span('broken', { parent: PARENT }, async () => {
      throw new TypeError('the password is hunter2')
    }),
    { message: /hunter2/ },
  )
  t.throws(() =>
    tracing.span('broken at once', { parent: PARENT }, () => {
      throw new RangeError('hunter2')
    }),
  )
  const spans = await sent()
  t.equal(spans.length, 2)
  for (const span of spans) t.equal(span.status?.code, 2)
  t.notMatch(JSON.stringify(spans), 'hunter2')
})

for (const bad of [
  '',
  'x',
  '00-0-0-01',
  `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
]) {
  test(`a traceparent that is none begins a trace of its own: "${bad}"`, async (t) => {
    const { tracing, sent } = await open(t)
    tracing.span('alone', { parent: bad }, () => undefined)
    const [span] = await sent()
    t.notOk(span?.parentSpanId)
  })
}

test('a caller that does not keep its trace is followed, and of what begins here a share is kept', async (t) => {
  const { tracing, sent } = await open(t, 0)
  tracing.span('begins here', {}, () => undefined)
  tracing.span('not kept', { parent: PARENT.replace(/01$/, '00') }, (span) => t.match(span.traceparent, /-00$/))
  tracing.span('kept', { parent: PARENT }, () => undefined)
  t.same(
    (await sent()).map(({ name }) => name),
    ['kept'],
  )
})

test('a collector that is away holds nothing up', async (t) => {
  const tracing = await openTracing({ service: 'test', endpoint: 'http://127.0.0.1:9', ratio: 1 })
  tracing?.span('lost', {}, () => undefined)
  await t.resolves(tracing?.close() ?? Promise.reject(new Error('no tracing')))
})

test('a line that is logged inside a span names its trace, one outside of it none, and no line keeps what another said', async (t) => {
  const { tracing, sent } = await open(t)
  const lines: string[] = []
  const log = createLogger('test', { destination: { write: (line) => void lines.push(line) } })
  await tracing.span('outer', { parent: PARENT }, async () => {
    await Promise.resolve()
    log.child({ reqId: 'r1' }).warn({ tool: 'a.b' }, 'inside')
  })
  log.warn('outside')
  const [span] = await sent()
  const [inside, outside] = lines.map((line) => JSON.parse(line))
  t.match(inside, { reqId: 'r1', tool: 'a.b', trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: span?.spanId })
  t.same(Object.keys(outside).sort(), ['level', 'msg', 'service', 'time'])
})
