import type { SpanHandle, Tracing } from '@gatehouse/telemetry'
import { test } from 'tap'
import { tracedDispatch } from './traced.ts'

test('spans are named by the methods, tools and prompts that there are, and never by what a client wrote', async (t) => {
  const told: unknown[] = []
  const span = { traceparent: 'x', fail: () => undefined } as unknown as SpanHandle
  const tracing = {
    span(name: string, { facts }: { readonly facts: unknown }, work: (span: SpanHandle) => unknown) {
      told.push([name, facts])
      return work(span)
    },
  } as unknown as Tracing
  const dispatch = tracedDispatch((() => ({ kind: 'result', json: '{}' })) as never, tracing, {
    registry: { tools: new Map([['notes_read', {}]]), prompts: new Map([['sum_up', {}]]) } as never,
    offered: { modern: new Set(['tools/call', 'prompts/get']), legacy: new Set(['ping']) },
  })
  const ask = (method: string, name?: string) =>
    dispatch({ kind: 'request', id: 1, revision: '2025-03-26', method, params: name === undefined ? {} : { name } }, {
      principal: { tenant: 'acme' },
      log: {},
    } as never)
  for (const name of ['notes_read', 'SECRET', '__proto__']) ask('tools/call', name)
  for (const name of ['sum_up', 'SECRET']) ask('prompts/get', name)
  for (const method of ['ping', 'SECRET', 'constructor']) ask(method, 'SECRET')
  t.same(
    told.map((one) => (one as [string])[0]),
    [
      'tools/call notes_read',
      'tools/call',
      'tools/call',
      'prompts/get sum_up',
      'prompts/get',
      'ping',
      'unknown',
      'unknown',
    ],
  )
  t.notMatch(JSON.stringify(told), 'SECRET')
})
